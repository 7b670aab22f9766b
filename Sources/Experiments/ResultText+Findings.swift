import Foundation
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
      "Settings too short to differ: \($0.name) had the same rate as \(base.name) in \(span)."
    }
  }

  /// Schedules that had not come far when the training ended.
  private func hardlyMoved(_ members: [ExperimentRecord.Setting]) -> [String] {
    members.compactMap { setting in
      let rates = rates(setting)
      guard let first = rates.first, first > 0, let least = rates.min(), least < first, least > 0.9 * first
      else { return nil }
      let share = String(format: "%.1f", (1 - least / first) * 100)
      return "\(setting.name) had lowered its rate by only \(share) % when the training ended after "
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
      let counts = steps.map { "\($0.0.name) \($0.1)" }.joined(separator: ", ")
      let keys = members.reduce(into: Set<String>()) { $0.formUnion($1.changes.map(\.key)) }
      let mix =
        keys.count > 1
        ? "; the comparison mixes the number of steps with the rest" : ""
      let place = record.groups.count > 1 ? group.map { "\($0): " } ?? "" : ""
      return "\(place)Steps an epoch differ: \(counts)\(mix)."
    }
  }
}
