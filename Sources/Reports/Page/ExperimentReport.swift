import Foundation
import MartletRuns
import MartletTensors

/// The page of an experiment: which setting is best, by how much, and whether that is noise.
package struct ExperimentReport: Sendable {
  package var record: ExperimentRecord
  /// The experiments that a study consists of.
  package var parts: [ExperimentReport]
  /// The path from the page's folder to the experiment's, with a slash behind it; empty where they are one.
  private let pathPrefix: String

  package init(_ record: ExperimentRecord, parts: [ExperimentReport] = [], pathPrefix: String = "") {
    self.record = record
    self.parts = parts
    self.pathPrefix = pathPrefix
  }

  /// With the results of the experiments that a study consists of, as far as they are there.
  package static func load(parts record: ExperimentRecord) -> ExperimentReport {
    let parts = record.parts.compactMap { name in
      (try? ExperimentRecord.load("\(record.path)/\(name)")).map {
        ExperimentReport($0, pathPrefix: "\(name)/")
      }
    }
    return ExperimentReport(record, parts: parts)
  }

  /// Writes the page whole or not at all.
  package func write(to path: String) throws(FileError) {
    try AtomicFile.write(Array(page.html.utf8), to: path)
  }

  package var page: Page {
    Page(
      title: record.title, kicker: "Martlet · experiment report", subtitle: subtitle, summary: summary,
      sections: sections + parts.enumerated().map { $1.asPart(number: $0 + 1) },
      footer: "<p>Page by Martlet \(martletVersion). This file needs no network.</p>")
  }

  private var sections: [Page.Section] {
    let curves = curves
    // Where the page draws the courses itself, the same curves on paper are left out.
    let drawn = record.figures.filter { curves == nil || !$0.file.hasPrefix(FigureData.coursesFile) }
    return ([comparison] + figures(drawn) + [curves] + tables + [trials]).compactMap(\.self)
  }

  /// The experiment as one section of a study's page.
  private func asPart(number: Int) -> Page.Section {
    let sentences = record.conclusions.map { "<li>\($0)</li>" as HTML }
    let bodies = sections.map { section -> HTML in
      "<h3>\(section.title)</h3>\(section.lead.map { "<p class=\"note\">\($0)</p>" as HTML } ?? "")\(section.body)"
    }
    return Page.Section(
      id: "part-\(number)", title: record.title, label: Self.label(record.name),
      body: "<ul>\(sentences.joined())</ul>\(sharedSettings ?? "")\(bodies.joined())")
  }

  private var subtitle: HTML {
    let count = record.settings.count
    let trials = parts.flatMap(\.record.settings).map(\.trials.count).reduce(0, +)
    guard count > 0 || trials > 0 else { return "\(record.name)" }
    let settings =
      trials > 0
      ? "\(parts.count) experiments · \(trials) trials" : count == 1 ? "1 setting" : "\(count) settings"
    let seeds = record.seeds.map(String.init).joined(separator: ", ")
    return "\(record.name) · \(settings) · \(record.seeds.count == 1 ? "seed" : "seeds") \(seeds)"
  }

  /// The best setting, then what follows from the figures.
  private var summary: HTML {
    let best = best("Best mean") + parts.flatMap { $0.best("Best \(Self.words($0.record.name))") }
    let failed = record.settings.flatMap(\.trials).count { $0.failure != nil }
    let alert: HTML =
      failed == 0
      ? "" : "<p class=\"alert\">\(failed) of \(record.settings.flatMap(\.trials).count) trials failed.</p>"
    let sentences = record.conclusions.map { "<li>\($0)</li>" as HTML }
    let verdict: HTML = sentences.isEmpty ? "" : "<ul class=\"verdict\">\(sentences.joined())</ul>"
    let shared = sharedSettings ?? ""
    return "<div class=\"summary\">\(alert)\(best.isEmpty ? "" : Page.figures(best))\(verdict)\(shared)</div>"
  }

  /// The best setting of each group, under a name for what it is the best of.
  private func best(_ name: String) -> [(name: String, value: String, remark: String)] {
    record.groups.compactMap { group in
      let ranked = record.ranked(in: group)
      guard let setting = ranked.first else { return nil }
      let interval = interval(setting.lower, setting.upper)
      guard record.settings.count > 1 else {
        let seeds = record.seeds.count == 1 ? "1 seed" : "\(record.seeds.count) seeds"
        return (record.metric.title, text(setting.mean), "\(setting.name), \(seeds) \(interval)")
      }
      let doubt = ranked.count > 1 ? doubt(setting, ranked[1]) : ""
      return (
        group.map { "\(name), \($0)" } ?? name, setting.name,
        "\(record.metric.title) \(text(setting.mean)) \(interval)\(doubt)"
      )
    }
  }

  /// What stands beside the best, so that its name is not taken for a verdict.
  private func doubt(_ best: ExperimentRecord.Setting, _ next: ExperimentRecord.Setting) -> String {
    guard let found = record.comparison(best, next), !found.isShown else { return "" }
    return found.isIdentical ? "; \(next.spokenName) is the same training" : "; its lead may be noise"
  }

  private func text(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "-" }
    return record.metric.isShare ? RunReport.percent(value) : RunReport.decimals(value)
  }

  /// Points of a percentage, or the metric's own unit.
  private func difference(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "-" }
    guard value != 0 else { return record.metric.isShare ? "0.00" : "0.0000" }
    return String(
      format: record.metric.isShare ? "%+.2f" : "%+.4f", record.metric.isShare ? value * 100 : value)
  }

  private func interval(_ lower: Double?, _ upper: Double?) -> String {
    lower.flatMap { lower in upper.map { "[\(text(lower)), \(text($0))]" } } ?? ""
  }

  /// Each setting with its mean and how it differs from the baseline.
  private var comparison: Page.Section? {
    guard record.settings.count > 1 else { return nil }
    let unit = record.metric.isShare ? " (points)" : ""
    let hasGroups = record.settings.contains { $0.group != nil }
    let rows = record.settings.map { setting -> [PageTable.Cell] in
      let found = record.comparisons.first {
        $0.group == setting.group && $0.setting == setting.name && $0.other == record.baseline
      }
      let isBaseline = setting.name == record.baseline
      let verdict =
        isBaseline ? "baseline" : found.map { $0.isIdentical ? "the same" : Self.verdict($0) } ?? "-"
      let range = found.flatMap { comparison in
        comparison.lower.flatMap { lower in
          comparison.upper.map { "[\(difference(lower)), \(difference($0))]" }
        }
      }
      return (hasGroups ? [.init(setting.group ?? "")] : []) + [
        .init(setting.name), .init(text(setting.mean), key: setting.mean),
        .init(interval(setting.lower, setting.upper), key: setting.lower),
        .init(isBaseline ? "" : difference(found?.difference), key: found?.difference),
        .init(range ?? ""), .init(verdict),
      ]
    }
    let table = PageTable(
      (hasGroups ? [.init("Group")] : []) + [
        .init("Setting"), .init(record.metric.title, isNumeric: true), .init("95% interval", isNumeric: true),
        .init("Difference\(unit)", isNumeric: true), .init("95% interval", isNumeric: true),
        .init("To the baseline"),
      ], caption: "The settings compared", rows: rows)
    let lead: HTML =
      record.seeds.count > 1
      ? """
      Means over \(record.seeds.count) seeds; a seed sets initial weights, order of the images and random layers. \
      A difference counts as shown where it would be rare by chance: below 5% over all comparisons of this \
      experiment (Holm).
      """
      : "One seed: whether a difference is more than chance cannot be said."
    return Page.Section(
      id: "settings", title: "The settings compared", label: "Settings", lead: lead, body: table.html)
  }

  private static func verdict(_ comparison: ExperimentRecord.Comparison) -> String {
    guard let p = comparison.adjustedP else { return "one seed only" }
    let value = p < 0.001 ? "p < 0.001" : String(format: "p = %.3f", p)
    return comparison.isShown ? "difference shown (\(value))" : "no difference shown (\(value))"
  }

  /// Figures of the experiment; lines answer to the pointer.
  private func figures(_ drawn: [FigureData]) -> [Page.Section?] {
    drawn.enumerated().map { index, figure in
      let body: HTML
      if figure.panels.allSatisfy({ $0.kind == .lines }) {
        body = Page.grid(figure.charts.compactMap { $0 as? LineChart }.map { PageChart($0) })
      } else if let drawing = figure.untitled.drawing {
        body = Page.figure(drawing, alternative: figure.title)
      } else {
        return nil
      }
      return Page.Section(
        id: "figure-\(index + 1)", title: figure.title, label: Self.label(figure.file), body: body)
    }
  }

  /// What a file or an experiment shows, told by its name.
  private static func label(_ name: String) -> String {
    words(name).withLargeFirstLetter
  }

  private static func words(_ name: String) -> String {
    // A number belongs to the word before it: CIFAR-10.
    name.replacing("_", with: " ").replacing(/-(?=[a-z])/, with: " ")
  }

  private var tables: [Page.Section?] {
    // What the comparison above shows is not shown again.
    let merged =
      comparison == nil
      ? [] : [ExperimentRecord.ResultTable.statisticsFile, ExperimentRecord.ResultTable.comparisonsFile]
    return record.tables.filter { !merged.contains($0.file) }.enumerated().map { index, table in
      let fitting = table.rows.filter { $0.count == table.columns.count }
      guard !fitting.isEmpty else { return nil }
      let rows = fitting.map { row in
        zip(row, table.columns).map { PageTable.Cell($0, key: $1.isNumeric ? Self.number($0) : nil) }
      }
      let columns = table.columns.map { Table.Column($0.title, isNumeric: $0.isNumeric) }
      return Page.Section(
        id: "table-\(index + 1)", title: table.title, label: Self.label(table.file),
        body: PageTable(columns, caption: table.title, rows: rows).html)
    }
  }

  /// What a cell such as `12,786` or `89.2%` says, nil for a text.
  private static func number(_ cell: String) -> Double? {
    Double(cell.filter { $0 != "," && $0 != "%" }).flatMap { $0.isFinite ? $0 : nil }
  }

  private var trials: Page.Section? {
    let rows = record.settings.flatMap { setting in
      setting.trials.map { trial -> [PageTable.Cell] in
        let result = trial.run?.result
        return [
          .init([setting.group, setting.name].compactMap(\.self).joined(separator: ", ")),
          .init(html: link(trial), key: Double(trial.seed)), .init(text(trial.value), key: trial.value),
          .init(result?.secondsPerEpoch.map(RunReport.duration) ?? "-", key: result?.secondsPerEpoch),
          .init(
            result?.peakMemoryBytes.map(RunReport.bytes) ?? "-", key: result?.peakMemoryBytes.map(Double.init)
          ),
          .init(trial.failure ?? result?.stopReason?.replacing("_", with: " ") ?? "-"),
        ]
      }
    }
    guard !rows.isEmpty else { return nil }
    let table = PageTable(
      [
        .init("Setting"), .init("Seed", isNumeric: true), .init(record.metric.title, isNumeric: true),
        .init("Time per epoch", isNumeric: true), .init("Peak memory", isNumeric: true), .init("Ended"),
      ], caption: "All trials", rows: rows)
    // Runs that are only compared lie elsewhere.
    let hasFolders = FileManager.default.fileExists(atPath: "\(record.path)/\(ExperimentFile.trials)")
    let lead: HTML = """
      Each was a process of its own; its run folder, with the page of the run, is below \
      \(pathPrefix)\(ExperimentFile.trials)/.
      """
    return Page.Section(
      id: "trials", title: "All trials", label: "Trials", lead: hasFolders ? lead : nil, body: table.html)
  }

  /// The seed, and behind it the page of the run where there is one.
  private func link(_ trial: ExperimentRecord.Trial) -> HTML {
    guard FileManager.default.fileExists(atPath: "\(record.runPath(of: trial))/\(RunFile.report)") else {
      return "\(trial.seed)"
    }
    return
      "<a href=\"\(pathPrefix)\(ExperimentFile.trials)/\(trial.name)/\(RunFile.report)\">\(trial.seed)</a>"
  }
}
