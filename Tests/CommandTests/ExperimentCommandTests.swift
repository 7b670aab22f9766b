import Foundation
import MartletRuns
import MartletTensors
import Testing

/// Experiments from files and by name, on small data.
@Suite struct ExperimentCommandTests {
  private static let grid = """
    title: Rates and optimizers
    base:
      model: dense
      dataset: mnist
      epochs: 2
      batch-size: 32
      validation: last:0.25
    vary:
      learning-rate: [0.001, 0.02]
    seeds: 2
    metric: validation accuracy
    """

  /// Writes the file and runs it.
  private func run(
    _ text: String, _ arguments: [String], in folder: TemporaryFolder
  ) throws -> CommandResult {
    let file = "\(folder.path)/grid.yaml"
    try AtomicFile.write(Array(text.utf8), to: file)
    return try CommandRunner.run(["experiment", "grid.yaml"] + arguments, in: folder)
  }

  @Test func aFileIsTrainedComparedAndExtended() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let arguments = ["--data", data, "--output", "e", "--threads", "2", "--jobs", "2"]
    let result = try run(Self.grid, arguments, in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("[4/4]") && result.output.contains("learning-rate 0.02"))
    #expect(!result.output.contains("\u{1B}"))
    let path = "\(folder.path)/e"
    let record = try ExperimentRecord.load(path)
    #expect(record.settings.map(\.name) == ["learning-rate 0.001", "learning-rate 0.02"])
    #expect(record.settings.allSatisfy { $0.trials.map(\.seed) == [0, 1] && $0.mean != nil })
    let trial = record.settings[1].trials[0]
    #expect(trial.parameters == 12_786 && trial.stepsPerEpoch == 6)
    #expect(trial.run?.configuration["learning_rate"] == .number(0.02))
    #expect((trial.run?.result?.peakMemoryBytes ?? 0) > 1_000_000 && trial.run?.result?.threads == 1)
    // What was trained on is all without what was held out.
    let all = try #require(trial.run?.result?.trainAccuracy)
    let held = try #require(trial.run?.epochs.last?.validationAccuracy)
    #expect(abs(try #require(trial.trainedAccuracy) - (all * 256 - held * 64) / 192) < 1e-9)
    #expect(record.conclusions.contains { $0.contains("paired t test") })
    let courses = try #require(record.figures.first { $0.file == "training_curves" })
    #expect(courses.panels.allSatisfy { $0.yLabel.hasSuffix(", mean of 2 seeds") })
    let names = try folder.names("e")
    for name in [
      "results.json", "results.csv", "costs.csv", "table.csv", "statistics.csv", "training_curves.png",
    ] {
      #expect(names.contains(name))
    }

    // More seeds keep what is finished; another definition is refused.
    let before = try record.settings[0].trials.map {
      try modified("\(path)/trials/\($0.name)/weights.safetensors")
    }
    let more = try run(Self.grid, arguments + ["--seeds", "3", "--json"], in: folder)
    #expect(try more.objects().filter { $0["event"] == "trial" }.count == 2, "\(more.errors)")
    let grown = try ExperimentRecord.load(path)
    #expect(grown.seeds == [0, 1, 2])
    #expect(
      try record.settings[0].trials.map { try modified("\(path)/trials/\($0.name)/weights.safetensors") }
        == before)
    let changed = try run(Self.grid, arguments + ["--seeds", "3", "--epochs", "3"], in: folder)
    #expect(changed.status == 73 && changed.errors.contains("configuration.epochs is 2 there, 3 now"))
    try compare(folder)
  }

  private func modified(_ path: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
  }

  /// The trials of an experiment serve as runs.
  private func compare(_ folder: TemporaryFolder) throws {
    func trials(_ rate: String) -> [String] { (0..<3).map { "e/trials/learning-rate-\(rate)-seed-\($0)" } }
    let result = try CommandRunner.run(
      ["compare"] + trials("0.001") + trials("0.02") + ["--output", "c", "--json"], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let json = try #require(try result.objects().last)
    let comparison = try #require(json["comparisons"]?.arrayValue?.first)
    let record = try ExperimentRecord.load("\(folder.path)/e")
    #expect(json["settings"]?.arrayValue?.count == 2)
    #expect(comparison["difference"]?.doubleValue == record.comparisons[0].difference)
    #expect(comparison["p"]?.doubleValue == record.comparisons[0].p)
    let settings = try String(contentsOfFile: "\(folder.path)/c/settings.csv", encoding: .utf8)
    #expect(settings.contains("learning_rate,0.001,0.02\n") && settings.contains("seed,0 1 2,0 1 2"))
    #expect(try folder.names("c").contains("comparison_curves.svg"))
    let whole = try CommandRunner.run(["compare", "e"], in: folder)
    #expect(whole.status == 0 && whole.output.contains("Settings that differ"))
    let nothing = try CommandRunner.run(["compare", "e", "none"], in: folder)
    #expect(
      nothing.status == 65 && nothing.errors.contains("none: expected the folder of a run or an experiment"))
  }

  @Test(arguments: [
    ("  epochs: 2", "  epocs: 2", "grid.yaml:5: base.epocs: expected", "did you mean epochs?"),
    ("  epochs: 2", "  epochs: two", "grid.yaml:5: epochs: expected a whole number", "received two"),
    (
      "[0.001, 0.02]", "[0.001, fast]", "grid.yaml:9: learning-rate: expected a number above 0",
      "received fast"
    ),
    ("[0.001, 0.02]", "0.001", "grid.yaml:9: vary.learning-rate: expected a list", "base"),
    ("[0.001, 0.02]", "{from: 1, to: 9}", "grid.yaml:9: vary.learning-rate: expected a step", "count: 5"),
    ("model: dense", "model: dens", "grid.yaml:3: model: expected one of", "did you mean dense?"),
    ("seeds: 2", "seeds: [1, 1]", "grid.yaml:10: seeds: expected different seeds", "name each once"),
    (
      "validation accuracy", "validaton accuracy", "grid.yaml:11: metric: expected one of",
      "did you mean validation accuracy?"
    ),
    ("[0.001, 0.02]", "[0.001, 0.02", "grid.yaml:10: expected proper YAML", "look at"),
    ("  validation: last:0.25\n", "", "expected a part held out for validation", "test accuracy"),
    ("seeds: 2", "seeds: 9223372036854775807", "grid.yaml:10: seeds: expected", "from 1 to 10000"),
    (
      "vary:\n", "vary:\n  epochs: {from: 1, to: 1e20, factor: 10}\n",
      "grid.yaml:9: vary.epochs: expected ends of at most 2147483647", "nearer to 0"
    ),
    (
      "[0.001, 0.02]", "{from: 1, to: 2, count: 9223372036854775807}",
      "grid.yaml:9: vary.learning-rate.count: expected", "from 2 to 10000"
    ),
    (
      "[0.001, 0.02]", "{from: 1, to: 2, count: 5001}\n  batch-size: [8, 16]",
      "grid.yaml:10: vary.batch-size: expected at most 10000 settings", "5001 times 2"
    ),
    (
      "seeds: 2", "search: {trials: 9223372036854775807}", "grid.yaml:10: search.trials: expected",
      "from 1 to 10000"
    ),
    (
      "[0.001, 0.02]", "{from: 0.001, to: 0.9, step: 0.00001}",
      "grid.yaml:9: vary.learning-rate: expected at most 10000 values", "search"
    ),
    ("seeds: 2", "seeds: 5001", "expected at most 10000 trials", "2 settings with 5001 seeds"),
    ("  epochs: 2", "  epochs: 2147483648", "grid.yaml:5: epochs: expected a whole number", "to 2147483647"),
    ("seeds: 2", "baseline: other", "grid.yaml:10: baseline: expected one of", "learning-rate 0.001"),
  ])
  func mistakesNameFileLineAndKey(right: String, wrong: String, place: String, hint: String) throws {
    let folder = try TemporaryFolder()
    let text = Self.grid.replacingOccurrences(of: right, with: wrong)
    #expect(text != Self.grid)
    let result = try run(text, ["--dry-run"], in: folder)
    #expect(result.status == 65)
    #expect(result.errors.contains(place) && result.errors.contains(hint), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  /// The files that are shown to users.
  @Test(arguments: [("schedules", 12), ("regularization", 12), ("search", 20), ("exactness", 10)])
  func theExamplesAreRead(name: String, trials: Int) throws {
    let folder = try TemporaryFolder()
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let path =
      tests.deletingLastPathComponent().deletingLastPathComponent().path
      + "/Examples/experiments/\(name).yaml"
    let result = try CommandRunner.run(["experiment", path, "--dry-run", "--json"], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let objects = try result.objects()
    #expect(objects.last?["trials"] == .integer(trials) && objects.count == trials + 1)
    #expect(objects.dropLast().allSatisfy { ($0["steps"]?.intValue ?? 0) > 0 })
    #expect(try folder.names("").filter { $0 == "experiments" }.isEmpty)
  }

  @Test func aSearchDrawsTheSamePointsAgain() throws {
    let folder = try TemporaryFolder()
    let text =
      Self.grid.replacingOccurrences(
        of: "[0.001, 0.02]",
        with: "{from: 0.0001, to: 0.1, scale: log}\n  batch-size: {from: 8, to: 64, factor: 2}")
      + "\nsearch: {trials: 6, seed: 4}\n"
    let first = try run(text, ["--dry-run", "--json"], in: folder)
    #expect(first.status == 0, "\(first.errors)")
    let changes = try first.objects().compactMap { $0["changes"] }
    #expect(changes.count == 12 && Set(changes.map(\.text)).count == 6)
    for change in changes {
      let rate = try #require(change["learning-rate"]?.stringValue.flatMap { Double($0) })
      #expect(rate >= 0.0001 && rate <= 0.1)
      #expect(["8", "16", "32", "64"].contains(change["batch-size"]?.stringValue))
    }
    #expect(try run(text, ["--dry-run", "--json"], in: folder).output == first.output)
    let other = try run(
      text.replacingOccurrences(of: "seed: 4", with: "seed: 5"), ["--dry-run", "--json"], in: folder)
    #expect(other.output != first.output)
  }

  @Test func theStudyIsPlanned() throws {
    let result = try CommandRunner.run(
      "experiment", "study-attention", "--dry-run", "--json", "--seeds", "1", "--limit", "600")
    let objects = try result.objects()
    #expect(objects.last?["trials"] == .integer(4 + 5 + 4 + 4 + 1), "\(result.errors)")
    #expect(objects.dropLast().allSatisfy { $0["steps"]?.intValue ?? 0 > 0 })
    // Early stopping may end the final training sooner.
    let table = try CommandRunner.run("experiment", "study-attention", "--dry-run").output
    #expect(table.contains("up to 30") && !table.contains("up to 5"))
    let unknown = try CommandRunner.run("experiment", "lerning-rate")
    #expect(unknown.status == 64 && unknown.errors.contains("did you mean learning-rate?"))
    let list = try CommandRunner.run("experiment", "--json").objects()
    #expect(list.last?["experiments"] == 6 && list.last?["studies"] == 1)
  }

  @Test func aTrialWithoutFiniteNumbersIsAResult() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let text = Self.grid.replacingOccurrences(of: "0.02]", with: "1e30]")
      .replacingOccurrences(of: "  epochs: 2", with: "  epochs: 2\n  optimizer: sgd")
      .replacingOccurrences(of: "seeds: 2", with: "seeds: 1")
    let result = try run(text, ["--data", data, "--output", "e"], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let record = try ExperimentRecord.load("\(folder.path)/e")
    #expect(record.settings[1].mean == nil && record.settings[1].trials[0].failure != nil)
    #expect(
      record.conclusions.contains {
        $0.contains("1e30, seed 0, failed") || $0.contains("1e+30, seed 0, failed")
      })
    // Compared with others, the experiment stands for the trials that came to a result.
    let compared = try CommandRunner.run(["compare", "e"], in: folder)
    #expect(compared.status == 0, "\(compared.errors)")
    #expect(compared.output.contains("e: left out for want of a result: learning-rate 1e30 with seed 0."))
  }

  /// A trial that cannot be trained is named and costs no other; it is tried again with the same command.
  @Test func anImpossibleTrialCostsOne() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let text = """
      base: {model: dense, dataset: mnist, epochs: 1, batch-size: 32}
      variants:
        - {name: nothing left, validation: "last:256"}
        - {name: "+", validation: "last:0.25"}
      seeds: 1
      """
    let arguments = ["--data", data, "--output", "e", "--json"]
    for finished in 0...1 {
      let result = try run(text, arguments, in: folder)
      #expect(result.status == 64, "\(result.errors)")
      #expect(result.errors.contains("trial 'nothing left, seed 0': "))
      let ends = try result.objects().filter { $0["event"] == "trial" }.map { $0["end"] }
      #expect(ends == (finished == 0 ? ["failed", "done"] : ["failed"]))
    }
    let record = try ExperimentRecord.load("\(folder.path)/e")
    #expect(record.settings[0].trials[0].failure != nil && record.settings[1].mean != nil)
    #expect(record.conclusions.contains { $0.hasPrefix("nothing left, seed 0, failed: ") })
    #expect(try folder.names("e/trials") == ["setting-seed-0"])
  }
}
