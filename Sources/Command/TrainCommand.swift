import ArgumentParser
import Foundation
import MartletCPU
import MartletDatasets
import MartletReports
import MartletRuns
import MartletTensors
import MartletTraining

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

      Systems: \(TrainingSystem.all.compactMap(\.id).joined(separator: ", ")).

      EXAMPLES
        martlet train
        martlet train --model attention --dataset fashion-mnist --epochs 5
        martlet train conv5x5-mnist --seed 1 --run runs/first
        martlet train --validation last:0.2 --schedule cosine --optimizer sgd
        martlet train --run runs/first --resume
      """)

  @Argument(help: "The id of a system; leave it out to name a model and a data set.")
  var system: String?
  @Option(help: ArgumentHelp("A ready model: \(SummaryCommand.modelNames).", valueName: "name"))
  var model: String?
  @Option(help: ArgumentHelp("A data set: \(DatasetsCommand.names).", valueName: "name"))
  var dataset: String?
  @OptionGroup var settings: SettingOptions
  @Option(help: ArgumentHelp("The run folder; a new one below runs/ if not given.", valueName: "dir"))
  var run: String?
  @Flag(help: "Go on with the run in --run from its newest checkpoint; begin it where there is none.")
  var resume = false
  @Flag(help: "Write only the results.")
  var quiet = false
  @OptionGroup var common: CommonOptions

  func perform() throws {
    try settings.check()
    let configuration = try chosenConfiguration()
    let card = try DatasetCatalog.card(configuration.system.dataset)
    let (train, test) = try configuration.system.data(common)
    try checkSplit(configuration, train)
    let trainer = try configuration.trainer(threads: common.threadCount)
    describe(configuration, card, train, test, trainer)
    // Taking a finished run up again drops its result from the log.
    let earlier = resume ? run.flatMap { try? RunRecord.load($0) }?.result : nil
    let (folder, checkpoint) = try openRun(configuration)
    let history = try Interruption.duringTraining {
      try trainer.fit(
        train, epochs: configuration.system.settings.epochs,
        batchSize: configuration.system.settings.batchSize,
        validation: configuration.system.settings.validation.split, progress: progress(), run: folder,
        resume: checkpoint)
    }
    var result = earlier ?? ResultEvent()
    result.run = folder.path
    result.seed = configuration.system.settings.seed
    result.threads = trainer.threads
    result.datasetBytes = train.storedBytes + test.storedBytes
    result.note(history)
    guard history.stopReason != .interrupted else { throw interrupted(result) }
    result.note(test: try trainer.evaluate(test), train: try trainer.evaluate(train))
    result.arenaBytes = trainer.arenaBytes
    folder.append(.result(result))
    let figure = try drawCurves(folder, history)
    if common.json { return Output.json(result.json) }
    Output.line("\n\(result.scoreText)")
    Output.line(result.costText)
    Output.line("Run folder: \(folder.path)\nCurves:     \(figure)")
  }

  /// The configuration of the run to resume, else what the options say.
  private func chosenConfiguration() throws -> RunConfiguration {
    if resume {
      guard let run else {
        throw Failure(
          .usage, at: "--resume", expected: "a run folder in --run", received: "none",
          hint: "give the folder that the interrupted training told")
      }
      if RunFolder.exists(at: run) { return try resumedConfiguration(run) }
    }
    let chosen = try chosenSystem()
    return RunConfiguration(
      system: try settings.applied(to: chosen, seed: try common.checkedSeed()),
      card: try DatasetCatalog.card(chosen.dataset))
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

  /// The saved configuration; options that contradict it are refused, more epochs are welcome.
  private func resumedConfiguration(_ run: String) throws -> RunConfiguration {
    var saved = try RunConfiguration.load(run: run).configuration
    var wanted = saved
    if system != nil || model != nil || dataset != nil {
      let chosen =
        system == nil
        ? try TrainingSystem.named(
          model: model ?? saved.system.model, dataset: dataset ?? saved.system.dataset)
        : try chosenSystem()
      wanted.system.model = chosen.model
      wanted.system.dataset = chosen.dataset
      if system != nil { wanted.system.id = chosen.id }
    }
    wanted.system = try settings.applied(to: wanted.system, seed: try common.checkedSeed())
    saved.system.settings.epochs = wanted.system.settings.epochs
    let pairs = zip(saved.json.members ?? [], wanted.json.members ?? [])
    guard let (old, new) = pairs.first(where: { $0.0 != $0.1 }) else { return saved }
    throw Failure(
      .usage, at: "--resume", expected: "the run's own \(old.key), \(old.value.text)",
      received: new.value.text,
      hint: "leave the option out, or begin a new run in another folder")
  }

  /// Refuses a split that leaves nothing, before a run folder is made.
  private func checkSplit(_ configuration: RunConfiguration, _ train: ImageDataset) throws {
    if case .heldOut(let split) = configuration.system.settings.validation.split {
      _ = try train.split(split)
    }
  }

  private func openRun(_ configuration: RunConfiguration) throws -> (RunFolder, Checkpoint?) {
    if let run, resume, RunFolder.exists(at: run) {
      return try RunFolder.resume(at: run, onProblem: Output.warn)
    }
    let environment = RunEnvironment(
      martletVersion: RootCommand.version, instructionSet: InstructionSet.name)
    if let run {
      return (
        try RunFolder.create(
          at: run, configuration: configuration.json, environment: environment, onProblem: Output.warn), nil
      )
    }
    let name = configuration.system.id ?? "\(configuration.system.model)-\(configuration.system.dataset)"
    return (
      try RunFolder.create(
        in: "runs", name: name, configuration: configuration.json, environment: environment,
        onProblem: Output.warn), nil
    )
  }

  private func drawCurves(_ folder: RunFolder, _ history: History) throws -> String {
    let figure = trainingCurves(
      RunRecord(
        path: folder.path, configuration: folder.configuration, epochs: history.epochs.map { EpochEvent($0) })
    )
    try figure.write(to: folder.path + "/curves.svg")
    try figure.write(to: folder.path + "/curves.png")
    return folder.path + "/curves.png"
  }

  /// Tells the user how to go on, and machines what was reached.
  private func interrupted(_ result: ResultEvent) -> Failure {
    if common.json { Output.json(result.json) }
    let status: ExitStatus = Interruption.signal == SIGTERM ? .terminated : .interrupted
    let path = result.run ?? ""
    return Failure(status, "stopped, everything is saved; go on with: martlet train --run \(path) --resume")
  }
}
