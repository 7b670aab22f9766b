import ArgumentParser
import MartletDatasets
import MartletExperiments
import MartletRuns

/// `martlet train`: trains, evaluates and leaves a run folder.
struct TrainCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network, evaluate it and leave a run folder.",
    discussion: """
      A system brings all settings; options change single ones. Without a system, --model and --dataset are \
      trained for 5 epochs with batches of 64, Adam and a rate of 0.001. Ctrl-C stops at the next step and \
      saves a checkpoint; --run DIR --resume goes on from it and ends with the same weights as an undisturbed \
      run.

      Systems: \(TrainingSystem.ids.joined(separator: ", ")).

      EXAMPLES
        martlet train
        martlet train --model attention --dataset fashion-mnist --epochs 5
        martlet train conv5x5-mnist --seed 1 --run runs/first
        martlet train --validation last:0.2 --schedule cosine --optimizer sgd:momentum=0.9
        martlet train --dataset folder:flowers --image-size 64 --augment flip,crop:4
        martlet train --run runs/first --resume
      """)

  @Argument(help: "The id of a system; leave it out to name a model and a data set.")
  var system: String?
  @Option(help: ArgumentHelp("A ready model: \(SummaryCommand.modelNames).", valueName: "name"))
  var model: String?
  @Option(
    help: ArgumentHelp(
      "A data set: \(DatasetsCommand.names), or folder:PATH with train/CLASS/*.png below; without test/CLASS a fifth "
        + "of each class is the test.", valueName: "name")
  )
  var dataset: String?
  @OptionGroup var settings: SettingOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var common: CommonOptions

  func perform() throws {
    try settings.check()
    let (configuration, data) = try chosenConfiguration()
    let voice = TrainingVoice(isJSON: common.json, isQuiet: running.quiet)
    let job = TrainingJob(
      configuration, threads: common.threadCount, run: running.run, resume: running.resume, voice: voice)
    let outcome = try job.performTelling(data, voice)
    if common.json { return Output.json(outcome.result.json) }
    Output.line("\n\(outcome.result.scoreText)")
    Output.line(outcome.result.costText)
    Output.line("Run folder: \(outcome.folder)")
    for figure in outcome.figures { Output.line("Figure:     \(figure)") }
    if let report = outcome.report { Output.line("Report:     \(report)") }
  }

  /// The configuration of the run to resume, else what the options say.
  private func chosenConfiguration() throws -> (RunConfiguration, SystemData) {
    if let run = try running.runToResume() {
      let configuration = try resumedConfiguration(run)
      return (configuration, try common.load(for: configuration))
    }
    let system = try settings.applied(to: try chosenSystem(), seed: try common.checkedSeed())
    let data = try common.load(system)
    return (RunConfiguration(system: system, data: data), data)
  }

  private func chosenSystem() throws -> TrainingSystem {
    guard let system else {
      return try .named(
        model: model ?? TrainingSystem.defaultModel, dataset: dataset ?? TrainingSystem.defaultDataset)
    }
    guard model == nil, dataset == nil else {
      throw Failure(
        .usage, at: "train", expected: "a system's id, or --model and --dataset", received: "both",
        hint: "a system has its own model and data set")
    }
    return try .named(system)
  }

  private func resumedConfiguration(_ run: String) throws -> RunConfiguration {
    let saved = try RunConfiguration.load(run: run).configuration
    var wanted = saved.system
    if system != nil || model != nil || dataset != nil {
      let chosen =
        system == nil
        ? try TrainingSystem.named(model: model ?? wanted.model, dataset: dataset ?? wanted.dataset)
        : try chosenSystem()
      wanted.model = chosen.model
      wanted.dataset = chosen.dataset
      if system != nil { wanted.id = chosen.id }
    }
    return try settings.resumed(saved, as: wanted, seed: try common.checkedSeed())
  }
}
