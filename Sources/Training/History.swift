import Foundation
import MartletTensors

/// What one pass over the training images gave.
public struct EpochRecord: Sendable, Equatable {
  /// Counted from 1.
  public var epoch: Int
  /// The mean over the images of the loss, penalties included.
  public var loss: Double
  /// The part of the images that the network classified rightly while it was trained on them.
  public var accuracy: Double
  /// The mean loss of the validation images; nil where there are none.
  public var validationLoss: Double?
  /// The accuracy on the validation images; nil where there are none.
  public var validationAccuracy: Double?
  /// The learning rate of the epoch's last step.
  public var learningRate: Double
  /// The time of the training steps; compiling and validation are not counted.
  public var seconds: Double
  /// The loss of the epoch's last step; nil where it is not known.
  public var lastLoss: Double?
  /// The trainer's metrics by name, those of the validation images with `validation_` before it; where `fit`
  /// was asked for it `gradient_norm`, the mean over the steps.
  public var metrics: [String: Double] = [:]

  /// Creates the record of an epoch of a loop of one's own.
  ///
  /// - Parameters:
  ///   - epoch: Counted from 1.
  ///   - loss: The mean over the images of the loss, penalties included.
  ///   - accuracy: The part of the images that was classified rightly in training; not finite where it was not counted.
  ///   - validationLoss: The mean loss of the validation images; nil where there are none.
  ///   - validationAccuracy: The accuracy on the validation images; nil where there are none.
  ///   - learningRate: The rate of the epoch's last step; not finite where it is of no interest.
  ///   - seconds: The time of the training steps; not finite where it was not measured.
  ///   - lastLoss: The loss of the epoch's last step; nil where it is not known.
  ///   - metrics: Further figures by name.
  public init(
    epoch: Int, loss: Double, accuracy: Double = .nan, validationLoss: Double? = nil,
    validationAccuracy: Double? = nil, learningRate: Double = .nan, seconds: Double = .nan,
    lastLoss: Double? = nil, metrics: [String: Double] = [:]
  ) {
    self.epoch = epoch
    self.loss = loss
    self.accuracy = accuracy
    self.validationLoss = validationLoss
    self.validationAccuracy = validationAccuracy
    self.learningRate = learningRate
    self.seconds = seconds
    self.lastLoss = lastLoss
    self.metrics = metrics
  }
}

/// The record of a training: its epochs and what it cost.
///
/// `Trainer.fit` returns one; a loop of one's own makes it of its epochs, for figures and reports.
public struct History: Sendable, Equatable {
  /// The epochs in order; after a resume those before it too.
  public internal(set) var epochs: [EpochRecord] = []
  /// Why the training ended; `finished` where it is a loop's.
  public internal(set) var stopReason = StopReason.finished
  /// The epoch that was best by what early stopping, or else a checkpoint of the best, watches; nil where
  /// neither does.
  public internal(set) var bestEpoch: Int?
  /// The median time of a training step; nil where there was none.
  public internal(set) var millisecondsPerStep: Double?
  /// The time from the call of `fit` to the end of its first step, compiling included.
  public internal(set) var secondsToFirstStep: Double?
  /// The time from the start of the process to the end of the first step, where the system tells it.
  package internal(set) var processSecondsToFirstStep: Double?
  /// The greatest resident memory seen, without mapped files such as the data set.
  public internal(set) var peakMemoryBytes: Int?
  /// The bytes that the programs use for intermediate results.
  public internal(set) var arenaBytes = 0
  /// The SHA-256 digest of weights and statistics at the end; empty where it is a loop's.
  public internal(set) var weightsSHA256 = ""
  /// The images of a full batch; nil where it is a loop's.
  public internal(set) var batchSize: Int?
  /// Whether a loop of one's own made it, of which only the epochs are known.
  package var isOfLoop: Bool { batchSize == nil }
  /// What else `fit` was asked for, as a report lists it.
  package internal(set) var settings: [JSON.Member] = []
  /// When `fit` was called; nil where it is a loop's.
  package internal(set) var began: Date?

  /// Creates the history of a loop of one's own from its epochs in order.
  public init(epochs: [EpochRecord] = []) { self.epochs = epochs }

  /// The mean time of an epoch's training steps; nil where there was no whole epoch or its time is not known.
  public var secondsPerEpoch: Double? {
    let mean = epochs.reduce(0) { $0 + $1.seconds } / Double(epochs.count)
    return mean.isFinite ? mean : nil
  }
}
