import MartletDatasets
import MartletNetworks
import MartletReports
import MartletTensors

extension Topic {
  /// The topic that a text names: a name, a name after its group (`layer:Dense`), a system's id, or a
  /// schedule with its numbers (`step:15,30,45`).
  ///
  /// Letters' case, `-`, `_` and blanks do not matter, unless two topics differ in nothing else.
  package static func named(_ text: String) throws -> Topic {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    if parts.count == 2, let group = Explanation.Group.allCases.first(where: { $0.prefix == parts[0] }) {
      return try find(parts[1], among: all(in: group), kind: group.prefix)
    }
    if parts.count == 2, (try? find(parts[0], among: all(in: .schedule), kind: "schedule")) != nil {
      return try ScheduleSetting(parsing: text, epochs: exampleEpochs).topic
    }
    if TrainingSystem.ids.contains(text) { return model(of: try TrainingSystem.named(text)) }
    return try find(text, among: all, kind: "topic")
  }

  private static func find(_ name: String, among topics: [Topic], kind: String) throws -> Topic {
    if let exact = topics.first(where: { $0.name == name }) { return exact }
    let wanted = plain(name)
    if let same = topics.first(where: { plain($0.name) == wanted || plain($0.title) == wanted }) {
      return same
    }
    var names: [String] = []
    for topic in topics where !names.contains(topic.name) { names.append(topic.name) }
    if kind == "topic" {
      let near = SettingError.near(name, among: names + TrainingSystem.ids)
      throw SettingError(
        at: kind, expected: "one of the \(names.count) that 'martlet explain' lists, or a system's id",
        received: name, hint: near ?? "choose one of them")
    }
    throw SettingError.unknown(kind, name, among: names)
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  /// The epochs that schedules are drawn over.
  static let exampleEpochs = 50
}

extension SettingError {
  /// A guess at what was meant.
  fileprivate static func near(_ name: String, among names: [String]) -> String? {
    nearestName(to: name, among: names).map { "did you mean \($0)?" }
  }
}
