import ArgumentParser
import MartletCompilation
import MartletDatasets
import MartletExperiments
import MartletGraphs
import MartletTensors
import MartletTraining

/// `martlet inspect`: what a network is compiled to.
struct InspectCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show the traced graph of a network's training step and the program made of it.",
    discussion: """
      Both are the whole step, with gradients and update; the program is in regions that run between two \
      barriers. With --figure its steps are also timed and drawn as bars, beside the times that their \
      operations alone and their bytes alone would take.

      EXAMPLES
        martlet inspect convnet
        martlet inspect attention-fashion --figure attention.svg
        martlet inspect conv5x5-mnist --batch 32 --json
      """)

  @Argument(help: "A system's id or a model's name.")
  var name: String
  @Option(help: ArgumentHelp("The data set whose images and classes the model gets.", valueName: "name"))
  var dataset: String?
  @Option(help: ArgumentHelp("The images of a step.", valueName: "n"))
  var batch: Int?
  @Option(
    help: ArgumentHelp("Draw the time of each step into this file, .svg or .png.", valueName: "file"))
  var figure: String?
  @OptionGroup var exact: ExactOptions
  @OptionGroup var common: CommonOptions

  /// The last step that is timed for the figure.
  private static let steps = 40

  func perform() throws {
    try requirePositive(batch, "--batch", atMost: SettingLimit.batch)
    try checkFigure()
    var system = try TrainingSystem.named(idOrModel: name, dataset: dataset)
    system.settings.exact = try exact.layers()
    let configuration = RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
    let batch = batch ?? system.settings.batchSize
    let step = try configuration.planningTrainer(threads: common.threadCount).step
    let graph = try step.trace(batch: batch)
    let program = try step.program(batch: batch).program
    let text = program.text(remarking: \.choice)
    if !common.json { Output.line("\(graph.text)\n\n\(text)") }
    if let figure {
      try draw(BenchmarkSubject(name, system), batch: batch, to: figure)
      if !common.json { Output.line("\nFigure: \(figure)") }
    }
    if common.json {
      Output.json([
        "event": "result", "graph": .string(graph.text), "program": .string(text),
        "figure": figure.map(JSON.string) ?? .null,
      ])
    }
  }

  /// Refuses a file that could not be drawn before anything is measured.
  private func checkFigure() throws {
    guard let figure, !figure.hasSuffix(".svg"), !figure.hasSuffix(".png") else { return }
    throw Failure(
      .usage, at: "--figure", expected: "a file that ends in .svg or .png", received: figure,
      hint: "rename it")
  }

  /// Times the steps on images of the data set, or on random pixels where it is not at hand.
  private func draw(_ subject: BenchmarkSubject, batch: Int, to path: String) throws {
    let rates = try MachineRates.measured(threads: common.threadCount, ofSteps: true)
    let data = try BenchmarkData(subject, batch: batch, random: false, common)
    let run = BenchmarkRun(
      subject: subject, batch: batch, steps: Self.steps, threads: common.threadCount,
      wantsLayers: true)
    try run.train(data, rates: rates).program(rates).write(to: path)
  }
}
