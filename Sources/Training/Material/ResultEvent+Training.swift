import MartletRuns

extension ResultEvent {
  /// Notes what was measured on the test and the training images.
  package mutating func note(test: Evaluation, train: Evaluation?) {
    testAccuracy = test.accuracy
    testLoss = test.loss
    trainAccuracy = train?.accuracy
    trainLoss = train?.loss
    precision = test.weighted.precision
    recall = test.weighted.recall
    f1 = test.weighted.f1
    perClass = test.perClass.map { ClassScore($0) }
    confusion = test.confusion
  }

  /// Notes what the training cost; what was not measured now, as no step was left, stays.
  package mutating func note(_ history: History) {
    if !history.isOfLoop {
      stopReason = history.stopReason.text
      arenaBytes = history.arenaBytes
    }
    epochs = history.epochs.count
    secondsPerEpoch = history.secondsPerEpoch
    millisecondsPerStep = history.millisecondsPerStep ?? millisecondsPerStep
    secondsToFirstStep = history.processSecondsToFirstStep ?? history.secondsToFirstStep ?? secondsToFirstStep
    peakMemoryBytes = history.peakMemoryBytes
    weightsSHA256 = history.weightsSHA256
  }
}

extension ResultEvent.ClassScore {
  package init(_ score: Evaluation.ClassScore) {
    self.init(
      name: score.name, precision: score.precision, recall: score.recall, f1: score.f1, support: score.support
    )
  }
}
