import ArgumentParser
import MartletCompilation
import MartletDatasets
import MartletGraphs
import MartletNetworks
import MartletTensors
import MartletTraining

/// `martlet inspect`: what a network is compiled to.
struct InspectCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show the traced graph of a network and the program of its training step.",
    discussion: """
      The graph is the network's forward part; the program is the whole step, with gradients and update, in \
      regions that run between two barriers.

      EXAMPLES
        martlet inspect convnet
        martlet inspect conv5x5-mnist --batch 32 --json
      """)

  @Argument(help: "A system's id or a model's name.")
  var name: String
  @Option(help: ArgumentHelp("The data set whose images and classes the model gets.", valueName: "name"))
  var dataset: String?
  @Option(help: ArgumentHelp("The images of a step.", valueName: "n"))
  var batch: Int?
  @OptionGroup var common: CommonOptions

  func perform() throws {
    try requirePositive(batch, "--batch")
    let system = try TrainingSystem.named(idOrModel: name, dataset: dataset)
    let configuration = RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
    let batch = batch ?? system.settings.batchSize
    let graph = Graph(purpose: .training)
    _ = try configuration.network().trace(batch: batch, into: graph)
    try graph.check()
    let trainer = try configuration.trainer(threads: common.threadCount)
    let images = Tensor<UInt8>(repeating: 0, shape: [batch] + configuration.imageShape)
    // A step on black images compiles the very program that training uses.
    let program = try images.scalars.withUnsafeBytes {
      try trainer.step.advance($0, shape: images.shape, .uint8, Tensor(repeating: 0, shape: [batch])).program
    }
    if common.json {
      Output.json(["event": "result", "graph": .string(graph.text), "program": .string(program.text)])
    } else {
      Output.line("\(graph.text)\n\n\(program.text)")
    }
  }
}
