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
    var arguments = [TrialCommand.name, experiment, trial.name, "--threads", "\(threads)", "--json"]
    if let data { arguments += ["--data", data] }
    let child = try ChildProcess(ChildProcess.ownPath, arguments, errors: log)
    child.readLines(shouldEnd: { stop.isRequested }) { line in
      if let progress = (try? JSON(parsing: line)).flatMap(Self.progress) { tell(progress) }
    }
    let status = child.wait()
    let words = Self.words(in: log)
    switch ExitStatus(rawValue: status) {
    case .done:
      for word in words { warn("\(trial.title): \(word)") }
      return .finished
    case .notFinite: return .failed(words.last ?? "its numbers are no longer finite")
    case .interrupted, .terminated: return .interrupted
    case let known:
      let reason =
        known != nil
        ? words.last ?? "no reason was given"
        : status > 128
          ? "ended by signal \(status - 128); free some memory and run the same command again"
          : "ended with exit code \(status)"
      throw Failure(known ?? .software, "trial '\(trial.title)': \(reason)")
    }
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
