import MartletNetworks

/// What the rate of a training's next step is made of; a trainer keeps it from one call of `fit` to the next.
package struct TrainingRates: Sendable {
  /// The schedule's rate in this epoch.
  var scheduled: Double
  /// The rate that takes the schedule's place, where a callback gives one.
  var own: Double?
  /// What either is multiplied by.
  var factor = 1.0

  package init(scheduled: Double, own: Double? = nil, factor: Double = 1) {
    self.scheduled = scheduled
    self.own = own
    self.factor = factor
  }
}

/// What a callback may see of a training, and do to it.
public final class TrainingControl {
  /// The weights, statistics and optimizer's state.
  public let parameters: Parameters
  /// The epochs done so far; after a resume those before it too.
  public internal(set) var epochs: [EpochRecord]
  /// What the schedule's rate is multiplied by from the next step on; stays until it is set again.
  public var rateFactor: Double {
    get { rates.factor }
    set { rates.factor = newValue }
  }
  var rates: TrainingRates
  /// Why the training is to end; nil while it goes on.
  package private(set) var stopReason: History.StopReason?
  private let tell: (TrainingEvent) -> Void

  package init(
    _ parameters: Parameters, epochs: [EpochRecord], rates: TrainingRates,
    tell: @escaping (TrainingEvent) -> Void
  ) {
    self.parameters = parameters
    self.epochs = epochs
    self.rates = rates
    self.tell = tell
  }

  /// The rate of the next step.
  public var learningRate: Double { (rates.own ?? rates.scheduled) * rates.factor }

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
