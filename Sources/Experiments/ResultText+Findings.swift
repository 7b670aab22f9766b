import Foundation
import MartletReports
import MartletRuns

/// What the recorded learning rates say: schedules that never did anything, or hardly.
struct ScheduleFindings {
  let record: ExperimentRecord

  init(_ record: ExperimentRecord) { self.record = record }

  private func rates(_ setting: ExperimentRecord.Setting) -> [Double] {
    setting.trials.compactMap { $0.run?.epochs.map(\.learningRate) }.first { !$0.isEmpty } ?? []
  }

  var sentences: [String] {
    record.groups.flatMap { group in
      let members = record.settings.filter { $0.group == group }
      guard members.contains(where: { $0.changes.contains { $0.key == "schedule" } }) else {
        return [String]()
      }
      return twins(members) + hardlyMoved(members)
    }
  }

  /// Settings whose rates were the same in every epoch although their schedules differ.
  private func twins(_ members: [ExperimentRecord.Setting]) -> [String] {
    guard let base = members.first(where: { $0.name == record.baseline }) else { return [] }
    let own = rates(base)
    guard !own.isEmpty else { return [] }
    let span = own.count == 1 ? "its only epoch" : "all \(own.count) epochs"
    return members.filter { $0.name != base.name && rates($0) == own }.map {
      "Too few epochs to differ: \($0.spokenName) had the same rate as \(base.spokenName) in \(span)."
    }
  }

  /// Schedules that had not come far when the training ended.
  private func hardlyMoved(_ members: [ExperimentRecord.Setting]) -> [String] {
    members.compactMap { setting in
      let rates = rates(setting)
      guard let first = rates.first, first > 0, let least = rates.min(), least < first, least > 0.9 * first
      else { return nil }
      let share = String(format: "%.1f", (1 - least / first) * 100)
      return "\(setting.spokenName) had lowered its rate by only \(share) % when the training ended after "
        + "\(rates.count) epochs."
    }
  }
}

/// What the numbers of steps say: settings that differ in more than they seem to.
struct StepFindings {
  let record: ExperimentRecord

  init(_ record: ExperimentRecord) { self.record = record }

  var sentences: [String] {
    record.groups.compactMap { group in
      let members = record.settings.filter { $0.group == group && $0.trials.first?.stepsPerEpoch != nil }
      let steps = members.compactMap { setting in setting.trials.first?.stepsPerEpoch.map { (setting, $0) } }
      guard Set(steps.map(\.1)).count > 1 else { return nil }
      let counts = steps.map { "\($0.0.spokenName): \(Table.grouped($0.1))" }.joined(separator: "; ")
      let keys = members.reduce(into: Set<String>()) { $0.formUnion($1.changes.map(\.key)) }
      let mix =
        keys.count > 1
        ? "; the comparison mixes the number of steps with the rest" : ""
      return "\(record.prefix(group))Steps an epoch differ (\(counts))\(mix)."
    }
  }
}

extension ExperimentRecord {
  /// The beginning of a sentence about a group, where there are several.
  func prefix(_ group: String?) -> String { groups.count > 1 ? group.map { "\($0): " } ?? "" : "" }

  /// The name of a setting in a sentence, with its group where there are several.
  fileprivate func subject(_ setting: Setting) -> String {
    [groups.count > 1 ? setting.group : nil, setting.spokenName].compactMap(\.self).joined(separator: ", ")
  }
}

/// What accuracies no better than guessing say.
struct ChanceFindings {
  let record: ExperimentRecord

  init(_ record: ExperimentRecord) { self.record = record }

  var sentences: [String] {
    record.settings.compactMap { setting in
      let results = setting.trials.compactMap { $0.run?.result }
      guard let classes = results.compactMap(\.perClass).first, classes.count > 1 else { return nil }
      let chance = 1 / Double(classes.count)
      let images = Double(classes.map(\.support).reduce(0, +))
      // Three standard deviations of what guessing gives on as many images.
      let most = chance + 3 * (chance * (1 - chance) / images).squareRoot()
      guard results.allSatisfy({ $0.testAccuracy.map { $0 <= most } ?? false }) else { return nil }
      return "\(record.subject(setting)) learned nothing with any seed: \(Table.percent(chance)) of "
        + "the test images is what guessing one of \(classes.count) classes gives."
    }
  }
}

/// What the times and the memory of the trials say.
struct CostFindings {
  let record: ExperimentRecord

  init(_ record: ExperimentRecord) { self.record = record }

  var sentences: [String] {
    let time = range({ $0.secondsPerEpoch }) { String(format: "%.1f s", $0) }
    let memory = range({ $0.peakMegabytes }) { String(format: "%.1f MB", $0) }
    return [
      time.map { "An epoch takes \($0)." },
      memory.map { "The peak of a trial's memory, without its images, goes \($0)." }, unlikeThreads,
    ].compactMap(\.self)
  }

  /// That times do not compare where trials had different numbers of threads.
  var unlikeThreads: String? {
    let counts = Set(record.settings.flatMap(\.trials).compactMap { $0.run?.result?.threads }).sorted()
    guard let most = counts.last, counts.count > 1 else { return nil }
    let others = counts.dropLast().map(String.init).joined(separator: ", ")
    return "Times were measured with \(others) and \(most) threads, which do not compare."
  }

  /// The least and the greatest mean, each with its setting.
  private func range(_ value: (ResultEvent) -> Double?, _ text: (Double) -> String) -> String? {
    let means = record.settings.compactMap { setting in
      setting.mean { $0.run?.result.flatMap(value) }.map { (setting.spokenName, $0) }
    }
    guard means.count > 1, let least = means.min(by: { $0.1 < $1.1 }),
      let most = means.max(by: { $0.1 < $1.1 })
    else { return nil }
    return "from \(text(least.1)) (\(least.0)) to \(text(most.1)) (\(most.0))"
  }
}

/// What validation says of early epochs: networks that lag behind their own training.
struct LagFindings {
  let record: ExperimentRecord

  init(_ record: ExperimentRecord) { self.record = record }

  /// A gap that is more than what an epoch's learning explains.
  private static let least = 0.2

  var sentences: [String] {
    let gaps = record.settings.compactMap { setting -> (String, Double, Int)? in
      let trained = Presentation.epochMeans(setting) { $0.accuracy }
      let validated = Presentation.epochMeans(setting) { $0.validationAccuracy }
      let gaps = zip(trained, validated).map { $0 - $1 }
      guard let greatest = gaps.max(), let epoch = gaps.firstIndex(of: greatest), let last = gaps.last,
        // What stays or grows is no lag but overfitting.
        greatest > Self.least, last < greatest / 2
      else { return nil }
      return (record.subject(setting), greatest, epoch + 1)
    }
    return gaps.map { name, gap, epoch in
      "\(name): after epoch \(epoch) the validation accuracy lay \(String(format: "%.0f", gap * 100)) points below "
        + "the training accuracy; with batch normalization that is usual while few steps have been made."
    }
  }
}
