/// The figure of an epoch that a callback watches.
public enum Monitor: Sendable, Hashable {
  /// The training loss.
  case loss
  /// The training accuracy.
  case accuracy
  /// The loss of the validation images.
  case validationLoss
  /// The accuracy on the validation images.
  case validationAccuracy
  /// One of the trainer's metrics by name, with `validation_` before it for that of the validation images.
  case metric(String)

  /// One of the trainer's metrics, of the validation images.
  public static func validationMetric(_ name: String) -> Monitor { .metric("validation_\(name)") }

  /// The name in machine output, such as `validation_loss`.
  public var name: String {
    switch self {
    case .loss: "loss"
    case .accuracy: "accuracy"
    case .validationLoss: "validation_loss"
    case .validationAccuracy: "validation_accuracy"
    case .metric(let name): name
    }
  }
}

/// Which way a figure gets better; Keras's `mode`.
public enum MonitorMode: String, Sendable {
  /// Smaller for losses, errors and norms, by their name; greater for everything else.
  case auto
  /// Smaller is better.
  case min
  /// Greater is better.
  case max
}

extension EpochRecord {
  /// The figure that is watched; nil where the epoch has none.
  public func value(of monitor: Monitor) -> Double? {
    switch monitor {
    case .loss: loss
    case .accuracy: accuracy
    case .validationLoss: validationLoss
    case .validationAccuracy: validationAccuracy
    case .metric(let name): metrics[name]
    }
  }
}

/// When a figure counts as better: strictly, by more than a least change.
struct Improvement {
  private let monitor: Monitor
  private let mode: MonitorMode
  private let minimumDelta: Double

  init(_ monitor: Monitor, _ mode: MonitorMode, minimumDelta: Double) {
    self.monitor = monitor
    self.mode = mode
    self.minimumDelta = abs(minimumDelta)
  }

  private var isSmallerBetter: Bool {
    switch mode {
    case .min: true
    case .max: false
    case .auto:
      Self.smallerBetter.contains { monitor.name.contains($0) }
        || monitor.name.split(separator: "_").contains("norm")
    }
  }

  /// Parts of the names of figures that get better by getting smaller: every loss has one.
  private static let smallerBetter = ["loss", "error", "entropy", "hinge", "huber"]

  /// Whether a value is better than the best so far; what is not a number never is.
  func isBetter(_ value: Double, than best: Double?) -> Bool {
    guard !value.isNaN else { return false }
    guard let best else { return true }
    return isSmallerBetter ? value + minimumDelta < best : value - minimumDelta > best
  }

  /// The words for it in a checkpoint's settings.
  var text: String { "\(monitor.name) \(mode.rawValue) delta \(minimumDelta)" }
}
