import Foundation
import MartletTensors

extension ExperimentRecord {
  private static let format = 1

  /// Reads the results of an experiment, and the runs of its trials as far as they are there.
  package static func load(_ path: String) throws(FileError) -> ExperimentRecord {
    let file = path + "/" + ExperimentFile.results
    guard FileManager.default.fileExists(atPath: file) else {
      let isBegun = ExperimentFolder.exists(at: path)
      throw .badData(
        path,
        isBegun
          ? "the experiment has no results yet; run it again to its end" : "it is no experiment's folder")
    }
    let json = try RunRecord.json(at: file)
    guard json["format"]?.intValue == format, var record = ExperimentRecord(json, path: path) else {
      throw .badData(file, "it is not the results of an experiment that this program can read")
    }
    for index in record.settings.indices {
      for place in record.settings[index].trials.indices {
        let trial = record.settings[index].trials[place]
        let run = record.runPath(of: trial)
        guard RunFolder.exists(at: run) else { continue }
        // That a run cannot be read is one of the reasons for which trials fail.
        record.settings[index].trials[place].run =
          trial.failure == nil ? try RunRecord.load(run) : try? RunRecord.load(run)
      }
    }
    return record
  }

  /// The run folder of a trial.
  package func runPath(of trial: Trial) -> String { "\(path)/\(ExperimentFile.trials)/\(trial.name)" }

  /// What `results.json` holds.
  package var json: JSON {
    [
      "format": .integer(Self.format),
      "name": .string(name),
      "title": .string(title),
      "metric": [
        "key": .string(metric.key), "title": .string(metric.title), "share": .bool(metric.isShare),
        "better_lower": .bool(metric.isBetterLower),
      ],
      "baseline": .optional(baseline),
      "seeds": .array(seeds.map(JSON.integer)),
      "conclusions": .array(conclusions.map(JSON.string)),
      "settings": .array(settings.map(\.json)),
      "comparisons": .array(comparisons.map(\.json)),
      "tables": .array(tables.map(\.json)),
      "figures": .array(figures.map(\.json)),
      "parts": .array(parts.map(JSON.string)),
    ]
  }

  init?(_ json: JSON, path: String) {
    guard let name = json["name"]?.stringValue, let metric = json["metric"],
      let key = metric["key"]?.stringValue
    else { return nil }
    self.init(
      path: path, name: name, title: json["title"]?.stringValue ?? name,
      metric: Metric(
        key: key, title: metric["title"]?.stringValue ?? key, isShare: metric["share"] == true,
        isBetterLower: metric["better_lower"] == true),
      baseline: json["baseline"]?.stringValue,
      seeds: (json["seeds"]?.arrayValue ?? []).compactMap(\.intValue),
      settings: (json["settings"]?.arrayValue ?? []).compactMap { Setting($0) },
      comparisons: (json["comparisons"]?.arrayValue ?? []).compactMap { Comparison($0) },
      tables: (json["tables"]?.arrayValue ?? []).compactMap { ResultTable($0) },
      figures: (json["figures"]?.arrayValue ?? []).compactMap { FigureData($0) },
      conclusions: (json["conclusions"]?.arrayValue ?? []).compactMap(\.stringValue),
      parts: (json["parts"]?.arrayValue ?? []).compactMap(\.stringValue))
  }
}

extension ExperimentRecord.Setting {
  var json: JSON {
    [
      "name": .string(name), "group": .optional(group),
      "changes": .object(changes.map { JSON.Member($0.key, .string($0.text)) }),
      "mean": .optional(mean), "deviation": .optional(deviation), "lower": .optional(lower),
      "upper": .optional(upper), "trials": .array(trials.map(\.json)),
    ]
  }

  init?(_ json: JSON) {
    guard let name = json["name"]?.stringValue else { return nil }
    self.init(
      name: name, group: json["group"]?.stringValue,
      changes: (json["changes"]?.members ?? []).map {
        ExperimentRecord.Change(key: $0.key, text: $0.value.stringValue ?? "")
      },
      trials: (json["trials"]?.arrayValue ?? []).compactMap { ExperimentRecord.Trial($0) })
    mean = json["mean"]?.doubleValue
    deviation = json["deviation"]?.doubleValue
    lower = json["lower"]?.doubleValue
    upper = json["upper"]?.doubleValue
  }
}

extension ExperimentRecord.Trial {
  var json: JSON {
    [
      "name": .string(name), "seed": .integer(seed), "value": .optional(value), "failure": .optional(failure),
      "trained_accuracy": .optional(trainedAccuracy), "parameters": .optional(parameters),
      "steps_per_epoch": .optional(stepsPerEpoch),
    ]
  }

  init?(_ json: JSON) {
    guard let name = json["name"]?.stringValue, let seed = json["seed"]?.intValue else { return nil }
    self.init(name: name, seed: seed)
    value = json["value"]?.doubleValue
    failure = json["failure"]?.stringValue
    trainedAccuracy = json["trained_accuracy"]?.doubleValue
    parameters = json["parameters"]?.intValue
    stepsPerEpoch = json["steps_per_epoch"]?.intValue
  }
}

extension ExperimentRecord.Comparison {
  var json: JSON {
    [
      "group": .optional(group), "setting": .string(setting), "other": .string(other),
      "difference": .number(difference), "lower": .optional(lower), "upper": .optional(upper),
      "p": .optional(p), "adjusted_p": .optional(adjustedP), "paired": .bool(isPaired),
      "identical": .bool(isIdentical), "shown": .bool(isShown),
    ]
  }

  init?(_ json: JSON) {
    guard let setting = json["setting"]?.stringValue, let other = json["other"]?.stringValue,
      let difference = json["difference"]?.doubleValue
    else { return nil }
    self.init(
      group: json["group"]?.stringValue, setting: setting, other: other, difference: difference,
      lower: json["lower"]?.doubleValue, upper: json["upper"]?.doubleValue, p: json["p"]?.doubleValue,
      adjustedP: json["adjusted_p"]?.doubleValue, isPaired: json["paired"] == true,
      isIdentical: json["identical"] == true)
  }
}

extension ExperimentRecord.ResultTable {
  var json: JSON {
    [
      "file": .string(file), "title": .string(title), "columns": .array(columns.map { .string($0.title) }),
      "numeric": .array(columns.map { .bool($0.isNumeric) }),
      "rows": .array(rows.map { .array($0.map(JSON.string)) }),
    ]
  }

  init?(_ json: JSON) {
    guard let file = json["file"]?.stringValue, let titles = json["columns"]?.arrayValue else { return nil }
    let numeric = json["numeric"]?.arrayValue ?? []
    self.init(
      file: file, title: json["title"]?.stringValue ?? file,
      columns: titles.enumerated().map { index, title in
        Column(title.stringValue ?? "", isNumeric: index < numeric.count && numeric[index] == true)
      },
      rows: (json["rows"]?.arrayValue ?? []).map { ($0.arrayValue ?? []).compactMap(\.stringValue) })
  }

  /// The table as the text of a CSV file (RFC 4180, with bare newlines).
  package var csv: String {
    ([columns.map(\.title)] + rows).map { $0.map(Self.quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func quoted(_ cell: String) -> String {
    guard cell.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" }) else { return cell }
    return "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
