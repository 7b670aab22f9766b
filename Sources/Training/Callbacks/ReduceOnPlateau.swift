extension Callback {
  /// Multiplies the rate by a factor whenever a figure has not improved for some epochs.
  ///
  /// The rate of the trainer's schedule is multiplied, so that both work together; schedules that set the
  /// rate by themselves from step to step are refused. Defaults and rule are those of Keras's
  /// `ReduceLROnPlateau`.
  ///
  /// - Parameters:
  ///   - monitor: What is watched.
  ///   - factor: What the rate is multiplied by, above 0 and below 1.
  ///   - patience: The epochs without an improvement after which the rate is reduced.
  ///   - minimumDelta: By how much a value must be better to count.
  ///   - mode: Which way it gets better.
  ///   - cooldown: The epochs after a reduction in which none is counted.
  ///   - minimumRate: A rate that no reduction goes below.
  public static func reduceOnPlateau(
    monitor: Monitor = .validationLoss, factor: Double = 0.1, patience: Int = 10,
    minimumDelta: Double = 1e-4, mode: MonitorMode = .auto, cooldown: Int = 0, minimumRate: Double = 0
  ) -> Callback {
    let improvement = Improvement(monitor, mode, minimumDelta: minimumDelta)
    let text =
      "\(improvement.text) factor \(factor) patience \(patience) cooldown \(cooldown) minimum \(minimumRate)"
    return Callback(name: ReduceOnPlateau.name, settings: text) {
      ReduceOnPlateau(
        monitor, improvement, factor: factor, patience: patience, cooldown: cooldown,
        minimumRate: minimumRate)
    }
  }
}

/// Counts the epochs on a plateau; the rule is Keras 3's, checked against its own course.
final class ReduceOnPlateau: PreparedHandler {
  static let name = "reduce_on_plateau"
  private let monitor: Monitor
  private let improvement: Improvement
  private let factor: Double
  private let patience: Int
  private let cooldown: Int
  private let minimumRate: Double
  private var best: Double?
  private var wait = 0
  private var cooling = 0

  init(
    _ monitor: Monitor, _ improvement: Improvement, factor: Double, patience: Int, cooldown: Int,
    minimumRate: Double
  ) {
    self.monitor = monitor
    self.improvement = improvement
    self.factor = factor
    self.patience = patience
    self.cooldown = cooldown
    self.minimumRate = minimumRate
  }

  var state: [String: Double] {
    get {
      var numbers = ["wait": Double(wait), "cooling": Double(cooling)]
      numbers["best"] = best
      return numbers
    }
    set {
      wait = Int(newValue["wait"] ?? 0)
      cooling = Int(newValue["cooling"] ?? 0)
      best = newValue["best"]
    }
  }

  func prepare(_ context: CallbackContext) throws(TrainingError) {
    guard factor > 0, factor < 1 else {
      throw .badSetting(Self.name, "factor", expected: "a number above 0 and below 1", received: factor)
    }
    guard patience >= 0 else {
      throw .badSetting(Self.name, "patience", expected: "at least 0 epochs", received: patience)
    }
    guard cooldown >= 0 else {
      throw .badSetting(Self.name, "cooldown", expected: "at least 0 epochs", received: cooldown)
    }
    guard minimumRate >= 0, minimumRate.isFinite else {
      throw .badSetting(Self.name, "minimum rate", expected: "at least 0", received: minimumRate)
    }
    if let conflict = context.schedule.plateauConflict {
      throw TrainingError(
        .badArgument, at: Self.name, expected: "a schedule that can be multiplied by its factor",
        received: "\(context.schedule.name): \(conflict)",
        hint: "give the trainer another schedule, or leave the callback out")
    }
    try context.require(monitor, for: Self.name)
  }

  func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws {
    guard let value = record.value(of: monitor) else { return }
    if cooling > 0 {
      cooling -= 1
      wait = 0
    }
    if improvement.isBetter(value, than: best) {
      best = value
      wait = 0
    } else if cooling == 0 {
      wait += 1
      if wait >= patience { reduce(control) }
    }
  }

  private func reduce(_ control: TrainingControl) {
    let rate = control.learningRate
    guard rate > minimumRate else { return }
    // Multiplying the factor itself keeps the last digit of a schedule's rates.
    control.rateFactor *= rate * factor < minimumRate ? minimumRate / rate : factor
    cooling = cooldown
    wait = 0
  }
}
