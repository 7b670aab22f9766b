import Foundation
import MartletRuns
import MartletTensors
import Testing

/// Nothing but what tells the date depends on the time of day: it may be set back or forward at any moment.
@Suite(.enabled(if: PreloadedLibrary.isPossible)) struct ClockTests {
  private func arguments(_ data: String, _ run: String, epochs: Int) -> [String] {
    [
      "train", "--model", "conv", "--dataset", "mnist", "--data", data, "--batch-size", "16", "--epochs",
      "\(epochs)", "--seed", "3", "--validation", "last:0.25", "--early-stopping", "8", "--schedule",
      "cosine:12", "--augment", "flip,crop:2", "--gradient-norm", "--threads", "1", "--run", run, "--resume",
      "--json",
    ]
  }

  private func result(_ result: CommandResult) throws -> JSON {
    #expect(result.status == 0, "\(result.errors)")
    return try #require(try result.objects().last, "\(result.errors)")
  }

  /// No time that a run tells is below zero or beyond an hour.
  private func checkTimes(_ result: JSON, _ run: String) throws {
    for key in ["seconds_per_epoch", "milliseconds_per_step", "seconds_to_first_step"] {
      let time = try #require(result[key]?.doubleValue, "\(key)")
      #expect(time > 0 && time < 3_600_000, "\(key) \(time)")
    }
    let epochs = try RunRecord.load(run).epochs
    #expect(!epochs.isEmpty && epochs.allSatisfy { $0.seconds > 0 && $0.seconds < 3600 })
    let page = try String(contentsOfFile: "\(run)/report.html", encoding: .utf8)
    #expect(page.firstMatch(of: /[-−]\d[\d.,]* ?(s|ms|min|h)\b/) == nil)
  }

  @Test func aTrainingIsTheSame() throws {
    let folder = try TemporaryFolder()
    let clock = try JumpingClock(in: folder)
    let data = try SmallData.write(train: 96, test: 32, in: folder)
    func train(_ run: String, epochs: Int) throws -> CommandResult {
      try CommandRunner.run(
        CommandRunner.path, arguments(data, "\(folder.path)/\(run)", epochs: epochs),
        environment: clock.environment, in: folder)
    }
    let undisturbed = try result(
      CommandRunner.run(arguments(data, "\(folder.path)/whole", epochs: 4), in: folder))
    let first = try train("run", epochs: 2)
    try checkTimes(try result(first), "\(folder.path)/run")
    // The clock is in effect, and what was unpacked is not unpacked again.
    let environment = try JSON(
      parsing: InputFile.contents(of: "\(folder.path)/run/environment.json", limit: 1 << 20))
    let started = try #require(
      ISO8601DateFormatter().date(from: environment["started"]?.stringValue ?? ""))
    let others = try train("other", epochs: 1)
    let again = try #require(
      ISO8601DateFormatter().date(
        from: try JSON(
          parsing: InputFile.contents(of: "\(folder.path)/other/environment.json", limit: 1 << 20))[
            "started"]?.stringValue ?? ""))
    #expect(max(abs(started.timeIntervalSinceNow), abs(again.timeIntervalSinceNow)) > 1800)
    #expect(!first.errors.contains("unpacking") && !others.errors.contains("unpacking"))

    // The newest checkpoint is that of the last epoch, whatever the files' times say.
    let checkpoints = "\(folder.path)/run/checkpoints"
    let names = try folder.names("run/checkpoints").filter { $0.hasPrefix("epoch-") }
    #expect(names.count == 2)
    for (name, year) in zip(names, [2090, 1980]) {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(year - 1970) * 31_556_952)],
        ofItemAtPath: "\(checkpoints)/\(name)")
    }
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 4e9)], ofItemAtPath: "\(folder.path)/run/owner.lock")
    let resumed = try train("run", epochs: 4)
    let end = try result(resumed)
    #expect(try resumed.objects().compactMap { $0["epoch"]?.intValue } == [3, 4])
    #expect(end["weights_sha256"] == undisturbed["weights_sha256"])
    #expect(end["test_loss"] == undisturbed["test_loss"])
    try checkTimes(end, "\(folder.path)/run")
    #expect(
      try RunRecord.load("\(folder.path)/run").epochs.map(\.metrics)
        == RunRecord.load("\(folder.path)/whole").epochs.map(\.metrics))
    #expect(!resumed.errors.contains("unpacking"))
  }

  /// A living owner's lock holds whatever the times say.
  @Test func aLockHoldsAsLongAsItsOwnerLives() throws {
    let folder = try TemporaryFolder()
    let clock = try JumpingClock(in: folder)
    let data = try SmallData.write(train: 96, test: 32, in: folder)
    let run = "\(folder.path)/run"
    let owner = try RunningCommand(
      CommandRunner.path,
      arguments(data, run, epochs: 100_000).filter { $0 != "--early-stopping" && $0 != "8" },
      environment: clock.environment, in: folder)
    for _ in 0..<4000 where !owner.outputSoFar.contains("\"epoch\":1") && owner.process.isRunning {
      usleep(5_000)
    }
    for time in [1.0, 4e9] {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: time)], ofItemAtPath: "\(run)/owner.lock")
      let refused = try CommandRunner.run(
        CommandRunner.path, ["train", "--run", run, "--resume", "--data", data],
        environment: clock.environment, in: folder)
      #expect(refused.status == 73, "\(refused.errors)")
      #expect(refused.errors.contains("is in use by process \(owner.process.processIdentifier)"))
    }
    kill(owner.process.processIdentifier, SIGKILL)
    _ = try owner.wait()
    // The dead owner's lock stands in nobody's way.
    let epochs = try RunRecord.load(run).epochs.count
    let resumed = try CommandRunner.run(
      CommandRunner.path,
      ["train", "--run", run, "--resume", "--data", data, "--epochs", "\(epochs + 1)", "--json"],
      environment: clock.environment, in: folder)
    #expect(resumed.status == 0, "\(resumed.errors)")
  }

  /// Trials follow one another, and the experiment leaves the same tables.
  @Test func anExperimentIsTheSame() throws {
    let folder = try TemporaryFolder()
    let clock = try JumpingClock(in: folder)
    let data = try SmallData.write(train: 96, test: 32, in: folder)
    let text = """
      title: Rates
      base: {model: dense, dataset: mnist, epochs: 2, batch-size: 16, validation: "last:0.25"}
      vary:
        learning-rate: [0.01, 0.002]
      seeds: 2
      """
    try AtomicFile.write(Array(text.utf8), to: "\(folder.path)/e.yaml")
    func tables(_ output: String, _ environment: [String: String]) throws -> [Data?] {
      let result = try CommandRunner.run(
        CommandRunner.path,
        ["experiment", "e.yaml", "--data", data, "--threads", "2", "--jobs", "2", "--output", output],
        environment: environment, in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.firstMatch(of: /-\d+(:\d\d)? (left|s\b)/) == nil, "\(result.errors)")
      return ["results.json", "results.csv", "table.csv", "statistics.csv"].map {
        FileManager.default.contents(atPath: "\(folder.path)/\(output)/\($0)")
      }
    }
    let plain = try tables("plain", [:])
    #expect(plain.allSatisfy { $0 != nil })
    #expect(try tables("jumping", clock.environment) == plain)
    let costs = try String(contentsOfFile: "\(folder.path)/jumping/costs.csv", encoding: .utf8)
    #expect(costs.split(separator: "\n").count > 1 && !costs.contains(",-"), "\(costs)")
  }
}
