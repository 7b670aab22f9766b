import Foundation
import MartletRuns
import MartletTensors

extension Experiment {
  /// Puts the results together from the run folders below `path`.
  ///
  /// - Parameter failures: Why trials came to no result, by their names.
  package func record(at path: String, failures: [String: String] = [:]) -> ExperimentRecord {
    var record = ExperimentRecord(
      path: path, name: name, title: title, metric: metric.record, seeds: seeds,
      settings: variants.map {
        ExperimentRecord.Setting(
          name: $0.name, group: $0.group,
          changes: $0.changes.map { ExperimentRecord.Change(key: $0.key.name, text: $0.text) }, trials: [])
      })
    for trial in trials {
      var entry = ExperimentRecord.Trial(name: trial.name, seed: trial.seed)
      entry.failure = failures[trial.name]
      let run = record.runPath(of: entry)
      // A run that cannot be read has failed as a trial, which told why.
      if let loaded = try? RunRecord.load(run) {
        entry.run = loaded
        entry.note(TrialFacts.load(run), trial.system)
        if loaded.result != nil { entry.value = metric.value(of: loaded) }
      }
      record.settings[trial.variant].trials.append(entry)
    }
    record.baseline = variants.count > 1 ? baseline ?? variants[0].name : nil
    record.computeStatistics()
    let texts = ResultText(record, tellsCosts: presentation.showsCosts)
    record.conclusions = texts.conclusions
    record.tables = presentation.tables(record, texts) + texts.tables
    record.figures = presentation.figures(record, self)
    return record
  }
}

extension ExperimentRecord {
  /// Means, intervals and comparisons from the trials' values.
  package mutating func computeStatistics() {
    for index in settings.indices { settings[index].computeStatistics(isShare: metric.isShare) }
    comparisons = []
    for group in groups {
      let members = settings.filter { $0.group == group && $0.mean != nil }
      // A baseline that came to no result leaves the question of the best.
      if let base = members.first(where: { $0.name == baseline }) {
        for setting in members where setting.name != base.name { comparisons.append(compare(setting, base)) }
      }
      // Whether the best is more than chance is asked too, unless it has been.
      let ranked = self.ranked(in: group)
      if ranked.count > 1, ranked[0].name != baseline, ranked[1].name != baseline {
        comparisons.append(compare(ranked[0], ranked[1]))
      }
    }
    let tested = comparisons.indices.filter { comparisons[$0].p != nil }
    let adjusted = Holm.adjusted(tested.compactMap { comparisons[$0].p })
    for (index, p) in zip(tested, adjusted) { comparisons[index].adjustedP = p }
  }

  private func compare(_ setting: Setting, _ other: Setting) -> Comparison {
    let bySeed = Dictionary(uniqueKeysWithValues: other.trials.map { ($0.seed, $0) })
    let pairs = setting.trials.compactMap { trial -> (Trial, Trial)? in
      guard let partner = bySeed[trial.seed], trial.value != nil, partner.value != nil else { return nil }
      return (trial, partner)
    }
    let (own, others) = (setting.sample, other.sample)
    let isPaired = pairs.count == own.count && pairs.count == others.count
    let test =
      isPaired
      ? Sample(pairs.map { $0.0.value ?? .nan }).paired(with: Sample(pairs.map { $0.1.value ?? .nan }))
      : own.welch(from: others)
    let isIdentical =
      isPaired
      && pairs.allSatisfy { a, b in
        let digest = a.run?.result?.weightsSHA256
        return digest != nil && digest == b.run?.result?.weightsSHA256
      }
    return Comparison(
      group: setting.group, setting: setting.name, other: other.name, difference: own.mean - others.mean,
      lower: test?.interval?.lowerBound, upper: test?.interval?.upperBound, p: isIdentical ? nil : test?.p,
      isPaired: isPaired, isIdentical: isIdentical)
  }
}

extension ExperimentRecord.Setting {
  /// The metric's values.
  package var sample: Sample { Sample(trials.compactMap(\.value)) }

  /// The mean over the trials of something that each run may have.
  package func mean(_ value: (ExperimentRecord.Trial) -> Double?) -> Double? {
    let sample = Sample(trials.compactMap(value))
    return sample.count > 0 ? sample.mean : nil
  }

  /// Half the width of the 95 % interval around that mean; nil for fewer than two values, or equal ones.
  package func margin(_ value: (ExperimentRecord.Trial) -> Double?) -> Double? {
    Sample(trials.compactMap(value)).margin()
  }

  mutating func computeStatistics(isShare: Bool) {
    let sample = sample
    guard sample.count > 0 else { return }
    mean = sample.mean
    deviation = sample.deviation
    if let margin = sample.margin() {
      // Student's interval knows nothing of the ends that a share has.
      lower = isShare ? max(0, sample.mean - margin) : sample.mean - margin
      upper = isShare ? min(1, sample.mean + margin) : sample.mean + margin
    }
  }
}

extension ExperimentRecord.Trial {
  /// Takes over what the trial wrote of itself.
  fileprivate mutating func note(_ facts: TrialFacts?, _ system: TrainingSystem) {
    guard let facts else { return }
    parameters = facts.parameters
    stepsPerEpoch = facts.stepsPerEpoch
    guard let result = run?.result, let all = result.trainAccuracy else { return }
    let (trained, held) = (Double(facts.trainingImages), Double(facts.validationImages))
    // Early stopping restores weights whose validation accuracy is not the last one.
    guard held > 0, system.settings.patience == nil, let validation = run?.epochs.last?.validationAccuracy
    else {
      trainedAccuracy = held > 0 ? nil : all
      return
    }
    // Both shares are counts divided by their images, so that the images trained on remain exactly.
    trainedAccuracy = ((all * (trained + held)).rounded() - (validation * held).rounded()) / trained
  }
}

/// What a trial writes into its run folder besides: the sizes of the training.
package struct TrialFacts: Sendable, Equatable {
  package var parameters: Int
  package var trainableParameters: Int
  package var trainingImages: Int
  package var validationImages: Int
  package var stepsPerEpoch: Int

  package init(
    parameters: Int, trainableParameters: Int, trainingImages: Int, validationImages: Int, stepsPerEpoch: Int
  ) {
    self.parameters = parameters
    self.trainableParameters = trainableParameters
    self.trainingImages = trainingImages
    self.validationImages = validationImages
    self.stepsPerEpoch = stepsPerEpoch
  }

  private static let file = "trial.json"

  /// Writes them into a run folder.
  package func write(in run: String) throws {
    let json: JSON = [
      "parameters": .integer(parameters), "trainable_parameters": .integer(trainableParameters),
      "training_images": .integer(trainingImages), "validation_images": .integer(validationImages),
      "steps_per_epoch": .integer(stepsPerEpoch),
    ]
    try AtomicFile.write(Array(json.indentedText.utf8), to: "\(run)/\(Self.file)")
  }

  /// Reads them from a run folder; nil where the run did not come from an experiment.
  static func load(_ run: String) -> TrialFacts? {
    guard let bytes = try? InputFile.contents(of: "\(run)/\(file)", limit: 1 << 16),
      let json = try? JSON(parsing: bytes), let parameters = json["parameters"]?.intValue,
      let images = json["training_images"]?.intValue
    else { return nil }
    return TrialFacts(
      parameters: parameters, trainableParameters: json["trainable_parameters"]?.intValue ?? parameters,
      trainingImages: images, validationImages: json["validation_images"]?.intValue ?? 0,
      stepsPerEpoch: json["steps_per_epoch"]?.intValue ?? 0)
  }
}
