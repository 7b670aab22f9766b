import Foundation
import MartletCPU
import MartletDatasets
import MartletGraphs
import MartletRuns
import MartletTensors

/// What one call of `fit` trains on, and how far.
struct FitJob {
  let loader: DataLoader
  /// The step that is made; one of its own where images have weights.
  let step: TrainingStep
  /// A weight for each image of the loader's data; nil where all count the same.
  let weights: [Float]?
  /// How the validation images were taken; nil where there are none.
  let split: ValidationSplit?
  let validation: ImageDataset?
  /// A weight for each validation image that was held out of weighted data.
  let validationWeights: [Float]?
  let lastEpoch: Int
  let run: RunFolder?
  let callbacks: [Callback]
  /// Whether the norm of the gradients is told.
  var notesGradientNorm = false

  /// How the images are taken, as checkpoints and reports tell it.
  var dataSettings: [JSON.Member] {
    [
      JSON.Member("validation", .string(split?.text ?? "none")),
      JSON.Member("augmentation", .string(loader.augmentation?.description ?? "none")),
      JSON.Member("shuffle", .bool(loader.shuffle)),
    ]
  }

  /// The names of figures besides the metrics that the training alone has.
  var trainingFigures: [String] { notesGradientNorm ? [Self.gradientNormName] : [] }

  static let gradientNormName = "gradient_norm"
}

/// The norm of a step's gradients, read while they are in place.
private final class GradientNorm {
  private(set) var value = 0.0
  /// One closure for all steps.
  private(set) lazy var note: (Executable) -> Void = { [unowned self] program in
    value = program.norm(ofGuarded: StepTrace.gradientPrefix)
  }
}

/// One call of `fit`: epochs of steps, validation, callbacks, checkpoints.
final class FitSession {
  private let trainer: Trainer
  private let job: FitJob
  private let setup: TrainingSetup?
  private let callbacks: CallbackSet
  private let control: TrainingControl
  private let tell: (TrainingEvent) -> Void
  private let metricOutputs: [String]
  private var position: TrainingPosition
  private var history = History()
  private var memory = MemoryPeak()
  private var stepSeconds: [Float] = []
  private var batchLoss = 0.0
  private let gradientNorm: GradientNorm?
  private var spikes: LossSpikes
  private let guessing: Guessing?
  /// The weights of a batch's images.
  private var batchWeights: [Float]
  private var verification: DataVerification?
  /// The rates before an epoch that has begun and is not whole.
  private var earlierRates: TrainingRates?
  private let start = ContinuousClock.now

  init(
    trainer: Trainer, job: FitJob, setup: TrainingSetup?, callbacks: CallbackSet,
    position: TrainingPosition, spikes: LossSpikes, tell: @escaping (TrainingEvent) -> Void
  ) {
    self.trainer = trainer
    self.job = job
    self.setup = setup
    self.callbacks = callbacks
    control = callbacks.control
    gradientNorm = job.notesGradientNorm ? GradientNorm() : nil
    self.position = position
    self.spikes = spikes
    guessing = Guessing(classCounts: job.loader.data.classCounts)
    self.tell = tell
    metricOutputs = trainer.metrics.map { Objective.outputName($0) }
    let fullBatch = min(job.loader.batchSize, job.loader.data.count)
    batchWeights = [Float](repeating: 1, count: job.weights == nil ? 0 : fullBatch)
    history.epochs = position.epochs
    history.batchSize = job.loader.batchSize
    history.settings =
      job.dataSettings + [
        JSON.Member("callbacks", .string(job.callbacks.map(\.name).joined(separator: ", ")))
      ]
    history.began = Date()
  }

  /// Trains to the last epoch or until somebody asks to stop.
  func train() throws -> History {
    defer {
      // Steps with weights are made by a step of their own.
      trainer.step.stepCount = job.step.stepCount
      trainer.rates = control.rates
      // Trained again, the epoch makes its rate of the one before it again.
      if let earlierRates {
        (trainer.rates.scheduled, trainer.rates.own) = (earlierRates.scheduled, earlierRates.own)
      }
    }
    let plan = TrainingPlan(
      epochs: job.lastEpoch, firstEpoch: position.completedEpochs + 1, firstStep: position.stepInEpoch,
      images: job.loader.data.count, validationImages: job.validation?.count ?? 0,
      batchSize: job.loader.batchSize, steps: job.loader.batchCount)
    tell(.began(plan))
    if let reason = control.stopReason {
      tell(
        .warning(
          "this training has ended already, after \(position.completedEpochs) whole epochs (\(reason.text)); "
            + "nothing is left to do"))
    }
    try callbacks.trainingBegan(plan)
    trainer.parameters.preparation = job.loader.data.preparation
    let epochs = min(max(0, job.lastEpoch - position.completedEpochs), 1 + Self.mostReserved / plan.steps)
    stepSeconds.reserveCapacity(plan.steps * epochs)
    while position.completedEpochs < job.lastEpoch, !control.isStopping {
      let isWhole = try trainEpoch()
      let isAsked = trainer.stopToken.isRequested && position.completedEpochs < job.lastEpoch
      if !control.isStopping, !isWhole || isAsked { return try end(.interrupted) }
    }
    return try end(control.stopReason ?? .finished)
  }

  /// Steps whose times have a place before the first one; early stopping ends most trainings of a million epochs.
  private static let mostReserved = 1 << 18

  /// Trains the rest of an epoch; false where a stop was asked for before its end.
  private func trainEpoch() throws -> Bool {
    let (step, loader) = (job.step, job.loader)
    if position.stepInEpoch == 0 {
      // The state is saved already: rates that follow from those before must be set once only.
      if isStopping { return false }
      earlierRates = control.rates
      try setScheduledRate()
      try callbacks.epochBegan(position.completedEpochs + 1)
    }
    let batches = loader.batches(epoch: position.completedEpochs, startingAt: position.stepInEpoch)
      .makeIterator()
    while position.stepInEpoch < loader.batchCount {
      if control.isStopping || position.stepInEpoch > 0 && isStopping {
        if try !isSpoiled() { try save() }
        return false
      }
      if trainer.schedule.granularity == .step, position.stepInEpoch > 0 { try setScheduledRate() }
      step.learningRate = control.learningRate
      let began = ContinuousClock.now
      let compiled = step.compileSeconds
      guard let batch = batches.next() else { break }
      do {
        try advance(batch)
      } catch let error as TrainingError where error.kind == .notFinite {
        try callbacks.stepFailed(error)
        guard control.isStopping else { throw error }
        continue
      }
      let seconds = (ContinuousClock.now - began).seconds - (step.compileSeconds - compiled)
      stepSeconds.append(Float(seconds))
      position.seconds += seconds
      if history.secondsToFirstStep == nil { afterFirstStep() }
      let progress = progress
      tell(.step(progress))
      if let median = spikes.add(batchLoss) { tell(.warning(Self.spike(progress, median: median))) }
      try callbacks.stepEnded(progress)
      try verification?.check(waiting: false)
    }
    try verification?.check(waiting: true)
    verification = nil
    // The last update is followed by no step that would notice.
    if try isSpoiled() { return false }
    try finishEpoch()
    return true
  }

  /// Whether an update left weights that are not finite, for which a callback ends the training; throws where none does.
  ///
  /// They must not be saved over good ones.
  private func isSpoiled() throws -> Bool {
    do { try trainer.parameters.requireFinite(after: position.steps) } catch {
      guard control.stopReason != .notFinite else { return true }
      guard !control.isStopping else { throw error }
      try callbacks.stepFailed(error)
      guard control.isStopping else { throw error }
      return true
    }
    return false
  }

  private func setScheduledRate() throws(ModelError) {
    control.rates.scheduled = try trainer.schedule.checkedRate(
      initial: trainer.optimizer.learningRate, epoch: position.completedEpochs, step: position.stepInEpoch,
      stepsPerEpoch: job.loader.batchCount, previous: control.rates.scheduled)
  }

  /// Whether the training is to end before the next step; a resumed one makes at least one step.
  private var isStopping: Bool {
    control.isStopping || trainer.stopToken.isRequested && history.secondsToFirstStep != nil
  }

  private func advance(_ batch: Batch) throws {
    let program = try batch.images.scalars.withUnsafeBytes { images in
      guard let weights = job.weights else {
        return try job.step.advance(
          images, shape: batch.images.shape, .uint8, batch.labels, beforeUpdate: gradientNorm?.note)
      }
      for (row, index) in batch.indices.enumerated() { batchWeights[row] = weights[Int(index)] }
      return try batchWeights.withUnsafeBufferPointer {
        try job.step.advance(
          images, shape: batch.images.shape, .uint8, batch.labels, sampleWeights: $0.baseAddress,
          beforeUpdate: gradientNorm?.note)
      }
    }
    batchLoss = Double(program.output(TrainingStep.lossName)[0])
    position.lossSum += batchLoss * Double(batch.count)
    position.correct += Int(program.output(Objective.correctName)[0])
    for (index, name) in metricOutputs.enumerated() {
      position.metricSums[index] += Double(program.output(name)[0])
    }
    if let gradientNorm { position.metricSums[metricOutputs.count] += gradientNorm.value }
    position.images += batch.count
    position.stepInEpoch += 1
    position.steps = job.step.stepCount
  }

  private func afterFirstStep() {
    history.secondsToFirstStep = (ContinuousClock.now - start).seconds
    history.processSecondsToFirstStep = ProcessMeter.secondsSinceStart
    memory.look()
    // Only now, so that reading the file does not delay the first step.
    verification = DataVerification(job.loader.data)
  }

  private var progress: StepProgress {
    StepProgress(
      epoch: position.completedEpochs + 1, step: position.stepInEpoch, steps: job.loader.batchCount,
      images: position.images, loss: position.loss, accuracy: position.accuracy, batchLoss: batchLoss,
      gradientNorm: gradientNorm?.value)
  }

  private static func spike(_ progress: StepProgress, median: Double) -> String {
    let times = Int(min(progress.batchLoss / median, 1e15).rounded(.down))
    func short(_ loss: Double) -> String { String(format: "%.4g", loss) }
    return "loss spike at epoch \(progress.epoch), step \(progress.step): the batch's loss "
      + "\(short(progress.batchLoss)) is \(times) times \(short(median)), the median of the \(LossSpikes.window) batches "
      + "before; a smaller learning rate or gradients clipped to a norm help where it happens often"
  }

  private func finishEpoch() throws {
    memory.look()
    let evaluation = try job.validation.map { try evaluate($0) }
    memory.look()
    var record = EpochRecord(
      epoch: position.completedEpochs + 1, loss: position.loss, accuracy: position.accuracy,
      validationLoss: evaluation?.loss, validationAccuracy: evaluation?.accuracy,
      learningRate: job.step.learningRate, seconds: position.seconds, lastLoss: batchLoss)
    for (metric, sum) in zip(trainer.metrics, position.metricSums) {
      record.metrics[metric.name] = sum / Double(max(1, position.images))
      record.metrics["validation_\(metric.name)"] = evaluation?.metrics[metric.name]
    }
    if job.notesGradientNorm {
      let sum = position.metricSums[metricOutputs.count]
      record.metrics[FitJob.gradientNormName] = sum / Double(max(1, position.stepInEpoch))
    }
    history.epochs.append(record)
    position.nextEpoch(after: record)
    earlierRates = nil
    trainer.completedEpochs = position.completedEpochs
    try callbacks.epochEnded(record)
    job.run?.append(.epoch(EpochEvent(record)))
    try save()
    tell(.epoch(record))
    if let guessing, guessing.begins(in: position.epochs, stepsPerEpoch: job.loader.batchCount) {
      tell(.warning(guessing.warning(after: record)))
    }
  }

  private func evaluate(_ data: ImageDataset) throws -> Evaluation {
    guard let weights = job.validationWeights else { return try trainer.evaluate(data) }
    return try trainer.evaluate(
      data, trainer.weightedPrograms().evaluation, trainer.metrics, weights: weights)
  }

  /// Saves everything that a resumed training needs.
  private func save() throws(FileError) {
    guard let setup else { return }
    let notes = TrainingNotes(setup: setup, position: position, spikes: spikes, callbacks: callbacks.json)
    func state() -> TensorFile {
      var file = trainer.parameters.tensorFile(withOptimizer: true, metadata: notes.metadata)
      file.tensors += callbacks.bestTensors
      return file
    }
    try job.run?.saveCheckpoint(state(), epoch: position.completedEpochs)
    try callbacks.save(epoch: position.completedEpochs, isWhole: position.stepInEpoch == 0, state)
  }

  private func end(_ reason: History.StopReason) throws -> History {
    memory.look()
    if reason != .interrupted { try callbacks.restoreBest() }
    history.stopReason = reason
    history.bestEpoch = callbacks.bestEpoch
    history.millisecondsPerStep = Self.median(stepSeconds).map { Double($0) * 1000 }
    history.peakMemoryBytes = memory.bytes
    history.arenaBytes = trainer.arenaBytes
    history.weightsSHA256 = trainer.parameters.sha256
    if let run = job.run, reason != .interrupted, trainer.parameters.firstNonFinite == nil {
      try run.saveWeights(
        trainer.parameters.tensorFile(metadata: [
          "weights_sha256": history.weightsSHA256, "seed": "\(trainer.seed)",
        ]))
    }
    try callbacks.trainingEnded(history)
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
