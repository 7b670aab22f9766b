import MartletReports
import MartletRuns
import MartletTensors

extension ExperimentRecord {
  /// What was written for the eye, by path.
  package struct Files {
    package let figures: [String]
    package let report: String
  }

  /// Writes the results into a folder that is there: `results.json`, tables as CSV, figures as SVG and PNG, and the page.
  ///
  @discardableResult
  package func write(to folder: String) throws -> Files {
    for table in tables { try Self.write(table.csv, to: "\(folder)/\(table.file).csv") }
    if !settings.isEmpty {
      try Self.write(trialTable.csv, to: "\(folder)/results.csv")
      try Self.write(costTable.csv, to: "\(folder)/costs.csv")
    }
    var drawn: [String] = []
    for figure in figures {
      guard let drawing = figure.drawing else { continue }
      for ending in ["svg", "png"] { try drawing.write(to: "\(folder)/\(figure.file).\(ending)") }
      drawn.append("\(folder)/\(figure.file).png")
    }
    try Self.write(json.indentedText, to: "\(folder)/\(ExperimentFile.results)")
    let page = "\(folder)/\(RunFile.report)"
    try ExperimentReport.load(parts: self).write(to: page)
    return Files(figures: drawn, report: page)
  }

  private static func write(_ text: String, to path: String) throws {
    try AtomicFile.write(Array(text.utf8), to: path)
  }

  /// A row for each trial with all that depends on its settings and seed alone.
  package var trialTable: ResultTable {
    let keys = settings.flatMap { $0.changes.map(\.key) }.reduce(into: [String]()) { keys, key in
      if !keys.contains(key) { keys.append(key) }
    }
    let figures: [(String, (Trial) -> Double?)] = [
      ("validation_accuracy", { $0.run?.epochs.last?.validationAccuracy }),
      ("validation_loss", { $0.run?.epochs.last?.validationLoss }),
      ("test_accuracy", { $0.run?.result?.testAccuracy }), ("test_loss", { $0.run?.result?.testLoss }),
      ("train_accuracy", { $0.run?.result?.trainAccuracy }), ("train_loss", { $0.run?.result?.trainLoss }),
      ("trained_accuracy", \.trainedAccuracy), ("precision", { $0.run?.result?.precision }),
      ("recall", { $0.run?.result?.recall }), ("f1", { $0.run?.result?.f1 }),
    ]
    let titles =
      ["group", "setting", "seed"] + keys + ["parameters", "epochs", "stop_reason"] + figures.map(\.0)
      + ["weights_sha256", "failure"]
    let rows = settings.flatMap { setting in
      setting.trials.map { trial -> [String] in
        let result = trial.run?.result
        return [setting.group ?? "", setting.name, "\(trial.seed)"]
          + keys.map { key in setting.changes.first { $0.key == key }?.text ?? "" }
          + [Self.text(trial.parameters), Self.text(trial.run?.epochs.count), result?.stopReason ?? ""]
          + figures.map { Self.text($0.1(trial)) } + [result?.weightsSHA256 ?? "", trial.failure ?? ""]
      }
    }
    return ResultTable(
      file: "results", title: "All trials", columns: titles.map { ResultTable.Column($0) }, rows: rows)
  }

  /// A row for each trial with what was measured of time and memory, which differs from run to run.
  package var costTable: ResultTable {
    let titles = [
      "group", "setting", "seed", "seconds_per_epoch", "milliseconds_per_step", "peak_memory_bytes",
      "arena_bytes", "threads",
    ]
    let rows = settings.flatMap { setting in
      setting.trials.map { trial -> [String] in
        let result = trial.run?.result
        return [
          setting.group ?? "", setting.name, "\(trial.seed)", Self.text(result?.secondsPerEpoch),
          Self.text(result?.millisecondsPerStep), Self.text(result?.peakMemoryBytes),
          Self.text(result?.arenaBytes), Self.text(result?.threads),
        ]
      }
    }
    return ResultTable(
      file: "costs", title: "Time and memory", columns: titles.map { ResultTable.Column($0) }, rows: rows)
  }

  private static func text(_ value: (some CustomStringConvertible)?) -> String {
    value.map { "\($0)" } ?? ""
  }

  /// Tables and conclusions as lines, sentences broken between words where a width is given.
  package func text(width: Int? = nil) -> String {
    var parts = tables.map { table in "\(table.title)\n\(Table(table).text)" }
    parts.append(conclusions.map { Self.wrapped($0, width: width) }.joined())
    return parts.joined(separator: "\n")
  }

  private static func wrapped(_ sentence: String, width: Int?) -> String {
    var lines = ["-"]
    for word in sentence.split(separator: " ") {
      if let width, lines[lines.count - 1].count + 1 + word.count > width { lines.append(" ") }
      lines[lines.count - 1] += " \(word)"
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Table {
  /// A recorded table, ready to be shown.
  package init(_ table: ExperimentRecord.ResultTable) {
    self.init(table.columns.map { Column($0.title, isNumeric: $0.isNumeric) })
    for row in table.rows { append(row) }
  }
}
