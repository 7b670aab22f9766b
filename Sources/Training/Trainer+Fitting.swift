import MartletDatasets
import MartletRuns
import MartletTensors

extension Trainer {
  /// Trains for some epochs; called again, it goes on where it ended.
  ///
  /// - Parameters:
  ///   - data: The training images.
  ///   - epochs: How many epochs are trained, at least 1.
  ///   - batchSize: The images of a full batch; a smaller last batch is kept.
  ///   - validation: The images to validate on after each epoch.
  ///   - shuffle: Whether each epoch has an order of its own.
  ///   - progress: Hears what happens, such as `TerminalProgress.report`.
  /// - Returns: The epochs trained now, and what they cost.
  /// - Throws: `DatasetError` or `TrainingError` where arguments or data do not fit, before anything is
  ///   changed; `TrainingError` where numbers are no longer finite, with the last good weights in place.
  @discardableResult
  public func fit(
    _ data: ImageDataset, epochs: Int, batchSize: Int = 32, validation: ValidationSplit? = nil,
    shuffle: Bool = true, progress: ((TrainingEvent) -> Void)? = nil
  ) throws -> History {
    try fit(
      data, epochs: epochs, batchSize: batchSize, validation: validation, shuffle: shuffle,
      progress: progress,
      run: nil, resume: nil)
  }

  /// Trains with a run folder, from a checkpoint on where one is given; `epochs` is then the total.
  ///
  /// Every epoch leaves a line in the folder's log and a checkpoint, a stop within an epoch a checkpoint,
  /// the end the weights. Training resumed from a checkpoint ends with the same bytes as an undisturbed one.
  @discardableResult
  package func fit(
    _ data: ImageDataset, epochs: Int, batchSize: Int = 32, validation: ValidationSplit? = nil,
    shuffle: Bool = true, progress: ((TrainingEvent) -> Void)? = nil, run: RunFolder?, resume: Checkpoint?
  ) throws -> History {
    guard epochs >= 1 else {
      throw TrainingError(.badArgument, at: "epochs", expected: "at least 1", received: "\(epochs)")
    }
    let (training, held) = try validation.map { try $0.divide(data) } ?? (data, nil)
    let loader = try DataLoader(training, batchSize: batchSize, shuffle: shuffle, seed: seed)
    try step.input.check(training, labels: true)
    if let held { try step.input.check(held, labels: true) }
    let setup = run == nil && resume == nil ? nil : try TrainingSetup(self, loader, validation: validation)
    var position = TrainingPosition(completedEpochs: completedEpochs, steps: step.stepCount)
    if let resume {
      let notes = try TrainingNotes(resume.file, of: "checkpoint of epoch \(resume.epoch)")
      try setup?.require(notes.setup)
      try parameters.load(resume.file, from: "checkpoint of epoch \(resume.epoch)", withOptimizer: true)
      position = notes.position
      step.stepCount = position.steps
      completedEpochs = position.completedEpochs
    }
    let session = FitSession(
      trainer: self, loader: loader, validation: held, setup: setup, position: position,
      lastEpoch: resume == nil ? completedEpochs + epochs : epochs, run: run
    ) { [events] event in
      events?(event)
      progress?(event)
    }
    #if DEBUG
      if step.compileSeconds == 0 {
        session.tell(.warning("this is a debug build, which trains many times slower; use -c release"))
      }
    #endif
    if data.hasRepeats, case .heldOut = validation {
      session.tell(
        .warning("\(data.name) repeats images, so the validation part shares some with the training part"))
    }
    return try session.train()
  }

  /// Saves weights and statistics as a safetensors file, whole or not at all.
  public func save(to path: String) throws(FileError) { try parameters.save(to: path) }

  /// Loads weights and statistics from a safetensors file; nothing changes unless all of them fit.
  ///
  /// - Throws: `FileError` where the file cannot be read, `TrainingError` that lists every tensor that is
  ///   missing, unknown or of another shape.
  public func load(from path: String) throws { try parameters.load(from: path) }
}
