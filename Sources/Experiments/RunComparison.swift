import Foundation
import MartletReports
import MartletRuns
import MartletTensors

/// Runs beside each other: what differs in their settings, what they reached, whether that is noise.
///
/// Runs that differ in nothing but their seed count as one setting tried several times.
package struct RunComparison {
  /// The settings with their statistics, tables, figures and conclusions.
  package private(set) var record: ExperimentRecord

  /// A run with the name it goes by.
  private struct Item {
    var name: String
    let run: RunRecord

    /// The settings without what may differ between equal trainings.
    var settings: [JSON.Member] {
      (run.configuration.members ?? []).filter { !["seed", "martlet_version", "format"].contains($0.key) }
    }
    var seed: Int { run.configuration["seed"]?.intValue ?? 0 }
  }

  /// Compares run folders and the trials of experiment folders that came to a result.
  ///
  /// - Parameter metric: By what; validation accuracy where all have one, else test accuracy, if nil.
  package init(_ paths: [String], metric: ExperimentMetric? = nil) throws {
    let found = try paths.map { try Self.items($0) }
    let items = found.flatMap(\.items)
    let unvalidated = items.first { $0.run.epochs.last?.validationAccuracy == nil }
    if let metric, metric.needsValidation, let unvalidated {
      throw SettingError(
        at: "--metric", expected: "one that all runs have",
        received: "\(metric.name), without which \(unvalidated.run.path) was trained",
        hint: "take test accuracy, or leave it out")
    }
    let metric = metric ?? (unvalidated == nil ? .validationAccuracy : .testAccuracy)
    var groups: [[Item]] = []
    for item in items {
      let index = groups.firstIndex { group in
        group[0].settings == item.settings && !group.contains { $0.seed == item.seed }
      }
      if let index { groups[index].append(item) } else { groups.append([item]) }
    }
    let names = Self.distinct(groups.map { $0[0].name })
    let differing = Self.differingKeys(groups.map { $0[0].settings })
    record = ExperimentRecord(
      path: paths.joined(separator: ", "), name: "comparison", title: "Comparison of runs",
      metric: metric.record, baseline: names.first, seeds: Set(items.map(\.seed)).sorted(),
      settings: zip(names, groups).map { name, group in
        ExperimentRecord.Setting(
          name: name, group: nil,
          changes: differing.map { .init(key: $0, text: Self.text(group[0].run.configuration[$0])) },
          trials: group.map { item in
            var trial = ExperimentRecord.Trial(name: item.run.path, seed: item.seed)
            trial.run = item.run
            trial.value = metric.value(of: item.run)
            return trial
          })
      })
    record.computeStatistics()
    let texts = ResultText(record)
    record.tables = [Self.settings(record), Self.results(record, texts)] + texts.tables
    record.conclusions = texts.conclusions + [CostFindings(record).unlikeThreads].compactMap(\.self)
    record.conclusions += found.compactMap(\.omission)
    if differing.contains("dataset") {
      record.conclusions.append("The runs are on different data sets, whose figures do not compare.")
    }
    record.figures = [
      Presentation.trainingCurves(record, nil, file: "comparison_curves", title: "Comparison of runs"),
      Presentation.comparisonBars(record, nil, file: "comparison", label: "Run"),
    ].compactMap(\.self)
  }

  /// What there is to compare at a path; the omission says which trials have no result.
  private static func items(_ path: String) throws -> (items: [Item], omission: String?) {
    if RunFolder.exists(at: path) {
      let run = try RunRecord.load(path)
      guard run.result != nil else {
        throw SettingError(
          at: path, expected: "a finished run", received: "one without a result",
          hint: "go on with it: martlet train --run \(path) --resume", isInFile: true)
      }
      return ([Item(name: name(path), run: run)], nil)
    }
    guard ExperimentFolder.exists(at: path) else {
      throw SettingError(
        at: path, expected: "the folder of a run or an experiment",
        received: "neither configuration.json nor experiment.json in it", hint: "check the path",
        isInFile: true)
    }
    let experiment = try ExperimentRecord.load(path)
    let settings =
      try experiment.settings
      + experiment.parts.flatMap {
        try ExperimentRecord.load("\(path)/\($0)").settings
      }
    var (items, missing): ([Item], [String]) = ([], [])
    for setting in settings {
      let name = [setting.group, setting.name].compactMap(\.self).joined(separator: ", ")
      for trial in setting.trials {
        if let run = trial.run, run.result != nil {
          items.append(Item(name: name, run: run))
        } else {
          missing.append("\(name) with seed \(trial.seed)")
        }
      }
    }
    guard !items.isEmpty else {
      throw SettingError(
        at: path, expected: "an experiment with results", received: "\(missing.count) trials without one",
        hint: "its report says why: \(path)/\(RunFile.report)", isInFile: true)
    }
    guard !missing.isEmpty else { return (items, nil) }
    return (items, "\(path): left out for want of a result: \(missing.joined(separator: "; ")).")
  }

  /// The folder's name without its seed, or that of the one above where it says nothing else.
  static func name(_ path: String) -> String {
    let parts = path.split(separator: "/").map(String.init)
    guard let last = parts.last else { return path }
    let words = last.split(separator: "-").map(String.init)
    guard words.count > 1, words[words.count - 2] == "seed", Int(words[words.count - 1]) != nil else {
      return last
    }
    if words.count > 2 { return words.dropLast(2).joined(separator: "-") }
    return parts.count > 1 ? parts[parts.count - 2] : last
  }

  /// The names, numbered where the same one comes again.
  private static func distinct(_ names: [String]) -> [String] {
    var counts: [String: Int] = [:]
    return names.map { name in
      counts[name, default: 0] += 1
      let number = counts[name] ?? 1
      return number > 1 ? "\(name) (\(number))" : name
    }
  }

  private static func differingKeys(_ settings: [[JSON.Member]]) -> [String] {
    let keys = settings.flatMap { $0.map(\.key) }.reduce(into: [String]()) { keys, key in
      if !keys.contains(key) { keys.append(key) }
    }
    return keys.filter { key in
      let values = settings.map { members in members.first { $0.key == key }?.value }
      return values.contains { $0 != values[0] }
    }
  }

  private static func text(_ value: JSON?) -> String {
    switch value {
    case nil, .null: "-"
    case .string(let text): text
    case .array(let values) where values.count > 4: "\(values.count) entries"
    case let value?: value.text
    }
  }

  /// A row for each setting that differs, a column for each run.
  private static func settings(_ record: ExperimentRecord) -> ExperimentRecord.ResultTable {
    let keys = record.settings.first?.changes.map(\.key) ?? []
    let seeds = ["seed"] + record.settings.map { $0.trials.map { "\($0.seed)" }.joined(separator: " ") }
    return .init(
      file: "settings", title: keys.isEmpty ? "The settings are the same" : "Settings that differ",
      columns: [.init("Setting")] + record.settings.map { .init($0.name) },
      rows: keys.map { key in [key] + record.settings.map { $0.text(of: key) ?? "-" } } + [seeds])
  }

  private static func results(
    _ record: ExperimentRecord, _ texts: ResultText
  ) -> ExperimentRecord.ResultTable {
    Presentation.table(
      "table", "Results",
      [
        .init("Run"), .init("Epochs", isNumeric: true), .init("Val Accuracy", isNumeric: true),
        .init("Test Accuracy", isNumeric: true), .init("Test Loss", isNumeric: true),
        .init("s/epoch", isNumeric: true), .init("Memory (MB)", isNumeric: true),
      ], record
    ) { setting in
      func number(_ decimals: Int, _ value: (RunRecord) -> Double?) -> String {
        setting.mean { $0.run.flatMap(value) }.map { String(format: "%.\(decimals)f", $0) } ?? "-"
      }
      return [
        setting.name, setting.trials.compactMap { $0.run?.epochs.count }.max().map { "\($0)" } ?? "-",
        Table.percent(setting.mean { $0.run?.epochs.last?.validationAccuracy }),
        Table.percent(setting.mean { $0.run?.result?.testAccuracy }), number(4) { $0.result?.testLoss },
        number(2) { $0.result?.secondsPerEpoch },
        number(1) { $0.result?.peakMegabytes },
      ]
    }
  }
}
