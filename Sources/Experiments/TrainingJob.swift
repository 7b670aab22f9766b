import MartletDatasets
import MartletNetworks
import MartletReports
import MartletRuns
import MartletTensors
import MartletTraining

/// One training with its run folder, from configuration to result: what `train` and `reproduce` do.
package struct TrainingJob {
  package let configuration: RunConfiguration
  /// The folder; nil makes a new one below `runs/`.
  package var run: String?
  /// Goes on from the newest checkpoint of `run`; begins there where there is none.
  package var resume = false
  package var threads: Int
  package var stopToken = StopToken()
  /// Hears what does not stop the training.
  package var warn: (String) -> Void = { _ in }
  /// Hears how the training goes.
  package var progress: (TrainingEvent) -> Void = { _ in }
  /// Hears the mean loss of so many batches, where the settings ask for it.
  package var runningLoss: @Sendable (_ epoch: Int, _ batch: Int, _ loss: Double) -> Void = { _, _, _ in }

  package init(_ configuration: RunConfiguration, threads: Int) {
    self.configuration = configuration
    self.threads = threads
  }

  /// What a training left.
  package struct Outcome {
    package let result: ResultEvent
    package let history: History
    package let folder: String
    /// The figures drawn, by path.
    package let figures: [String]
    /// The page, by path; nil where the training was interrupted or there is none.
    package let report: String?

    /// Whether the training came to its end; else it can be resumed.
    package var isFinished: Bool { history.stopReason != .interrupted }
  }

  /// Refuses a split that leaves nothing, changes that do not suit the images and settings that contradict
  /// each other, before a run folder is made.
  package func check(_ train: ImageDataset) throws {
    let settings = configuration.system.settings
    let schedule = settings.schedule.schedule(learningRate: settings.learningRate)
    if settings.plateau != nil, let conflict = schedule.plateauConflict {
      throw SettingError(
        at: "--plateau", expected: "a schedule that can be multiplied by its factor",
        received: "\(settings.schedule.text): \(conflict)", hint: "leave one of them out")
    }
    try settings.augmentation?.check(imageShape: train.imageShape)
    if case .heldOut(let split) = settings.validation.split {
      _ = try train.split(split)
    }
  }

  /// Trains, evaluates, draws and leaves a report.
  package func perform(_ trainer: Trainer, _ train: ImageDataset, _ test: ImageDataset) throws -> Outcome {
    let settings = configuration.system.settings
    // Taking a finished run up again drops its result from the log.
    let earlier = resume ? run.flatMap { try? RunRecord.load($0) }?.result : nil
    let (folder, checkpoint) = try openRun()
    if resume, checkpoint == nil, let imported = try RunRecord.load(folder.path).importedWeights() {
      try trainer.parameters.load(imported, from: folder.path)
    }
    let history = try trainer.fit(
      train, epochs: settings.epochs, batchSize: settings.batchSize, validation: settings.validation.split,
      augmentation: settings.augmentation, callbacks: settings.callbacks(runningLoss: runningLoss),
      gradientNorm: settings.notesGradientNorm,
      progress: progress, run: folder,
      resume: checkpoint)
    var result = earlier ?? ResultEvent()
    result.run = folder.path
    result.seed = settings.seed
    result.threads = trainer.threads
    result.datasetBytes = train.storedBytes + test.storedBytes
    result.note(history)
    guard history.stopReason != .interrupted else {
      return Outcome(result: result, history: history, folder: folder.path, figures: [], report: nil)
    }
    let evaluation = try trainer.evaluate(test)
    result.note(test: evaluation, train: try trainer.evaluate(train))
    result.arenaBytes = trainer.arenaBytes
    folder.append(.result(result))
    let figures = try draw(folder, history, result)
    let material = RunMaterial(trainer, train: train, test: test, batchSize: settings.batchSize)
    return Outcome(
      result: result, history: history, folder: folder.path, figures: figures,
      report: try report(on: folder, material, evaluation))
  }

  private func openRun() throws -> (RunFolder, Checkpoint?) {
    if let run, resume, RunFolder.exists(at: run) {
      // The run's end may be a later one now: a further resume must go on to it, too.
      let epochs = JSON.Member("epochs", .integer(configuration.system.settings.epochs))
      return try RunFolder.resume(at: run, changes: [epochs], onProblem: warn)
    }
    let environment = RunEnvironment.current()
    if let run {
      return (
        try RunFolder.create(
          at: run, configuration: configuration.json, environment: environment, onProblem: warn), nil
      )
    }
    let system = configuration.system
    return (
      try RunFolder.create(
        in: "runs", name: system.id ?? Experiment.slug("\(system.model)-\(system.dataset)"),
        configuration: configuration.json, environment: environment, onProblem: warn), nil
    )
  }

  /// Leaves what a report needs, and the report; a network that cannot be looked into takes nothing from
  /// the training, a disk that is full must not look like success.
  ///
  /// - Returns: The page's path; nil where there is none.
  private func report(
    on folder: RunFolder, _ material: RunMaterial, _ evaluation: Evaluation
  ) throws(FileError) -> String? {
    let path = "\(folder.path)/\(RunFile.report)"
    let gathered: ReportMaterial
    do { gathered = try material.gathered(evaluation) } catch {
      warn("the report could not be made: \(error)")
      return nil
    }
    try gathered.write(to: folder.path)
    try RunReport.load(folder.path, onProblem: warn).explained().write(to: path)
    return path
  }

  /// Draws the curves and, where the classes are few, the confusion matrix.
  private func draw(_ folder: RunFolder, _ history: History, _ result: ResultEvent) throws -> [String] {
    let record = RunRecord(
      path: folder.path, configuration: folder.configuration, epochs: history.epochs.map { EpochEvent($0) })
    var figures: [(name: String, figure: any Figure)] = [("curves", trainingCurves(record))]
    if let confusion = result.confusion, confusion.count <= 20,
      confusion.count == configuration.classNames.count
    {
      let title = "Confusion matrix of the test images"
      for (name, isNormalized) in [("confusion", false), ("confusion-normalized", true)] {
        let matrix = ConfusionMatrix(
          title: title, classes: configuration.classNames, counts: confusion, isNormalized: isNormalized)
        figures.append((name, matrix))
      }
      if let scores = result.perClass { figures.append(("classes", classScores(scores))) }
    }
    var paths: [String] = []
    for (name, figure) in figures {
      try figure.write(to: "\(folder.path)/\(name).svg")
      try figure.write(to: "\(folder.path)/\(name).png")
      paths.append("\(folder.path)/\(name).png")
    }
    return paths
  }
}
