import Foundation
import MartletRuns
import MartletTensors

/// Which checkpoints a training leaves.
public struct CheckpointRule: Sendable {
  enum Kind: Sendable {
    case best(Monitor, Improvement)
    case last
    case every(epochs: Int)
  }
  let kind: Kind

  /// The weights of the best epoch so far by the validation loss, as `best.safetensors`.
  public static var best: CheckpointRule { .best(monitor: .validationLoss) }

  /// The weights of the best epoch so far, as `best.safetensors`.
  ///
  /// - Parameters:
  ///   - monitor: What is watched; only a strictly better value counts.
  ///   - mode: Which way it gets better.
  public static func best(monitor: Monitor, mode: MonitorMode = .auto) -> CheckpointRule {
    CheckpointRule(kind: .best(monitor, Improvement(monitor, mode, minimumDelta: 0)))
  }

  /// All that a resumed training needs, as `last.safetensors`: after each epoch, and where a training is
  /// interrupted within one.
  public static var last: CheckpointRule { CheckpointRule(kind: .last) }

  /// All that a resumed training needs, after every so many epochs, as `state-0010.safetensors`.
  public static func every(epochs: Int) -> CheckpointRule { CheckpointRule(kind: .every(epochs: epochs)) }
}

extension Callback {
  /// Saves checkpoints; each file is written whole or not at all.
  ///
  /// `Trainer.load` takes the weights from any of them; `fit(resumingFrom:)` goes on from one that is not
  /// of the best epoch.
  ///
  /// - Parameters:
  ///   - rule: Which checkpoints.
  ///   - directory: The folder, made where it is missing; nil takes that of the run's checkpoints, and
  ///     without a run `checkpoints` in the current folder.
  public static func checkpoint(_ rule: CheckpointRule, directory: String? = nil) -> Callback {
    switch rule.kind {
    case .best(let monitor, let improvement):
      Callback(name: CheckpointFolder.name, key: "\(CheckpointFolder.name) best \(improvement.text)") {
        BestSaver(monitor, improvement, CheckpointFolder(directory))
      }
    case .last:
      Callback(name: CheckpointFolder.name) { LastSaver(every: nil, CheckpointFolder(directory)) }
    case .every(let epochs):
      Callback(name: CheckpointFolder.name) { LastSaver(every: epochs, CheckpointFolder(directory)) }
    }
  }
}

/// Where a callback's checkpoints go.
struct CheckpointFolder {
  static let name = "checkpoint"
  private let directory: String?
  private var path = "checkpoints"

  init(_ directory: String?) { self.directory = directory }

  /// Chooses the folder and makes it.
  mutating func prepare(_ context: CallbackContext) throws(TrainingError) {
    path = directory ?? context.run?.checkpointsPath ?? path
    do { try Folder.create(path) } catch {
      throw TrainingError(
        .badArgument, at: Self.name, expected: "a folder that can be made", received: path,
        hint: error.description)
    }
  }

  func write(_ file: TensorFile, as name: String) throws(FileError) {
    try file.write(to: self.path(of: name))
  }

  /// The path of a file in the folder, known once it is prepared.
  func path(of name: String) -> String {
    URL(fileURLWithPath: path).appendingPathComponent(name).standardizedFileURL.path
  }
}

/// Saves the weights of the best epoch.
final class BestSaver: PreparedHandler, BestEpochHolder {
  private static let file = "best.safetensors"
  /// A file that no other callback may write.
  var path: String { folder.path(of: Self.file) }
  private(set) var bestEpoch: Int?
  private let monitor: Monitor
  private let improvement: Improvement
  private var folder: CheckpointFolder
  private var best: Double?

  init(_ monitor: Monitor, _ improvement: Improvement, _ folder: CheckpointFolder) {
    self.monitor = monitor
    self.improvement = improvement
    self.folder = folder
  }

  var state: [String: Double] {
    get {
      var numbers: [String: Double] = [:]
      numbers["best"] = best
      numbers["best_epoch"] = bestEpoch.map { Double($0) }
      return numbers
    }
    set {
      best = newValue["best"]
      bestEpoch = newValue["best_epoch"].map { Int($0) }
    }
  }

  func prepare(_ context: CallbackContext) throws(TrainingError) {
    try context.require(monitor, for: CheckpointFolder.name)
    try folder.prepare(context)
  }

  func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws {
    guard let value = record.value(of: monitor), improvement.isBetter(value, than: best) else { return }
    try folder.write(
      control.parameters.tensorFile(metadata: ["epoch": "\(record.epoch)", monitor.name: "\(value)"]),
      as: Self.file)
    best = value
    bestEpoch = record.epoch
  }
}

/// Saves all that a resumed training needs.
final class LastSaver: PreparedHandler, StateSaver {
  private let every: Int?
  private var folder: CheckpointFolder

  init(every: Int?, _ folder: CheckpointFolder) {
    self.every = every
    self.folder = folder
  }

  func prepare(_ context: CallbackContext) throws(TrainingError) {
    if let every, every < 1 {
      throw .badSetting(CheckpointFolder.name, "every", expected: "at least 1 epoch", received: every)
    }
    try folder.prepare(context)
  }

  func save(epoch: Int, isWhole: Bool, _ state: () -> TensorFile) throws(FileError) {
    guard let every else { return try folder.write(state(), as: "last.safetensors") }
    guard isWhole, epoch % every == 0 else { return }
    let digits = String(epoch)
    let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
    try folder.write(state(), as: "state-\(zeros)\(digits).safetensors")
  }
}
