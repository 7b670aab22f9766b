extension Callback {
  /// Sets the rate of each epoch by a function of one's own, as Keras's `LearningRateScheduler`.
  ///
  /// It takes the place of the trainer's schedule, which must be constant. A reduction on a plateau
  /// multiplies its rate.
  ///
  /// - Parameter rate: The rate of an epoch, counted from 0, given the rate that this function gave for the
  ///   epoch before it, at first the optimizer's; called once for each epoch.
  public static func rateSchedule(
    _ rate: @escaping @Sendable (_ epoch: Int, _ rate: Double) -> Double
  ) -> Callback {
    Callback(name: OwnSchedule.name, settings: "a function of epoch and rate") { OwnSchedule(rate) }
  }
}

/// Asks a function for each epoch's rate.
final class OwnSchedule: PreparedHandler {
  static let name = "rate_schedule"
  private let rate: @Sendable (Int, Double) -> Double

  init(_ rate: @escaping @Sendable (Int, Double) -> Double) { self.rate = rate }

  func prepare(_ context: CallbackContext) throws(TrainingError) {
    guard context.schedule.name == "Constant" else {
      throw TrainingError(
        .badArgument, at: Self.name, expected: "a trainer with a constant schedule, whose place it takes",
        received: "the schedule \(context.schedule.name)",
        hint: "give the trainer the schedule, or the callback, not both")
    }
  }

  func epochBegan(_ epoch: Int, _ control: TrainingControl) throws {
    let next = rate(epoch - 1, control.rates.own ?? control.rates.scheduled)
    guard next.isFinite, next >= 0 else {
      throw TrainingError(
        .badArgument, at: "\(Self.name), epoch \(epoch)", expected: "a finite rate of at least 0",
        received: "\(next)")
    }
    control.rates.own = next
  }
}
