import MartletNetworks

/// What a callback may see of a training, and do to it.
public final class TrainingControl {
  /// The weights, statistics and optimizer's state.
  public let parameters: Parameters
  /// The epochs done so far; after a resume those before it too.
  public internal(set) var epochs: [EpochRecord]
  /// What the schedule's rate is multiplied by from the next step on; stays until it is set again.
  public var rateFactor = 1.0
  /// The rate that takes the schedule's place, where a callback gives one.
  var ownRate: Double?
  /// The schedule's rate in this epoch.
  var scheduledRate: Double
  /// Why the training is to end; nil while it goes on.
  package private(set) var stopReason: History.StopReason?
  private let tell: (TrainingEvent) -> Void

  package init(
    _ parameters: Parameters, epochs: [EpochRecord], scheduledRate: Double,
    tell: @escaping (TrainingEvent) -> Void
  ) {
    self.parameters = parameters
    self.epochs = epochs
    self.scheduledRate = scheduledRate
    self.tell = tell
  }

  /// The rate of the next step.
  public var learningRate: Double { (ownRate ?? scheduledRate) * rateFactor }

  /// Whether a callback has asked to stop.
  public var isStopping: Bool { stopReason != nil }

  /// Ends the training after this step or epoch, as `StopReason.callback`; the first reason counts.
  public func stop(_ reason: String) { stop(.callback(reason)) }

  func stop(_ reason: History.StopReason) {
    if stopReason == nil { stopReason = reason }
  }

  /// Tells the user something; the training goes on.
  public func warn(_ text: String) { tell(.warning(text)) }
}
