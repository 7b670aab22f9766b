extension Callback {
  /// Ends the training after the first epoch in which a figure is at most a bound, as `threshold`.
  public static func stop(when monitor: Monitor, atMost bound: Double) -> Callback {
    Callback(name: Threshold.name, settings: "\(monitor.name) at most \(bound)") {
      Threshold(monitor) { $0 <= bound }
    }
  }

  /// Ends the training after the first epoch in which a figure is at least a bound, as `threshold`.
  public static func stop(when monitor: Monitor, atLeast bound: Double) -> Callback {
    Callback(name: Threshold.name, settings: "\(monitor.name) at least \(bound)") {
      Threshold(monitor) { $0 >= bound }
    }
  }

  /// Ends the training where a step's numbers are not finite, as `notFinite`, instead of throwing.
  ///
  /// The weights are those before that step, and `fit` returns its history; without this callback it throws
  /// a `TrainingError` with the same weights in place. Weights that an update itself made too great stay as they are
  /// and are not saved.
  public static var terminateOnNaN: Callback {
    Callback(name: "terminate_on_nan", settings: "ends the training") { NotFiniteStop() }
  }
}

/// Ends the training once a figure is on the right side of a bound.
final class Threshold: PreparedHandler {
  static let name = "stop"
  private let monitor: Monitor
  private let isReached: (Double) -> Bool

  init(_ monitor: Monitor, _ isReached: @escaping (Double) -> Bool) {
    self.monitor = monitor
    self.isReached = isReached
  }

  func prepare(_ context: CallbackContext) throws(TrainingError) {
    try context.require(monitor, for: Self.name)
  }

  func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws {
    if let value = record.value(of: monitor), isReached(value) { control.stop(.threshold) }
  }
}

/// Ends the training at numbers that are not finite.
final class NotFiniteStop: CallbackHandler {
  func stepFailed(_ error: TrainingError, _ control: TrainingControl) throws {
    control.warn("\(error)")
    control.stop(.notFinite)
  }
}
