import Foundation
import MartletRuns
import MartletTensors
import Testing

/// An experiment killed or stopped at random moments ends with the tables of an undisturbed one.
@Suite struct ExperimentKillTests {
  private static let text = """
    title: Schedules
    base: {model: dense, dataset: mnist, epochs: 4, batch-size: 16, validation: "last:0.25", learning-rate: 0.01}
    vary:
      schedule: [constant, "step:2"]
    seeds: 2
    """
  /// What must not differ by a byte; times and memory are in `costs.csv`.
  private static let files = [
    "results.json", "results.csv", "table.csv", "statistics.csv", "comparisons.csv", "comparison.svg",
    "training_curves.svg", "comparison.png",
  ]

  private func arguments(_ data: String, _ output: String) -> [String] {
    ["experiment", "e.yaml", "--data", data, "--threads", "2", "--jobs", "2", "--output", output]
  }

  /// Runs to the end; what the experiment left.
  private func finish(_ output: String, _ data: String, _ folder: TemporaryFolder) throws -> [Data?] {
    let result = try CommandRunner.run(arguments(data, output), in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return Self.files.map { FileManager.default.contents(atPath: "\(folder.path)/\(output)/\($0)") }
  }

  @Test func twentyKillsChangeNothing() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    try AtomicFile.write(Array(Self.text.utf8), to: "\(folder.path)/e.yaml")
    let start = ContinuousClock.now
    let undisturbed = try finish("whole", data, folder)
    var killer = Killer(seed: 11, within: (ContinuousClock.now - start) * 0.3)
    #expect(undisturbed.allSatisfy { $0 != nil })
    for round in 0..<12 where killer.kills < 20 {
      for _ in 0..<5 {
        try killer.kill(CommandRunner.start(arguments(data, "killed-\(round)"), in: folder))
      }
      #expect(try finish("killed-\(round)", data, folder) == undisturbed, "round \(round)")
    }
    #expect(killer.kills >= 20)
  }

  /// The first Ctrl-C ends the trials at their next step and says how to go on.
  @Test(.disabled(if: Sanitizer.isThread, "the thread sanitizer holds signals back while a thread waits"))
  func anInterruptedExperimentGoesOn() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let text = Self.text.replacingOccurrences(of: "epochs: 4", with: "epochs: 400")
      .replacingOccurrences(of: "seeds: 2", with: "seeds: 1")
    try AtomicFile.write(Array(text.utf8), to: "\(folder.path)/e.yaml")
    let command = try CommandRunner.start(arguments(data, "e") + ["--json"], in: folder)
    for _ in 0..<4000 where !command.outputSoFar.contains("\"epoch\":3") && command.process.isRunning {
      usleep(5_000)
    }
    command.process.interrupt()
    let result = try command.wait()
    #expect(result.status == 130, "\(result.errors)")
    #expect(
      result.errors.contains("0 of 2 trials are finished; go on with: martlet experiment e.yaml --data"))
    let trials = try folder.names("e/trials")
    #expect(trials.count == 2)
    // The trials have ended too, and left a checkpoint.
    for trial in trials {
      #expect(try !folder.names("e/trials/\(trial)/checkpoints").isEmpty)
      let record = try RunRecord.load("\(folder.path)/e/trials/\(trial)")
      #expect(record.result == nil && !record.epochs.isEmpty)
    }
    let again = try CommandRunner.run(
      ["train", "--run", "e/trials/\(trials[0])", "--resume", "--epochs", "400", "--data", data, "--json"],
      in: folder)
    #expect(again.status == 0, "\(again.errors)")
  }
}
