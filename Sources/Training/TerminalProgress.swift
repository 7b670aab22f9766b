import MartletNetworks

/// Writes the course of a training as text: a bar that moves on a terminal, else a line for each epoch.
///
/// ```swift
/// let progress = TerminalProgress(isTerminal: isatty(2) == 1) { FileHandle.standardError.write(Data($0.utf8)) }
/// try trainer.fit(train, epochs: 5, progress: progress.report)
/// ```
public final class TerminalProgress {
  private let isTerminal: Bool
  private let width: Int
  private let write: (String) -> Void
  private let interval: Duration
  private var plan: TrainingPlan?
  /// The images already done when the epoch's clock began, as after a resume.
  private var imagesBefore = 0
  private var epochStart = ContinuousClock.now
  private var lastUpdate: ContinuousClock.Instant?

  /// Creates a writer.
  ///
  /// - Parameters:
  ///   - isTerminal: Whether lines can be written over; without, no control characters are written.
  ///   - width: The columns of the terminal.
  ///   - interval: The least time between two pictures of the bar.
  ///   - write: Writes a piece of text as it is.
  public init(
    isTerminal: Bool, width: Int = 80, interval: Duration = .milliseconds(100),
    write: @escaping (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.width = width
    self.interval = interval
    self.write = write
  }

  /// Takes note of an event; give it to `fit(progress:)`.
  public func report(_ event: TrainingEvent) {
    switch event {
    case .began(let plan): begin(plan)
    case .step(let step): show(step)
    case .epoch(let record): line(Self.text(record, of: plan?.epochs ?? record.epoch)); startEpoch(0)
    case .warning(let text): line("warning: \(text)")
    case .ended(let history):
      if let text = Self.ending(history) { line(text) }
    }
  }

  /// Why a training ended; nil where all its epochs were trained.
  private static func ending(_ history: History) -> String? {
    let count = "after \(history.epochs.count) whole epochs"
    let best = history.bestEpoch.map { "; the best was epoch \($0)" } ?? ""
    switch history.stopReason {
    case .finished: return nil
    case .interrupted: return "stopped \(count)"
    case .earlyStopping: return "stopped early \(count)\(best)"
    case .threshold: return "stopped at the bound set for it \(count)\(best)"
    case .notFinite: return "stopped at numbers that are not finite \(count)\(best)"
    case .callback(let reason): return "stopped by a callback \(count): \(reason)\(best)"
    }
  }

  private func begin(_ plan: TrainingPlan) {
    self.plan = plan
    startEpoch(plan.firstStep * plan.batchSize)
    guard plan.firstEpoch > 1 || plan.firstStep > 0 else { return }
    guard plan.firstEpoch <= plan.epochs else {
      return line("all \(plan.epochs) epochs are done; the network is measured again")
    }
    let place = plan.firstStep > 0 ? " after step \(plan.firstStep) of \(plan.steps)" : ""
    line("going on with epoch \(plan.firstEpoch) of \(plan.epochs)\(place)")
  }

  private func startEpoch(_ images: Int) {
    imagesBefore = images
    epochStart = ContinuousClock.now
    lastUpdate = nil
  }

  /// Writes a whole line, over the bar where there is one.
  private func line(_ text: String) {
    write(isTerminal ? "\r\(text)\(Self.clearRest)\n" : "\(text)\n")
  }

  private func show(_ step: StepProgress) {
    guard isTerminal, let plan else { return }
    let now = ContinuousClock.now
    if let lastUpdate, now - lastUpdate < interval, step.step < step.steps { return }
    lastUpdate = now
    write("\r\(bar(step, plan, elapsed: (now - epochStart).seconds))\(Self.clearRest)")
  }

  private static let clearRest = "\u{1B}[K"

  /// `Epoch 1/5 [=====>    ] 312/938  12,345 images/s  0:07 left  loss 0.3212  accuracy 0.8912`.
  package func bar(_ step: StepProgress, _ plan: TrainingPlan, elapsed: Double) -> String {
    let rate = Double(step.images - imagesBefore) / max(elapsed, 1e-9)
    let left = Double(plan.images - step.images) / max(rate, 1e-9)
    let before = "Epoch \(step.epoch)/\(plan.epochs) "
    let after =
      " \(step.step)/\(step.steps)  \(Summary.grouped(Int(rate))) images/s  \(Self.clock(left)) left  "
      + "loss \(Self.fixed(step.loss, 4))  accuracy \(Self.fixed(step.accuracy, 4))"
    // The last column stays free, because some terminals begin a new line there.
    let cells = min(30, width - 1 - before.count - after.count - 2)
    guard cells >= 4 else { return String((before + after.dropFirst()).prefix(max(0, width - 1))) }
    let filled = min(cells, cells * step.step / max(1, step.steps))
    let tip = filled < cells ? ">" : ""
    let blank = cells - filled - tip.count
    return before + "[" + String(repeating: "=", count: filled) + tip + String(repeating: " ", count: blank)
      + "]" + after
  }

  /// `Epoch 1/5  7.9 s  loss 0.3212  accuracy 0.8912  validation loss 0.2913  validation accuracy 0.9012`.
  package static func text(_ record: EpochRecord, of epochs: Int) -> String {
    var parts = [
      "Epoch \(record.epoch)/\(epochs)", "\(fixed(record.seconds, 1)) s", "loss \(fixed(record.loss, 4))",
      "accuracy \(fixed(record.accuracy, 4))",
    ]
    if let loss = record.validationLoss { parts.append("validation loss \(fixed(loss, 4))") }
    if let accuracy = record.validationAccuracy { parts.append("validation accuracy \(fixed(accuracy, 4))") }
    return parts.joined(separator: "  ")
  }

  /// A number with so many decimals, of which a `Double` knows 15, whatever the locale.
  package static func fixed(_ number: Double, _ decimals: Int) -> String {
    let decimals = min(decimals, 15)
    let scale = (0..<decimals).reduce(1) { value, _ in value * 10 }
    guard abs(number) * Double(scale) < 1e18 else { return "\(number)" }
    let rounded = Int((abs(number) * Double(scale)).rounded())
    let fraction = String(rounded % scale)
    let zeros = String(repeating: "0", count: decimals - (decimals == 0 ? 0 : fraction.count))
    let sign = number < 0 && rounded > 0 ? "-" : ""
    return "\(sign)\(rounded / scale)" + (decimals == 0 ? "" : ".\(zeros)\(fraction)")
  }

  /// `0:07`, `12:34` or `1:02:03`.
  package static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e7 else { return "?" }
    let whole = Int(seconds.rounded(.up))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }
}
