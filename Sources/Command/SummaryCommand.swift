import ArgumentParser
import MartletDatasets
import MartletExperiments
import MartletNetworks
import MartletTensors
import MartletTraining

/// `martlet summary`: a network's layers, sizes and costs.
struct SummaryCommand: Verb {
  static let modelNames = ReadyModel.all.map(\.name).joined(separator: ", ")

  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Show a network's layers, output shapes, parameters and costs.",
    discussion: """
      The optimizer's state is counted apart from the parameters. FLOPs are those of one image's prediction. \
      The memory of a step is what the compiled program plans, with all threads' scratch.

      EXAMPLES
        martlet summary convnet
        martlet summary attention --dataset cifar10 --batch-size 128
        martlet summary conv5x5-mnist --json
      """)

  @Argument(help: "A system's id or a model's name: \(modelNames).")
  var name: String
  @Option(help: ArgumentHelp("The data set whose images and classes the model gets.", valueName: "name"))
  var dataset: String?
  @Option(help: ArgumentHelp("The images that the activations' memory is counted for.", valueName: "n"))
  var batchSize = 64
  @OptionGroup var common: CommonOptions

  func perform() throws {
    try requirePositive(batchSize, "--batch-size", atMost: SettingLimit.batch)
    let system = try TrainingSystem.named(idOrModel: name, dataset: dataset)
    let card = try DatasetCatalog.card(system.dataset)
    let network = try system.network(imageShape: card.imageShape, classes: card.classNames.count)
    let summary = network.summary(batchSize: batchSize, optimizer: Adam())
    guard common.json else {
      let configuration = RunConfiguration(system: system, card: card)
      let trainer = try configuration.planningTrainer(threads: common.threadCount)
      let memory = Summary.size(try trainer.stepMemory(batchSize: batchSize))
      return Output.line("\(summary)\nMemory of a training step of \(batchSize): \(memory)")
    }
    let layers = summary.rows.map { row -> JSON in
      [
        "name": .string(row.name), "type": .string(row.type),
        "output_shape": .array(row.outputShape.map { $0.map(JSON.integer) ?? .null }),
        "parameters": .integer(row.parameters),
      ]
    }
    Output.json([
      "event": "result", "layers": .array(layers), "parameters": .integer(summary.parameters),
      "trainable_parameters": .integer(summary.trainableParameters), "flops": .integer(summary.flops),
      "activation_bytes": .integer(summary.activationBytes),
    ])
  }
}
