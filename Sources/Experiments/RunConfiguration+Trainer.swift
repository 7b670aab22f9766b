import MartletDatasets
import MartletNetworks
import MartletTraining

extension RunConfiguration {
  /// A trainer with initial weights.
  ///
  /// - Parameter training: The training images, whose classes are counted where they are to be balanced.
  package func trainer(
    threads: Int, stopToken: StopToken = StopToken(), training: ImageDataset? = nil
  ) throws -> Trainer {
    let settings = system.settings
    return try Trainer(
      try network(), optimizer: settings.optimizer.optimizer(learningRate: settings.learningRate),
      loss: settings.loss.loss, penalties: settings.penalties.penalties,
      classWeights: settings.balancesClasses ? training?.balancedClassWeights : nil,
      gradients: settings.clipping.change,
      schedule: settings.schedule.schedule(learningRate: settings.learningRate),
      seed: UInt64(settings.seed), threads: threads, exact: settings.exact, stopToken: stopToken)
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
