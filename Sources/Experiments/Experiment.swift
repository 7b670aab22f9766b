import MartletRuns
import MartletTensors

/// Several settings of a training, each tried with several seeds, and what is to be seen of them.
package struct Experiment: Sendable {
  /// One setting.
  package struct Variant: Sendable {
    package var name: String
    /// Only settings of one group are compared; nil for one group.
    package var group: String?
    package var changes: [SettingChange]
    /// The base with the changes; its seed is the first one's.
    package var system: TrainingSystem
  }

  /// The name, by which folders are called too.
  package var name: String
  package var title: String
  package var metric: ExperimentMetric
  package var seeds: [Int]
  package var variants: [Variant]
  /// The setting that the others are compared with; the first where it is nil.
  package var baseline: String?
  package var presentation: Presentation

  package init(
    name: String, title: String, metric: ExperimentMetric, seeds: [Int] = [0, 1, 2], variants: [Variant],
    baseline: String? = nil, presentation: Presentation = .general
  ) {
    self.name = name
    self.title = title
    self.metric = metric
    self.seeds = seeds
    self.variants = variants
    self.baseline = baseline
    self.presentation = presentation
  }

  /// One training of an experiment.
  package struct Trial: Sendable {
    /// The name of its run folder, and how it is told.
    package let name: String
    package let title: String
    /// The setting, by its place in `variants`.
    package let variant: Int
    package let seed: Int
    package let system: TrainingSystem
  }

  /// All trials, every setting with the first seed before any with the second.
  package var trials: [Trial] {
    seeds.flatMap { seed in
      variants.indices.map { index in
        let variant = variants[index]
        var system = variant.system
        system.settings.seed = seed
        let full = [variant.group, variant.name].compactMap(\.self).joined(separator: ", ")
        return Trial(
          name: "\(Self.slug(full))-seed-\(seed)", title: "\(full), seed \(seed)", variant: index, seed: seed,
          system: system)
      }
    }
  }

  /// What `experiment.json` holds: all that decides the results.
  package var definition: JSON {
    [
      "format": 1,
      "name": .string(name),
      "title": .string(title),
      "metric": .string(metric.rawValue),
      "baseline": baseline.map(JSON.string) ?? .null,
      "seeds": .array(seeds.map(JSON.integer)),
      "settings": .array(
        variants.map { variant in
          [
            "name": .string(variant.name), "group": variant.group.map(JSON.string) ?? .null,
            "configuration": variant.system.configuration,
          ]
        }),
    ]
  }

  /// The system of a trial, as the definition in an experiment folder tells it.
  package static func system(ofTrial name: String, in path: String) throws -> TrainingSystem {
    let definition = try ExperimentFolder.definition(at: path)
    let seeds = (definition["seeds"]?.arrayValue ?? []).compactMap(\.intValue)
    for setting in definition["settings"]?.arrayValue ?? [] {
      guard let title = setting["name"]?.stringValue, let json = setting["configuration"] else { continue }
      let full = [setting["group"]?.stringValue, title].compactMap(\.self).joined(separator: ", ")
      guard let seed = seeds.first(where: { "\(slug(full))-seed-\($0)" == name }) else { continue }
      var system = try TrainingSystem(configuration: json, in: path, file: ExperimentFile.definition)
      system.settings.seed = seed
      return system
    }
    throw SettingError(
      at: path, expected: "an experiment with the trial \(name)", received: "none of this name",
      hint: "run 'martlet experiment', which starts its trials itself", isInFile: true)
  }

  /// A text as a part of a file's name: `Cosine Annealing` as `cosine-annealing`, `+` as `setting`.
  static func slug(_ text: String) -> String {
    let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".")) }
    return words.isEmpty ? "setting" : words.joined(separator: "-")
  }

  /// Refuses what no trial could begin with, before a folder is made.
  package func check() throws {
    precondition(!variants.isEmpty && !seeds.isEmpty, "an experiment without trials")
    guard variants.count * seeds.count <= SettingLimit.trials else {
      throw SettingError(
        at: name, expected: "at most \(SettingLimit.trials) trials",
        received: "\(variants.count) settings with \(seeds.count) seeds", hint: "take fewer seeds")
    }
    var titles: [String: String] = [:]
    for trial in trials {
      if let title = titles.updateValue(trial.title, forKey: trial.name) {
        let pair = title == trial.title ? "\(title) twice" : "\(title) and \(trial.title)"
        throw SettingError(
          at: name, expected: "settings whose names differ in letters or digits", received: pair,
          hint: "give them different names")
      }
      try trial.system.requireValidation()
      if metric.needsValidation, trial.system.settings.validation == .none {
        throw SettingError(
          at: name, expected: "a part held out for validation, which the metric needs",
          received: "none in \(trial.title)",
          hint: "add validation: last:0.1, or take the metric test accuracy")
      }
    }
    if let baseline, !variants.contains(where: { $0.name == baseline }) {
      throw SettingError.unknown("baseline", baseline, among: variants.map(\.name))
    }
  }
}

/// A setting's key with the text it is changed to.
package struct SettingChange: Sendable, Equatable {
  package var key: SettingKey
  package var text: String

  package init(_ key: SettingKey, _ text: String) {
    self.key = key
    self.text = text
  }
}

extension TrainingSystem {
  /// The system with changes, in the order in which settings depend on each other.
  package func changed(_ changes: [SettingChange]) throws -> TrainingSystem {
    var system = self
    for change in changes.sorted(by: { $0.key.order < $1.key.order }) {
      try change.key.apply(change.text, to: &system)
    }
    return system
  }
}

/// By what settings are compared.
package enum ExperimentMetric: String, CaseIterable, Sendable {
  case validationAccuracy = "validation_accuracy"
  case validationLoss = "validation_loss"
  case testAccuracy = "test_accuracy"
  case testLoss = "test_loss"
  case f1

  /// The name in files that people write, such as `validation accuracy`.
  package var name: String { rawValue.split(separator: "_").joined(separator: " ") }

  package var needsValidation: Bool { self == .validationAccuracy || self == .validationLoss }

  package var record: ExperimentRecord.Metric {
    let title =
      switch self {
      case .validationAccuracy: "Validation accuracy"
      case .validationLoss: "Validation loss"
      case .testAccuracy: "Test accuracy"
      case .testLoss: "Test loss"
      case .f1: "F1"
      }
    let isLoss = self == .validationLoss || self == .testLoss
    return ExperimentRecord.Metric(key: rawValue, title: title, isShare: !isLoss, isBetterLower: isLoss)
  }

  /// The value of a finished run; validation's is that of the last epoch.
  package func value(of run: RunRecord) -> Double? {
    switch self {
    case .validationAccuracy: run.epochs.last?.validationAccuracy
    case .validationLoss: run.epochs.last?.validationLoss
    case .testAccuracy: run.result?.testAccuracy
    case .testLoss: run.result?.testLoss
    case .f1: run.result?.f1
    }
  }
}
