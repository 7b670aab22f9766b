import Foundation
import MartletDatasets
import MartletNetworks
import MartletReports
import MartletRuns
import MartletTensors

/// Several experiments in order, and what they say together.
package struct Study: Sendable {
  /// The id, such as `study-attention`.
  package let id: String
  package let title: String
  /// The experiments; the last one is the final training.
  package var parts: [Experiment]

  /// The ids of all studies.
  package static let ids = ["study-attention"]

  /// The four experiments on the attention network, its final training, the summary.
  package static func attention(_ options: Experiment.Options) throws -> Study {
    let ids = ["learning-rate", "batch-size", "attention", "regularization"]
    let experiments = try ids.map { id in
      try Experiment.named("experiment-\(id)", options.without(varied: id))
    }
    let final = try Experiment.finalTraining(options)
    return Study(
      id: "study-attention",
      title: "A network with attention on \(try final.variants[0].system.datasetTitle)",
      parts: experiments + [final])
  }

  /// What `experiment.json` of the study's folder holds; the parts' folders hold their own.
  package var definition: JSON {
    [
      "format": 1, "name": .string(id), "title": .string(title),
      "parts": .array(parts.map { .string($0.name) }),
    ]
  }

  /// The summary, computed from the parts' records.
  package func record(at path: String, _ records: [ExperimentRecord]) -> ExperimentRecord {
    guard let final = records.last, let setting = final.settings.first else {
      preconditionFailure("a study without a final training")
    }
    var rows: [[String]] = [
      ["Architecture", architecture(parts[parts.count - 1], setting)],
      ["Total parameters", Presentation.parameters(setting)],
    ]
    for record in records.dropLast() {
      rows.append(["Best: \(record.title.withSmallFirstLetter)", ResultText(record).bestInBrief])
    }
    rows.append(["Settings of the final training", "given, not chosen by the results above"])
    let scores: [(String, (ResultEvent) -> Double?)] = [
      ("Test accuracy", \.testAccuracy), ("Precision (weighted)", \.precision),
      ("Recall (weighted)", \.recall),
      ("F1 (weighted)", \.f1),
    ]
    for (name, value) in scores {
      let sample = Sample(setting.trials.compactMap { $0.run?.result.flatMap(value) })
      let spread =
        sample.deviation.map { String(format: ", deviation %.2f over %d seeds", $0 * 100, sample.count) }
        ?? ""
      rows.append([name, (sample.count > 0 ? Table.percent(sample.mean) : "-") + spread])
    }
    return ExperimentRecord(
      path: path, name: id, title: title, metric: final.metric, seeds: final.seeds,
      tables: [
        .init(
          file: "summary", title: "Final summary", columns: [.init("What"), .init("Result")], rows: rows)
      ],
      conclusions: records.flatMap { record in
        ResultText(record).keyFindings.map { "\(record.title): \($0)" }
      } + twins(records) + [differences(records)].compactMap(\.self),
      parts: parts.map(\.name))
  }

  /// Trainings that several experiments have in common, whatever each calls them.
  private func twins(_ records: [ExperimentRecord]) -> [String] {
    var names: [[String]: [String]] = [:]
    var order: [[String]] = []
    for (part, record) in zip(parts, records) {
      for setting in record.settings {
        let digests = setting.trials.compactMap { $0.run?.result?.weightsSHA256 }
        guard !digests.isEmpty, digests.count == setting.trials.count else { continue }
        if names[digests] == nil { order.append(digests) }
        names[digests, default: []].append("\(setting.spokenName) (\(part.name))")
      }
    }
    return order.compactMap { names[$0] }.filter { $0.count > 1 }.map {
      "The same trainings, with the same weights: \($0.joined(separator: ", "))."
    }
  }

  /// How many of all comparisons are more than noise.
  private func differences(_ records: [ExperimentRecord]) -> String? {
    let tested = records.flatMap(\.comparisons).filter { $0.adjustedP != nil }
    guard !tested.isEmpty else { return nil }
    let shown = tested.count(where: \.isShown)
    return shown == 0
      ? "None of the \(tested.count) comparisons shows a difference: the order of the settings may be noise."
      : "\(shown) of the \(tested.count) comparisons show\(shown == 1 ? "s" : "") a difference; the others may be noise."
  }

  /// The network's name, and how many layers of each kind it has.
  private func architecture(_ experiment: Experiment, _ trained: ExperimentRecord.Setting) -> String {
    let variant = experiment.variants[0]
    guard let network = network(variant.system, trained) else { return variant.name }
    let kinds = network.summary().rows.map(\.type)
    let counts = ["Conv2D", "ChannelAttention", "SpatialAttention", "Dense"].compactMap { kind in
      let count = kinds.count { $0 == kind }
      return count > 0 ? "\(count) \(kind)" : nil
    }
    return "\(variant.name): \(counts.joined(separator: ", "))"
  }

  /// The network as a run had it, whose images may come from a folder; else for the catalog's images.
  private func network(
    _ system: TrainingSystem, _ trained: ExperimentRecord.Setting
  ) -> (any Network)? {
    let runs = trained.trials.compactMap(\.run)
    let configurations = runs.lazy.compactMap { try? RunConfiguration($0.configuration, run: $0.path) }
    let card = try? DatasetCatalog.card(system.dataset)
    let configuration = configurations.first ?? card.map { RunConfiguration(system: system, card: $0) }
    return try? configuration?.network()
  }
}

extension Experiment {
  /// The published experiment of an id; the part before the first dash may be missing.
  package static func named(_ name: String, _ options: Options = Options()) throws -> Experiment {
    let ids = all.map(\.id)
    guard let entry = all.first(where: { $0.id == name || $0.id == "experiment-\(name)" }) else {
      let short = ids.map { String($0.dropFirst("experiment-".count)) }
      let near = nearestName(to: name, among: short + ids + Study.ids).map { "did you mean \($0)?" }
      throw SettingError(
        at: "experiment", expected: "one of \((short + Study.ids).joined(separator: ", "))", received: name,
        hint: near ?? "'martlet experiment' lists them; a file ends in .yaml")
    }
    return try entry.make(options)
  }
}

extension Experiment.Options {
  /// The options without what an experiment varies itself.
  fileprivate func without(varied id: String) -> Experiment.Options {
    var options = self
    if id == "batch-size" { options.changes.removeAll { $0.key == .batchSize } }
    return options
  }
}
