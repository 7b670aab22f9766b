import MartletDatasets
import MartletRuns
import MartletTensors

extension Trainer {
  /// Trains for some epochs; called again, it goes on where it ended.
  ///
  /// ```swift
  /// let history = try trainer.fit(
  ///   train, epochs: 50, batchSize: 64, validation: .last(0.2),
  ///   callbacks: [.earlyStopping(patience: 5), .checkpoint(.last, directory: "checkpoints")])
  /// ```
  ///
  /// - Parameters:
  ///   - data: The training images.
  ///   - epochs: How many epochs are trained, at least 1; with `resumingFrom` the number of the last one.
  ///   - batchSize: The images of a full batch; a smaller last batch is kept.
  ///   - validation: The images to validate on after each epoch.
  ///   - shuffle: Whether each epoch has an order of its own.
  ///   - augmentation: Random changes to the training images, such as `[.randomFlip(), .randomCrop(padding: 4)]`; a
  ///     function of (seed, epoch, image). Validation images stay as they are.
  ///   - callbacks: Hear how the training goes, in this order, and may change its rate or stop it.
  ///   - sampleWeights: How much the loss of each image of `data` counts, in its order; the part held out
  ///     for validation keeps its weights, as in Keras. Keras's preset divides the weighted sum by the
  ///     number of images, PyTorch's by the sum of their weights. Metrics are not weighted.
  ///   - resumingFrom: A file that `.checkpoint(.last)` or `.every` wrote: training goes on from there, to
  ///     the same bytes as an undisturbed one.
  ///   - gradientNorm: Whether the norm of all gradients together, before they are changed, is told with each
  ///     step and, as the mean over the steps, is the figure `gradient_norm` of each epoch.
  ///   - progress: Hears what happens, such as `TerminalProgress.report`.
  /// - Returns: The epochs trained now, or all where it was resumed, and what they cost.
  /// - Throws: `DatasetError` or `TrainingError` where arguments, data or callbacks do not fit, before
  ///   anything is changed; `FileError` where a checkpoint cannot be read or written; `TrainingError` where
  ///   numbers are no longer finite: of a loss or gradient with the weights before its step in place, of weights after
  ///   the epoch in which an update spoiled them, before anything is saved.
  @discardableResult
  public func fit(
    _ data: ImageDataset, epochs: Int, batchSize: Int = 32, validation: ValidationSplit? = nil,
    shuffle: Bool = true, augmentation: Augmentation? = nil, callbacks: [Callback] = [],
    sampleWeights: [Float]? = nil, resumingFrom: String? = nil, gradientNorm: Bool = false,
    progress: ((TrainingEvent) -> Void)? = nil
  ) throws -> History {
    let checkpoint = try resumingFrom.map { path in
      let file = try TensorFile(reading: path, requiringDigest: true)
      return Checkpoint(epoch: try TrainingNotes(file, of: path).position.completedEpochs, file: file)
    }
    return try fit(
      data, epochs: epochs, batchSize: batchSize, validation: validation, shuffle: shuffle,
      augmentation: augmentation, callbacks: callbacks, sampleWeights: sampleWeights,
      gradientNorm: gradientNorm, progress: progress, run: nil, resume: checkpoint)
  }

  /// Trains with a run folder, from a checkpoint on where one is given; `epochs` is then the total.
  ///
  /// Every epoch leaves a line in the folder's log and a checkpoint, a stop within an epoch a checkpoint,
  /// the end the weights. Training resumed from a checkpoint ends with the same bytes as an undisturbed one.
  @discardableResult
  package func fit(
    _ data: ImageDataset, epochs: Int, batchSize: Int = 32, validation: ValidationSplit? = nil,
    shuffle: Bool = true, augmentation: Augmentation? = nil, callbacks: [Callback] = [],
    sampleWeights: [Float]? = nil, gradientNorm: Bool = false, progress: ((TrainingEvent) -> Void)? = nil,
    run: RunFolder?, resume: Checkpoint?
  ) throws -> History {
    guard epochs >= 1 else {
      throw TrainingError(.badArgument, at: "epochs", expected: "at least 1", received: "\(epochs)")
    }
    var job = try job(
      data, batchSize: batchSize, validation: validation, shuffle: shuffle, augmentation: augmentation,
      sampleWeights: sampleWeights, callbacks: callbacks,
      lastEpoch: resume == nil ? lastEpoch(after: epochs) : epochs, run: run)
    job.notesGradientNorm = gradientNorm
    func tell(_ event: TrainingEvent) {
      events?(event)
      progress?(event)
    }
    let context = CallbackContext(
      run: run, hasValidation: job.validation != nil, metrics: metrics.map(\.name), schedule: schedule,
      trainingFigures: job.trainingFigures)
    let control = TrainingControl(
      parameters, epochs: [], rates: rates, tell: tell)
    let listeners = try CallbackSet(callbacks, context, control)
    var setup: TrainingSetup?
    if run != nil || resume != nil || listeners.savesState {
      setup = try TrainingSetup(self, job)
    }
    job.step.stepCount = step.stepCount
    var position = TrainingPosition(
      completedEpochs: completedEpochs, steps: step.stepCount,
      metrics: metrics.count + job.trainingFigures.count)
    var spikes = LossSpikes()
    if let resume {
      let place = "checkpoint of epoch \(resume.epoch)"
      let notes = try TrainingNotes(resume.file, of: place)
      try setup?.require(notes.setup)
      try notes.requireUnfinished(before: epochs)
      try parameters.load(resume.file, from: place, withOptimizer: true)
      position = notes.position
      spikes = notes.spikes
      job.step.stepCount = position.steps
      completedEpochs = position.completedEpochs
      control.epochs = position.epochs
      listeners.restore(notes.callbacks, tensors: resume.file.tensors)
    }
    // The training is accepted: what the folder tells of a later state may go.
    try run?.begin(after: position.completedEpochs)
    #if DEBUG
      if job.step.compileSeconds == 0 {
        tell(.warning("this is a debug build, which trains many times slower; use -c release"))
      }
    #endif
    if data.hasRepeats, case .heldOut = validation {
      tell(
        .warning("\(data.name) repeats images, so the validation part shares some with the training part"))
    }
    return try FitSession(
      trainer: self, job: job, setup: setup, callbacks: listeners, position: position, spikes: spikes,
      tell: tell
    ).train()
  }

  /// The number of the last of so many epochs; "for ever" is a number too.
  private func lastEpoch(after epochs: Int) -> Int {
    let (last, isTooGreat) = completedEpochs.addingReportingOverflow(epochs)
    return isTooGreat ? .max : last
  }

  /// Checks what is to be trained on; nothing is changed.
  private func job(
    _ data: ImageDataset, batchSize: Int, validation: ValidationSplit?, shuffle: Bool,
    augmentation: Augmentation?, sampleWeights: [Float]?, callbacks: [Callback], lastEpoch: Int,
    run: RunFolder?
  ) throws -> FitJob {
    if let sampleWeights, sampleWeights.count != data.count {
      throw TrainingError(
        .badArgument, at: "sample weights", expected: "one for each of the \(data.count) images",
        received: "\(sampleWeights.count)")
    }
    let (training, held) = try validation.map { try $0.divide(data) } ?? (data, nil)
    let loader = try DataLoader(
      training, batchSize: batchSize, shuffle: shuffle, seed: seed, augmentation: augmentation)
    try step.input.check(training, labels: true)
    if let held {
      try step.input.check(held, labels: true)
      try training.preparation.require(held.preparation)
    }
    guard let sampleWeights else {
      return FitJob(
        loader: loader, step: step, weights: nil, split: validation, validation: held,
        validationWeights: nil, lastEpoch: lastEpoch, run: run, callbacks: callbacks)
    }
    try Objective.check(sampleWeights, at: "sample weights")
    let (weights, heldWeights) = try validation?.divide(sampleWeights, of: data) ?? (sampleWeights, nil)
    try Objective.check(weights, at: "sample weights of the training part")
    if let heldWeights { try Objective.check(heldWeights, at: "sample weights of the validation part") }
    return FitJob(
      loader: loader, step: try weightedPrograms().step, weights: weights, split: validation,
      validation: held, validationWeights: heldWeights, lastEpoch: lastEpoch, run: run, callbacks: callbacks)
  }

  /// Saves weights and statistics as a safetensors file, whole or not at all.
  public func save(to path: String) throws(FileError) { try parameters.save(to: path) }

  /// Loads weights and statistics from a safetensors file; nothing changes unless all of them fit.
  ///
  /// - Throws: `FileError` where the file cannot be read, `TrainingError` that lists every tensor that is
  ///   missing, unknown or of another shape.
  public func load(from path: String) throws { try parameters.load(from: path) }
}
