import MartletRuns
import MartletTensors

/// How far a training has come: all that a checkpoint holds besides tensors.
struct TrainingPosition: Equatable {
  /// The whole epochs done.
  var completedEpochs: Int
  /// The steps done since the beginning of the training.
  var steps: Int
  /// The steps done in the epoch under way.
  var stepInEpoch = 0
  /// The images trained on in the epoch under way.
  var images = 0
  /// The sum of their losses.
  var lossSum = 0.0
  /// How many of them were classified rightly.
  var correct = 0
  /// The sums of the trainer's metrics over them.
  var metricSums: [Double]
  /// The time of the steps of the epoch under way.
  var seconds = 0.0
  /// The epochs done.
  var epochs: [EpochRecord] = []

  init(completedEpochs: Int, steps: Int, metrics: Int) {
    self.completedEpochs = completedEpochs
    self.steps = steps
    metricSums = [Double](repeating: 0, count: metrics)
  }

  /// The mean loss of the epoch so far.
  var loss: Double { lossSum / Double(max(1, images)) }
  /// The accuracy of the epoch so far.
  var accuracy: Double { Double(correct) / Double(max(1, images)) }

  mutating func nextEpoch(after record: EpochRecord) {
    var next = TrainingPosition(
      completedEpochs: completedEpochs + 1, steps: steps, metrics: metricSums.count)
    next.epochs = epochs + [record]
    self = next
  }

  var json: JSON {
    [
      "completed_epochs": .integer(completedEpochs), "steps": .integer(steps),
      "step_in_epoch": .integer(stepInEpoch), "images": .integer(images), "loss_sum": .number(lossSum),
      "correct": .integer(correct), "seconds": .number(seconds),
      "metric_sums": .array(metricSums.map { .number($0) }),
      "epochs": .array(epochs.map { EpochEvent($0).json }),
    ]
  }

  init?(_ json: JSON) {
    guard let completed = json["completed_epochs"]?.intValue, let steps = json["steps"]?.intValue,
      let step = json["step_in_epoch"]?.intValue, let images = json["images"]?.intValue,
      let lossSum = json["loss_sum"]?.doubleValue, let correct = json["correct"]?.intValue,
      let sums = json["metric_sums"]?.arrayValue, let seconds = json["seconds"]?.doubleValue,
      let epochs = json["epochs"]?.arrayValue,
      completed >= 0, steps >= 0, step >= 0, images >= 0, correct >= 0
    else { return nil }
    completedEpochs = completed
    self.steps = steps
    stepInEpoch = step
    self.images = images
    self.lossSum = lossSum
    self.correct = correct
    metricSums = sums.map { $0.doubleValue ?? .nan }
    self.seconds = seconds
    self.epochs = epochs.compactMap { EpochEvent($0) }.map { EpochRecord($0) }
  }
}

extension EpochEvent {
  /// The line of an epoch in the run's log and in machine output.
  package init(_ record: EpochRecord) {
    self.init(
      epoch: record.epoch, loss: record.loss, accuracy: record.accuracy.isFinite ? record.accuracy : nil,
      validationLoss: record.validationLoss,
      validationAccuracy: record.validationAccuracy, learningRate: record.learningRate,
      seconds: record.seconds, lastLoss: record.lastLoss, metrics: record.metrics)
  }
}

extension EpochRecord {
  package init(_ event: EpochEvent) {
    self.init(
      epoch: event.epoch, loss: event.loss, accuracy: event.accuracy ?? .nan,
      validationLoss: event.validationLoss, validationAccuracy: event.validationAccuracy,
      learningRate: event.learningRate, seconds: event.seconds, lastLoss: event.lastLoss,
      metrics: event.metrics)
  }
}
