import Foundation
import MartletExperiments
import MartletRuns
import MartletTensors
import MartletTraining

/// Gives each trial of an experiment a process of its own: `martlet trial`.
///
/// So memory is measured for each trial, nothing leaks from one into the next, and a crash of one costs one.
struct ProcessTrialRunner: TrialRunner {
  /// The folder with the data sets' files, where one was given.
  let data: String?
  /// Hears what a trial warned of.
  let warn: @Sendable (String) -> Void
  private let broken = Guarded<[Failure]>([])

  init(data: String?, warn: @escaping @Sendable (String) -> Void) {
    self.data = data
    self.warn = warn
  }

  /// Of trials that could not be trained, in the order in which they ended; numbers that are no longer finite
  /// are a result.
  var failures: [Failure] { broken.withLock { $0 } }

  func run(
    _ trial: Experiment.Trial, in experiment: String, threads: Int, stop: StopToken,
    tell: (TrialProgress) -> Void
  ) throws -> TrialEnd {
    let logs = "\(experiment)/\(ExperimentFile.logs)"
    try? FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
    let log = "\(logs)/\(trial.name).txt"
    try? FileManager.default.removeItem(atPath: log)
    // The remains of a killed experiment need a step to save what they have.
    ExperimentFolder.waitUntilFree(
      run: "\(experiment)/\(ExperimentFile.trials)/\(trial.name)", seconds: 60)
    var arguments = [TrialCommand.name, "--threads", "\(threads)", "--json"]
    if let data { arguments += ["--data", data] }
    arguments += ["--", experiment, trial.name]
    let child = try ChildProcess(ChildProcess.ownPath, arguments, errors: log)
    child.readLines(shouldEnd: { stop.isRequested }) { line in
      if let progress = (try? JSON(parsing: line)).flatMap(Self.progress) { tell(progress) }
    }
    let status = child.wait()
    let words = Self.words(in: log)
    let known = ExitStatus(rawValue: status)
    let reason = known == nil ? Self.words(status, log) : words.last ?? "no reason was given"
    switch known {
    case .done:
      for word in words { warn("\(trial.title): \(word)") }
      return .finished
    case .notFinite: return .failed(reason)
    case .interrupted, .terminated: return .interrupted
    case .couldNotFetch, .cannotWrite:
      // Images that are not there and a full disk are no trial's own: the others would end alike.
      throw Failure(known ?? .software, "trial '\(trial.title)': \(reason)")
    case .usage, .badData, .software, nil:
      let failure = Failure(known ?? .software, "trial '\(trial.title)': \(reason)")
      broken.withLock { $0.append(failure) }
      return .failed(reason)
    }
  }

  /// What an exit code says that is none of the command's own.
  private static func words(_ status: Int32, _ log: String) -> String {
    guard status > 128 else { return "ended with exit code \(status), see \(log)" }
    return status - 128 == SIGKILL
      ? "was killed, for instance for want of memory; free some and run the same command again"
      : "crashed (signal \(status - 128)), see \(log); please report it with the command you gave"
  }

  private static func progress(_ json: JSON) -> TrialProgress? {
    if json["event"] == "epoch" { return EpochEvent(json).map(TrialProgress.epoch) }
    guard json["event"] == "step", let epoch = json["epoch"]?.intValue, let epochs = json["epochs"]?.intValue,
      let step = json["step"]?.intValue, let steps = json["steps"]?.intValue
    else { return nil }
    return .step(
      epoch: epoch, of: epochs, step: step, steps: steps, loss: json["loss"]?.doubleValue ?? .nan)
  }

  /// The lines of a trial's errors, without the name of the command before them.
  private static func words(in log: String) -> [String] {
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { line in
      var line = String(line)
      for prefix in ["martlet: ", "warning: "] where line.hasPrefix(prefix) { line.removeFirst(prefix.count) }
      return line
    }
  }
}
