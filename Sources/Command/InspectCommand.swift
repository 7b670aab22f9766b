import ArgumentParser
import MartletCompilation
import MartletDatasets
import MartletExperiments
import MartletGraphs
import MartletTraining

/// `martlet inspect`: what a network is compiled to.
struct InspectCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show the traced graph of a network's training step and the program made of it.",
    discussion: """
      Both are the whole step, with gradients and update; the program is in regions that run between two \
      barriers.

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
    let step = try configuration.trainer(threads: common.threadCount).step
    let graph = try step.trace(batch: batch)
    let program = try step.program(batch: batch).program
    let text = program.text(remarking: \.choice)
    if common.json {
      Output.json(["event": "result", "graph": .string(graph.text), "program": .string(text)])
    } else {
      Output.line("\(graph.text)\n\n\(text)")
    }
  }
}
