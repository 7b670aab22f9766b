import Foundation
import MartletReports
import MartletRuns

/// The words and numbers of an experiment's results: its statistics as tables, its conclusions as sentences,
/// all computed from the record.
package struct ResultText {
  package let record: ExperimentRecord

  /// Whether time and memory are among what is compared.
  private let tellsCosts: Bool

  package init(_ record: ExperimentRecord, tellsCosts: Bool = false) {
    self.record = record
    self.tellsCosts = tellsCosts
  }

  private var metric: ExperimentRecord.Metric { record.metric }
  private var metricName: String { metric.title.withSmallFirstLetter }

  /// A value of the metric: `91.2%` or `0.2513`.
  package func value(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "-" }
    return metric.isShare ? Table.percent(value) : String(format: "%.4f", value)
  }

  /// A value between whose neighbors differences are shown: `91.23%` or `0.2513`.
  func fine(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "-" }
    return metric.isShare ? String(format: "%.2f%%", value * 100) : String(format: "%.4f", value)
  }

  /// A difference: `+0.41 points` or `-0.0213`.
  package func difference(_ value: Double) -> String {
    metric.isShare ? signed(value) + " points" : signed(value)
  }

  private func signed(_ value: Double) -> String {
    let text = metric.isShare ? String(format: "%+.2f", value * 100) : String(format: "%+.4f", value)
    // What rounds to zero has no direction.
    return Double(text) == 0 ? String(text.dropFirst()) : text
  }

  private func range(_ lower: Double?, _ upper: Double?, _ text: (Double) -> String) -> String? {
    guard let lower, let upper else { return nil }
    return "[\(text(lower)), \(text(upper))]"
  }

  // MARK: Tables

  /// The statistics over the seeds, and the comparisons where there are some.
  package var tables: [ExperimentRecord.ResultTable] {
    record.comparisons.isEmpty ? [statistics] : [statistics, comparisons]
  }

  private var grouped: Bool { record.groups.count > 1 }

  private func cells(_ group: String?, _ name: String) -> [String] { grouped ? [group ?? "", name] : [name] }

  private func heading(_ title: String) -> [ExperimentRecord.ResultTable.Column] {
    grouped ? [.init("Data set"), .init(title)] : [.init(title)]
  }

  private var statistics: ExperimentRecord.ResultTable {
    var rows: [[String]] = []
    for setting in record.settings {
      let interval = range(setting.lower, setting.upper) { String(fine($0).filter { $0 != "%" }) } ?? "-"
      rows.append(
        cells(setting.group, setting.name) + [
          "\(setting.sample.count)", fine(setting.mean),
          setting.deviation.map { String(signed($0).drop { $0 == "+" }) } ?? "-", interval,
        ])
    }
    return .init(
      file: ExperimentRecord.ResultTable.statisticsFile, title: "\(metric.title) over the seeds",
      columns: heading("Setting") + [
        .init("Seeds", isNumeric: true), .init("Mean", isNumeric: true), .init("Deviation", isNumeric: true),
        .init("95 % interval", isNumeric: true),
      ], rows: rows)
  }

  private var comparisons: ExperimentRecord.ResultTable {
    let rows = record.comparisons.map { comparison in
      cells(comparison.group, comparison.setting) + [
        comparison.other, signed(comparison.difference),
        range(comparison.lower, comparison.upper, signed) ?? "-",
        comparison.adjustedP.map { $0 < 0.0001 ? "<0.0001" : String(format: "%.4f", $0) } ?? "-",
        comparison.isIdentical ? "identical" : comparison.isShown ? "shown" : "not shown",
      ]
    }
    return .init(
      file: ExperimentRecord.ResultTable.comparisonsFile,
      title: "Differences in \(metricName)\(metric.isShare ? " (points)" : "")",
      columns: heading("Setting") + [
        .init("Against"), .init("Difference", isNumeric: true), .init("95 % interval", isNumeric: true),
        .init("p (Holm)", isNumeric: true), .init("Difference is"),
      ], rows: rows)
  }

  // MARK: Sentences

  /// What follows, the best setting first.
  package var conclusions: [String] {
    var lines = record.groups.flatMap { best(in: $0) }
    let told = Set(lines)
    for comparison in record.comparisons where comparison.other == record.baseline {
      let line = record.prefix(comparison.group) + verdict(comparison)
      if !told.contains(line) { lines.append(line) }
    }
    lines += troubles + ScheduleFindings(record).sentences + StepFindings(record).sentences
    lines += LagFindings(record).sentences + (tellsCosts ? CostFindings(record).sentences : [])
    if let note = correction { lines.append(note) }
    return lines
  }

  /// What a summary of several experiments tells of this one: the best, and what is more than noise.
  package var keyFindings: [String] {
    let lines = record.groups.flatMap { best(in: $0) }
    let shown = record.comparisons.filter { $0.isShown && $0.other == record.baseline }.map {
      record.prefix($0.group) + verdict($0)
    }
    return lines + shown + troubles + ScheduleFindings(record).sentences
  }

  private func best(in group: String?) -> [String] {
    let ranked = record.ranked(in: group)
    guard let first = ranked.first else { return ["\(record.prefix(group))no trial came to a result."] }
    let interval = range(first.lower, first.upper) { String(fine($0).filter { $0 != "%" }) }
    let count = first.sample.count
    let reach =
      "\(fine(first.mean))\(interval.map { " \($0)" } ?? "") over \(count) seed\(count == 1 ? "" : "s")"
    guard ranked.count > 1 else {
      return ["\(record.prefix(group))\(first.spokenName) reaches a \(metricName) of \(reach)."]
    }
    let name = metric.isBetterLower ? "lowest" : "highest"
    var line =
      "\(record.prefix(group))The \(name) mean \(metricName) is that of \(first.spokenName): \(reach)"
    if let comparison = record.comparison(first, ranked[1]) {
      line += "; \(lead(comparison))"
    }
    return [line + "."]
  }

  /// How the best stands to the next.
  private func lead(_ comparison: ExperimentRecord.Comparison) -> String {
    let gap = difference(comparison.difference)
    let other = record.spokenName(comparison.other)
    if comparison.isIdentical { return "\(other) is the same training" }
    guard let spread = spread(comparison) else {
      return "the next, \(other), is \(gap) away, and one seed cannot show whether that is noise"
    }
    let words = comparison.isShown ? "more than noise" : "no difference shown, it may be noise"
    return "over the next, \(other), \(gap)\(spread): \(words)"
  }

  /// The interval of a difference behind it, or that there is none since the seeds agree; nil for one seed.
  private func spread(_ comparison: ExperimentRecord.Comparison) -> String? {
    if let range = range(comparison.lower, comparison.upper, signed) { return " \(range)" }
    return comparison.p == nil ? nil : " with every seed"
  }

  /// The best of all settings and how it stands to the next, for a cell of a table.
  package var bestInBrief: String {
    let ranked = record.ranked(in: nil)
    guard let first = ranked.first else { return "-" }
    let best = "\(first.name) (\(value(first.mean)))"
    guard ranked.count > 1, let comparison = record.comparison(first, ranked[1]) else { return best }
    if comparison.isIdentical { return "\(best), the same training as \(comparison.other)" }
    return comparison.isShown
      ? "\(best), better than \(comparison.other)" : "\(best), no difference from \(comparison.other) shown"
  }

  /// One comparison in words: `Cosine over Constant: +0.40 points [0.10, 0.70]`.
  package func verdict(_ comparison: ExperimentRecord.Comparison) -> String {
    let gap = difference(comparison.difference)
    let (setting, other) = (record.spokenName(comparison.setting), record.spokenName(comparison.other))
    if comparison.isIdentical {
      return "\(setting) and \(other) ended with the same weights for every seed."
    }
    guard let spread = spread(comparison) else {
      return "\(setting) over \(other): \(gap) with one seed, which shows no noise; "
        + "give --seeds 3."
    }
    if comparison.isShown { return "\(setting) over \(other): \(gap)\(spread)." }
    let excludesZero = (comparison.lower ?? 0) > 0 || (comparison.upper ?? 0) < 0
    let note = excludesZero ? ", which the correction for many comparisons does not let stand" : ""
    return "\(setting): no difference from \(other) shown (\(gap)\(spread)\(note))."
  }

  /// Trials that came to nothing.
  private var troubles: [String] { failures + ChanceFindings(record).sentences }

  private var failures: [String] {
    record.settings.flatMap { setting in
      // One reason is told once, however many seeds it ended.
      setting.trials.compactMap(\.failure).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        .map { reason in
          let seeds = setting.trials.filter { $0.failure == reason }.map { "\($0.seed)" }
          return "\(record.prefix(setting.group))\(setting.spokenName), seed\(seeds.count == 1 ? "" : "s") "
            + "\(seeds.joined(separator: ", ")), failed: \(reason)"
        }
    }
  }

  /// How the differences were judged.
  private var correction: String? {
    let tested = record.comparisons.filter { $0.p != nil }
    guard !tested.isEmpty else { return nil }
    var test = tested.allSatisfy(\.isPaired) ? "paired t tests by seed" : "Welch's t tests"
    if tested.contains(where: { $0.lower == nil }) {
      test += "; where all seeds agree there is none, and the p-value is the least that so few allow"
    }
    guard tested.count > 1 else { return "Intervals are at 95 %, from \(test)." }
    return
      "Intervals are at 95 % each, those of differences from \(test); a difference counts as shown where its "
      + "p-value stays below 0.05 after Holm's correction for \(tested.count) comparisons\(asked(tested))."
  }

  /// Which comparisons were made.
  private func asked(_ tested: [ExperimentRecord.Comparison]) -> String {
    guard let baseline = record.baseline else { return "" }
    let pairs = [
      tested.contains { $0.other == baseline } ? "each setting with \(record.spokenName(baseline))" : nil,
      tested.contains { $0.other != baseline } ? "the best with the next" : nil,
    ].compactMap(\.self).joined(separator: ", and ")
    let same = record.comparisons.contains(where: \.isIdentical) ? "; the same training is not tested" : ""
    return " (\(pairs)\(same))"
  }
}
