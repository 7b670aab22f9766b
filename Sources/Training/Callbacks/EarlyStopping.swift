import MartletTensors

extension Callback {
  /// Ends the training once a figure has not improved for some epochs.
  ///
  /// Only a strictly better value is an improvement. The best epoch's weights and statistics are put in
  /// place at the end, also where the training ends by itself; the optimizer's state stays. An interrupted
  /// training keeps its last weights, and the best ones travel in its checkpoint.
  ///
  /// - Parameters:
  ///   - monitor: What is watched.
  ///   - patience: The epochs without an improvement after which the training ends; as in Keras never
  ///     after the first epoch.
  ///   - minimumDelta: By how much a value must be better to count.
  ///   - mode: Which way it gets better.
  ///   - restoreBestWeights: Whether the best epoch's weights are put in place at the end.
  ///   - startFromEpoch: The epochs at the beginning that are not looked at.
  ///   - baseline: A value that must be passed too for patience to begin anew; nil asks for none.
  public static func earlyStopping(
    monitor: Monitor = .validationLoss, patience: Int = 0, minimumDelta: Double = 0,
    mode: MonitorMode = .auto, restoreBestWeights: Bool = true, startFromEpoch: Int = 0,
    baseline: Double? = nil
  ) -> Callback {
    let improvement = Improvement(monitor, mode, minimumDelta: minimumDelta)
    let text =
      "\(improvement.text) patience \(patience) from \(startFromEpoch) baseline "
      + "\(baseline.map { "\($0)" } ?? "none") restore \(restoreBestWeights)"
    return Callback(name: EarlyStopping.name, settings: text) {
      EarlyStopping(
        monitor, improvement, patience: patience, restoresBest: restoreBestWeights,
        startFromEpoch: startFromEpoch, baseline: baseline)
    }
  }
}

/// Counts the epochs since the last improvement; the rule is Keras 3's, checked against its own course.
final class EarlyStopping: BestWeightsKeeper, PreparedHandler {
  static let name = "early_stopping"
  private(set) var bestEpoch: Int?
  var bestWeights: TensorFile?
  let restoresBest: Bool
  private let monitor: Monitor
  private let improvement: Improvement
  private let patience: Int
  private let startFromEpoch: Int
  private let baseline: Double?
  private var best: Double?
  private var wait = 0

  init(
    _ monitor: Monitor, _ improvement: Improvement, patience: Int, restoresBest: Bool,
    startFromEpoch: Int, baseline: Double?
  ) {
    self.monitor = monitor
    self.improvement = improvement
    self.patience = patience
    self.restoresBest = restoresBest
    self.startFromEpoch = startFromEpoch
    self.baseline = baseline
  }

  var state: [String: Double] {
    get {
      var numbers = ["wait": Double(wait)]
      numbers["best"] = best
      numbers["best_epoch"] = bestEpoch.map { Double($0) }
      return numbers
    }
    set {
      wait = Int(newValue["wait"] ?? 0)
      best = newValue["best"]
      bestEpoch = newValue["best_epoch"].map { Int($0) }
    }
  }

  func prepare(_ context: CallbackContext) throws(TrainingError) {
    guard patience >= 0 else {
      throw .badSetting(Self.name, "patience", expected: "at least 0 epochs", received: patience)
    }
    try context.require(monitor, for: Self.name)
  }

  func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws {
    guard let value = record.value(of: monitor), record.epoch > startFromEpoch else { return }
    wait += 1
    if improvement.isBetter(value, than: best) {
      best = value
      bestEpoch = record.epoch
      if restoresBest { bestWeights = control.parameters.tensorFile(metadata: [:]) }
      // Patience begins anew only where the baseline is passed too.
      if baseline.map({ improvement.isBetter(value, than: $0) }) ?? true { wait = 0 }
    } else if wait >= patience, record.epoch > 1 {
      control.stop(.earlyStopping)
    }
  }
}
