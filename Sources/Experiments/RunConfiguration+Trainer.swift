import MartletCPU
import MartletDatasets
import MartletNetworks
import MartletTraining

extension RunConfiguration {
  /// A trainer with initial weights.
  ///
  /// - Parameter training: The training images, whose classes are counted where they are to be balanced; a
  ///   batch of them must fit into memory.
  package func trainer(
    threads: Int, stopToken: StopToken = StopToken(), training: ImageDataset? = nil
  ) throws -> Trainer {
    if let training { try requireMemory(images: training.count, threads: threads) }
    let settings = system.settings
    return try Trainer(
      try network(), optimizer: settings.optimizer.optimizer(learningRate: settings.learningRate),
      loss: settings.loss.loss, penalties: settings.penalties.penalties,
      classWeights: settings.balancesClasses ? training?.balancedClassWeights : nil,
      gradients: settings.clipping.change,
      schedule: settings.schedule.schedule(learningRate: settings.learningRate),
      seed: UInt64(settings.seed), threads: threads, exact: settings.exact, stopToken: stopToken)
  }

  /// A trainer whose programs are looked at and never run: no memory is taken for them.
  package func planningTrainer(threads: Int) throws -> Trainer {
    let trainer = try trainer(threads: threads)
    trainer.step.engine.arena.planOnly()
    return trainer
  }

  /// Refuses batches of so many images at most for whose step there is no memory.
  ///
  /// - Parameter isAvailable: Whether the system gives so many bytes.
  package func requireMemory(
    images: Int, threads: Int, isAvailable: (_ bytes: Int) -> Bool = Arena.isAvailable
  ) throws {
    let batch = min(system.settings.batchSize, images)
    // A step takes about three times the layers' outputs at most: it is planned only where that is much.
    let outputs = try network().summary(batchSize: batch).activationBytes
    guard !isAvailable(4 * outputs) else { return }
    let bytes = try planningTrainer(threads: threads).stepMemory(batchSize: batch)
    guard !isAvailable(bytes) else { return }
    throw SettingError(
      at: "--batch-size", expected: "a batch whose training step fits into memory",
      received: "\(batch) images, which take \(Summary.size(bytes))", hint: "choose a smaller batch")
  }
}

extension TrainingSettings {
  /// What listens to the training.
  func callbacks(
    runningLoss tell: @escaping @Sendable (_ epoch: Int, _ batch: Int, _ loss: Double) -> Void
  ) -> [Callback] {
    var callbacks: [Callback] = []
    if let runningLoss { callbacks.append(.runningLoss(every: runningLoss, tell)) }
    if let plateau { callbacks.append(.reduceOnPlateau(patience: plateau)) }
    if let stopLoss { callbacks.append(.stop(when: .loss, atMost: stopLoss)) }
    if let patience { callbacks.append(.earlyStopping(patience: patience)) }
    if validation != .none { callbacks.append(.checkpoint(.best)) }
    return callbacks
  }
}

extension TrainingSystem {
  /// The training and test images as the system uses them.
  package func prepared(_ data: SystemData) throws -> TrainTest {
    var train = try settings.sampling.applied(to: data.train)
    let test = try settings.sampling.applied(to: data.test)
    if let limit = settings.limit { train = train.prefix(limit) }
    return (train, test)
  }
}
