import Foundation
import MartletTensors

/// The folder of one run, owned by the process that trains: the only thing training tells reporting.
///
/// It holds `configuration.json` (written first), `environment.json`, `events.jsonl`, `checkpoints/` and at
/// the end `weights.safetensors` and what a report needs (`ReportMaterial`).
package final class RunFolder {
  /// The path of the folder.
  package let path: String
  /// How the run was configured.
  package let configuration: JSON
  let onProblem: (String) -> Void
  /// Whether the file still holds an older configuration.
  private let isReconfigured: Bool
  private let lock: RunLock
  private let log: EventLog

  private init(
    path: String, configuration: JSON, isReconfigured: Bool = false, lock: RunLock, log: EventLog,
    onProblem: @escaping (String) -> Void
  ) {
    self.path = path
    self.configuration = configuration
    self.isReconfigured = isReconfigured
    self.lock = lock
    self.log = log
    self.onProblem = onProblem
  }

  /// Whether a run was begun at a path, so that it can be resumed.
  package static func exists(at path: String) -> Bool {
    FileManager.default.fileExists(atPath: path + "/" + RunFile.configuration)
  }

  /// Begins a run at a path where there is no folder, or an empty one.
  ///
  /// - Parameters:
  ///   - contents: Writes into the folder, at the path it is given, what the run is nothing without: killed in
  ///     the middle of it, the folder holds no run.
  ///   - onProblem: Hears what is lost without stopping the training.
  package static func create(
    at path: String, configuration: JSON, environment: RunEnvironment,
    contents: (String) throws(FileError) -> Void = { _ in }, onProblem: @escaping (String) -> Void
  ) throws(FileError) -> RunFolder {
    try Folder.create(path)
    guard !exists(at: path) else {
      throw FileError(
        kind: .cannotWrite, path: path,
        description: "\(path) already holds a run; resume it or choose another folder")
    }
    let lock = try RunLock(folder: path)
    let strangers = try names(in: path).filter { $0 != RunFile.lock && !AtomicFile.isTemporary($0) }
    // `environment.json` and `checkpoints` never stand without a configuration: they are somebody else's.
    if let stranger = strangers.first {
      throw FileError(
        kind: .cannotWrite, path: path,
        description: "\(path) is not empty (it holds \(stranger)); choose a new folder for the run")
    }
    // A run that was killed before its configuration stood leaves a hidden file.
    try removeLeftovers(in: path)
    try contents(path)
    try AtomicFile.write(Array(configuration.indentedText.utf8), to: path + "/" + RunFile.configuration)
    try AtomicFile.write(Array(environment.json.indentedText.utf8), to: path + "/" + RunFile.environment)
    try Folder.create(path + "/" + RunFile.checkpoints)
    let log = try EventLog(path: path + "/" + RunFile.events, onProblem: onProblem)
    return RunFolder(path: path, configuration: configuration, lock: lock, log: log, onProblem: onProblem)
  }

  /// Begins a run in a new folder `parent/name-yyyymmdd-hhmmss`, numbered where that is taken.
  package static func create(
    in parent: String, name: String, date: Date = Date(), configuration: JSON, environment: RunEnvironment,
    onProblem: @escaping (String) -> Void
  ) throws(FileError) -> RunFolder {
    try Folder.create(parent)
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyyMMdd-HHmmss"
    let stem = "\(parent)/\(name)-\(formatter.string(from: date))"
    var path = stem
    var number = 2
    // Making the folder is what claims the name, so that two runs begun in one second differ.
    while mkdir(path, 0o777) != 0 {
      guard errno == EEXIST, number < 1000 else { throw .cannotWrite(path, bytes: 0, errno: errno) }
      path = "\(stem)-\(number)"
      number += 1
    }
    return try create(
      at: path, configuration: configuration, environment: environment, onProblem: onProblem)
  }

  /// Takes up a run again at its newest intact checkpoint; nil where it has none, so that it starts anew.
  ///
  /// The results in the folder stay until `begin(after:)`, so that a training that is refused costs none.
  ///
  /// - Parameter changes: Members of the configuration that have other values from then on.
  package static func resume(
    at path: String, changes: [JSON.Member] = [], onProblem: @escaping (String) -> Void
  ) throws(FileError) -> (folder: RunFolder, checkpoint: Checkpoint?) {
    let saved = try RunRecord.json(at: path + "/" + RunFile.configuration)
    let members = saved.members?.map { old in changes.first { $0.key == old.key } ?? old }
    let configuration = members.map(JSON.object) ?? saved
    let lock = try RunLock(folder: path)
    try Folder.create(path + "/" + RunFile.checkpoints)
    try removeLeftovers(in: path)
    try removeLeftovers(in: path + "/" + RunFile.checkpoints)
    let checkpoint = try Checkpoint.latest(in: path, onProblem: onProblem)
    if checkpoint == nil { try RunRecord.load(path).requireNothingToLose() }
    let log = try EventLog(path: path + "/" + RunFile.events, onProblem: onProblem)
    let folder = RunFolder(
      path: path, configuration: configuration, isReconfigured: configuration != saved, lock: lock, log: log,
      onProblem: onProblem)
    return (folder, checkpoint)
  }

  /// Begins to train after so many whole epochs: drops from the folder what came later, and what a report
  /// tells of the training, whose end tells it anew.
  package func begin(after epochs: Int) throws(FileError) {
    if isReconfigured {
      try AtomicFile.write(Array(configuration.indentedText.utf8), to: path + "/" + RunFile.configuration)
    }
    try log.rewind(toEndOf: epochs)
    removeTrainedWeights()
    removeCheckpoints { $0 > epochs }
    ReportMaterial.remove(from: path)
  }

  /// Removes the weights that an earlier training ended with: until this one ends, its checkpoints are newer.
  private func removeTrainedWeights() {
    guard let final = try? RunRecord.finalWeights(of: path), final.isTrained else { return }
    let file = path + "/" + RunFile.weights
    if unlink(file) != 0 {
      onProblem("\(file): the weights of the earlier training could not be removed (error \(errno))")
    }
  }

  /// Appends an event; a failure goes to `onProblem` and does not stop the training.
  package func append(_ event: RunEvent) {
    log.append(event.json)
  }

  /// Makes the events so far durable.
  func syncEvents() {
    log.sync()
  }

  /// The names in a folder, sorted.
  static func names(in folder: String) throws(FileError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      throw .cannotRead(folder, errno: access(folder, R_OK) == 0 ? EIO : errno)
    }
  }

  /// Removes what killed writers left behind.
  static func removeLeftovers(in folder: String) throws(FileError) {
    for name in try names(in: folder) where AtomicFile.isTemporary(name) { unlink("\(folder)/\(name)") }
  }
}

/// The names in a run folder.
package enum RunFile {
  package static let configuration = "configuration.json"
  static let environment = "environment.json"
  static let events = "events.jsonl"
  static let checkpoints = "checkpoints"
  static let best = "checkpoints/best.safetensors"
  package static let weights = "weights.safetensors"
  static let details = "details.json"
  static let predictions = "predictions.safetensors"
  static let views = "views.safetensors"
  static let robustness = "robustness.json"
  static let lock = "owner.lock"
  /// The page of a run or of an experiment.
  package static let report = "report.html"
}
