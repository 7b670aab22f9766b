import MartletDatasets
import MartletRuns
import MartletTensors

/// One call of `fit`: epochs of steps, validation, checkpoints.
final class FitSession {
  let tell: (TrainingEvent) -> Void
  private let trainer: Trainer
  private let loader: DataLoader
  private let validation: ImageDataset?
  private let setup: TrainingSetup?
  private let lastEpoch: Int
  private let run: RunFolder?
  private var position: TrainingPosition
  private var history = History()
  private var memory = MemoryPeak()
  private var stepSeconds: [Float] = []
  private var verification: DataVerification?
  private let start = ContinuousClock.now

  init(
    trainer: Trainer, loader: DataLoader, validation: ImageDataset?, setup: TrainingSetup?,
    position: TrainingPosition, lastEpoch: Int, run: RunFolder?, tell: @escaping (TrainingEvent) -> Void
  ) {
    self.trainer = trainer
    self.loader = loader
    self.validation = validation
    self.setup = setup
    self.position = position
    self.lastEpoch = lastEpoch
    self.run = run
    self.tell = tell
    history.epochs = position.epochs
  }

  /// Trains to the last epoch or until somebody asks to stop.
  func train() throws -> History {
    tell(
      .began(
        TrainingPlan(
          epochs: lastEpoch, firstEpoch: position.completedEpochs + 1, firstStep: position.stepInEpoch,
          images: loader.data.count, validationImages: validation?.count ?? 0, batchSize: loader.batchSize,
          steps: loader.batchCount)))
    stepSeconds.reserveCapacity(loader.batchCount * max(0, lastEpoch - position.completedEpochs))
    while position.completedEpochs < lastEpoch {
      guard try trainEpoch() else { return try end(.interrupted) }
      if trainer.stopToken.isRequested, position.completedEpochs < lastEpoch { return try end(.interrupted) }
    }
    return try end(.finished)
  }

  /// Trains the rest of an epoch; false where a stop was asked for before its end.
  private func trainEpoch() throws -> Bool {
    let step = trainer.step
    step.learningRate = trainer.schedule.rate(
      initial: trainer.optimizer.learningRate, epoch: position.completedEpochs)
    let batches = loader.batches(epoch: position.completedEpochs, startingAt: position.stepInEpoch)
      .makeIterator()
    while position.stepInEpoch < loader.batchCount {
      let began = ContinuousClock.now
      let compiled = step.compileSeconds
      guard let batch = batches.next() else { break }
      try advance(batch)
      let seconds = (ContinuousClock.now - began).seconds - (step.compileSeconds - compiled)
      stepSeconds.append(Float(seconds))
      position.seconds += seconds
      if history.secondsToFirstStep == nil { afterFirstStep() }
      tell(.step(progress))
      try verification?.check(waiting: false)
      if trainer.stopToken.isRequested, position.stepInEpoch < loader.batchCount {
        try save()
        return false
      }
    }
    try verification?.check(waiting: true)
    verification = nil
    try finishEpoch()
    return true
  }

  private func advance(_ batch: Batch) throws {
    let program = try batch.images.scalars.withUnsafeBytes {
      try trainer.step.advance($0, shape: batch.images.shape, .uint8, batch.labels)
    }
    position.lossSum += Double(program.output(TrainingStep.lossName)[0]) * Double(batch.count)
    position.correct += Int(program.output(Trainer.correctName)[0])
    position.images += batch.count
    position.stepInEpoch += 1
    position.steps = trainer.step.stepCount
  }

  private func afterFirstStep() {
    history.secondsToFirstStep = (ContinuousClock.now - start).seconds
    history.processSecondsToFirstStep = ProcessMeter.secondsSinceStart
    memory.look()
    // Only now, so that reading the file does not delay the first step.
    verification = DataVerification(loader.data)
  }

  private var progress: StepProgress {
    StepProgress(
      epoch: position.completedEpochs + 1, step: position.stepInEpoch, steps: loader.batchCount,
      images: position.images, loss: position.loss, accuracy: position.accuracy)
  }

  private func finishEpoch() throws {
    memory.look()
    let evaluation = try validation.map { try trainer.evaluate($0) }
    memory.look()
    let record = EpochRecord(
      epoch: position.completedEpochs + 1, loss: position.loss, accuracy: position.accuracy,
      validationLoss: evaluation?.loss, validationAccuracy: evaluation?.accuracy,
      learningRate: trainer.step.learningRate, seconds: position.seconds)
    history.epochs.append(record)
    position.nextEpoch(after: record)
    trainer.completedEpochs = position.completedEpochs
    run?.append(.epoch(EpochEvent(record)))
    try save()
    tell(.epoch(record))
  }

  /// Saves everything that a resumed training needs.
  private func save() throws(FileError) {
    guard let run, let setup else { return }
    let notes = TrainingNotes(setup: setup, position: position)
    let file = trainer.parameters.tensorFile(withOptimizer: true, metadata: notes.metadata)
    try run.saveCheckpoint(file, epoch: position.completedEpochs)
  }

  private func end(_ reason: History.StopReason) throws -> History {
    memory.look()
    history.stopReason = reason
    history.millisecondsPerStep = Self.median(stepSeconds).map { Double($0) * 1000 }
    history.peakMemoryBytes = memory.bytes
    history.arenaBytes = trainer.arenaBytes
    history.weightsSHA256 = trainer.parameters.sha256
    if let run, reason == .finished {
      try run.saveWeights(
        trainer.parameters.tensorFile(metadata: [
          "weights_sha256": history.weightsSHA256, "seed": "\(trainer.seed)",
        ]))
    }
    tell(.ended(history))
    return history
  }

  private static func median(_ values: [Float]) -> Float? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
