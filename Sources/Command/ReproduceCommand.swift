import ArgumentParser
import Foundation
import MartletDatasets
import MartletExperiments
import MartletReports
import MartletRuns
import MartletTensors

/// `martlet reproduce`: trains a system and compares with its reference figures.
struct ReproduceCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Train a system at its full settings and compare with its reference figures.",
    discussion: """
      Leaves a run folder for each seed. With --run DIR and several seeds the folders are DIR/seed-N; \
      --resume keeps what is finished and goes on with the rest. Options change single settings, for a quick \
      look for instance; the table then says so.

      Systems: \(TrainingSystem.ids.joined(separator: ", ")).

      EXAMPLES
        martlet reproduce conv5x5-mnist
        martlet reproduce convnet-mnist-type --seeds 3 --run runs/type
        martlet reproduce attention-fashion --limit 2000 --epochs 2
      """)

  @Argument(help: "The id of a system.")
  var system: String
  @Option(help: ArgumentHelp("How many seeds are trained, from --seed on.", valueName: "n"))
  var seeds = 1
  @OptionGroup var settings: SettingOptions
  @OptionGroup var running: RunOptions
  @OptionGroup var common: CommonOptions

  func perform() throws {
    try settings.check()
    _ = try running.runToResume()
    try requirePositive(seeds, "--seeds", atMost: SettingLimit.trials)
    let chosen = try TrainingSystem.named(system)
    let numbers = try common.seeds(seeds, from: chosen.settings.seed)
    let voice = TrainingVoice(isJSON: common.json, isQuiet: running.quiet)
    var outcomes: [SeedOutcome] = []
    for seed in numbers {
      let outcome = try train(chosen, seed: seed, voice)
      if seeds > 1, common.json { Output.json(outcome.result.json.replacing("event", with: "seed")) }
      outcomes.append(outcome)
    }
    let comparison = ReferenceComparison(
      try settings.applied(to: chosen, seed: nil), outcomes.map(\.result),
      lastLosses: outcomes.compactMap(\.lastLoss))
    if common.json { return Output.json(summary(comparison)) }
    try tell(comparison, outcomes)
  }

  /// Trains one seed, or takes the result of its finished run.
  private func train(
    _ chosen: TrainingSystem, seed: Int, _ voice: TrainingVoice
  ) throws -> SeedOutcome {
    let run = running.run.map { seeds == 1 ? $0 : "\($0)/seed-\(seed)" }
    let system = try settings.applied(to: chosen, seed: seed)
    let data = try common.load(system)
    var configuration = RunConfiguration(system: system, data: data)
    if running.resume, let run, RunFolder.exists(at: run) {
      let (saved, record) = try RunConfiguration.load(run: run)
      configuration = try settings.resumed(saved, as: configuration.system, seed: seed)
      if let result = record.result, result.epochs == configuration.system.settings.epochs || result.isEarly {
        let report = "\(run)/\(RunFile.report)"
        return SeedOutcome(
          result: result, lastLoss: record.epochs.last?.loss, folder: run,
          report: FileManager.default.fileExists(atPath: report) ? report : nil)
      }
    }
    let job = TrainingJob(
      configuration, threads: common.threadCount, run: run, resume: running.resume, voice: voice)
    let outcome = try job.performTelling(data, voice)
    return SeedOutcome(
      result: outcome.result, lastLoss: outcome.history.epochs.last?.loss, folder: outcome.folder,
      report: outcome.report)
  }

  private func tell(_ comparison: ReferenceComparison, _ outcomes: [SeedOutcome]) throws {
    Output.line("")
    if let last = comparison.results.last, comparison.results.count == 1 {
      Output.line("\(last.scoreText)\n\(last.costText)\n")
    }
    if let folder = outcomes.first?.folder, let curves = comparison.curves(try RunRecord.load(folder).epochs)
    {
      Output.write(curves.text + "\n")
    }
    Output.write(comparison.table.text)
    for line in comparison.conclusions { Output.line(line) }
    if let changed = settings.changes { Output.line("Not the full settings: \(changed).") }
    for outcome in outcomes {
      Output.line("Run folder: \(outcome.folder)")
      if let report = outcome.report { Output.line("Report:     \(report)") }
    }
  }

  /// The result of one seed as it is, of several the means.
  private func summary(_ comparison: ReferenceComparison) -> JSON {
    guard comparison.results.count > 1 else { return comparison.results[0].json }
    let accuracies = comparison.testAccuracies
    return [
      "event": "result", "system": .string(system), "seeds": .integer(comparison.results.count),
      "test_accuracy": .number(accuracies.mean),
      "test_accuracy_deviation": accuracies.deviation.map(JSON.number) ?? .null,
      "test_accuracy_margin": accuracies.margin().map(JSON.number) ?? .null,
      "runs": .array(comparison.results.compactMap { $0.run.map(JSON.string) }),
      "conclusions": .array(comparison.conclusions.map(JSON.string)),
    ]
  }
}

/// What a seed's training left, now or in an earlier run of the command.
private struct SeedOutcome {
  let result: ResultEvent
  /// The loss of the last epoch, penalties included.
  let lastLoss: Double?
  let folder: String
  /// The page, by path; nil where there is none.
  let report: String?
}

extension ResultEvent {
  /// Whether the training ended before its last epoch on purpose.
  fileprivate var isEarly: Bool { stopReason != "finished" && stopReason != "interrupted" }
}

extension JSON {
  /// An object with another text for one of its keys.
  fileprivate func replacing(_ key: String, with text: String) -> JSON {
    .object((members ?? []).map { $0.key == key ? JSON.Member(key, .string(text)) : $0 })
  }
}
