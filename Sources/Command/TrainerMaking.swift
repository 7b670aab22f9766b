import MartletNetworks
import MartletRuns
import MartletTraining

extension RunConfiguration {
  /// A trainer with initial weights.
  func trainer(threads: Int) throws -> Trainer {
    let settings = system.settings
    let network = try network()
    let seed = UInt64(settings.seed)
    switch settings.optimizer {
    case .adam:
      return try Trainer(
        network, optimizer: Adam(learningRate: settings.learningRate), loss: settings.loss.loss,
        schedule: settings.schedule.schedule, seed: seed, threads: threads, stopToken: Interruption.token)
    case .sgd:
      return try Trainer(
        network, optimizer: SGD(learningRate: settings.learningRate), loss: settings.loss.loss,
        schedule: settings.schedule.schedule, seed: seed, threads: threads, stopToken: Interruption.token)
    }
  }
}

extension ResultEvent {
  /// Notes what was measured on the test and the training images.
  mutating func note(test: Evaluation, train: Evaluation) {
    testAccuracy = test.accuracy
    testLoss = test.loss
    trainAccuracy = train.accuracy
    trainLoss = train.loss
    precision = test.weighted.precision
    recall = test.weighted.recall
    f1 = test.weighted.f1
    perClass = test.perClass.map {
      ClassScore(name: $0.name, precision: $0.precision, recall: $0.recall, f1: $0.f1, support: $0.support)
    }
    confusion = test.confusion
  }

  /// Notes what the training cost; what was not measured now, as no step was left, stays.
  mutating func note(_ history: History) {
    stopReason = history.stopReason.text
    epochs = history.epochs.count
    secondsPerEpoch = history.secondsPerEpoch
    millisecondsPerStep = history.millisecondsPerStep ?? millisecondsPerStep
    secondsToFirstStep = history.processSecondsToFirstStep ?? history.secondsToFirstStep ?? secondsToFirstStep
    peakMemoryBytes = history.peakMemoryBytes
    arenaBytes = history.arenaBytes
    weightsSHA256 = history.weightsSHA256
  }
}
