/// What a training tells while it runs; a library does not print by itself.
public enum TrainingEvent: Sendable {
  /// The training begins or is resumed.
  case began(TrainingPlan)
  /// One training step was made.
  case step(StepProgress)
  /// An epoch and its validation are done.
  case epoch(EpochRecord)
  /// Something the user should know; the training goes on.
  case warning(String)
  /// The training ended.
  case ended(History)
}

/// What a training is about to do.
public struct TrainingPlan: Sendable, Equatable {
  /// The number of the last epoch.
  public let epochs: Int
  /// The number of the first epoch trained now, from 1.
  public let firstEpoch: Int
  /// The step of that epoch at which the training is resumed; 0 where it begins anew.
  public let firstStep: Int
  /// The images of an epoch.
  public let images: Int
  /// The images of the validation; 0 where there is none.
  public let validationImages: Int
  /// The images of a full batch.
  public let batchSize: Int
  /// The steps of an epoch.
  public let steps: Int

  package init(
    epochs: Int, firstEpoch: Int, firstStep: Int, images: Int, validationImages: Int, batchSize: Int,
    steps: Int
  ) {
    self.epochs = epochs
    self.firstEpoch = firstEpoch
    self.firstStep = firstStep
    self.images = images
    self.validationImages = validationImages
    self.batchSize = batchSize
    self.steps = steps
  }
}

/// Where a training stands after a step.
public struct StepProgress: Sendable, Equatable {
  /// The epoch, from 1.
  public let epoch: Int
  /// The steps done in this epoch.
  public let step: Int
  /// The steps of an epoch.
  public let steps: Int
  /// The images done in this epoch.
  public let images: Int
  /// The mean loss of the epoch so far.
  public let loss: Double
  /// The accuracy of the epoch so far.
  public let accuracy: Double
  /// The loss of this step's batch.
  public let batchLoss: Double
  /// The norm of this step's gradients; nil where `fit` was not asked for it.
  public let gradientNorm: Double?

  package init(
    epoch: Int, step: Int, steps: Int, images: Int, loss: Double, accuracy: Double, batchLoss: Double,
    gradientNorm: Double? = nil
  ) {
    self.epoch = epoch
    self.step = step
    self.steps = steps
    self.images = images
    self.loss = loss
    self.accuracy = accuracy
    self.batchLoss = batchLoss
    self.gradientNorm = gradientNorm
  }
}
