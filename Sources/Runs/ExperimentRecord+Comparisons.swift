extension ExperimentRecord {
  /// The groups in the order of the settings; one nameless group where there are none.
  package var groups: [String?] {
    settings.reduce(into: []) { groups, setting in
      if !groups.contains(setting.group) { groups.append(setting.group) }
    }
  }

  /// The settings of a group that have a mean, the best first; equal ones in their order.
  package func ranked(in group: String?) -> [Setting] {
    let members = settings.filter { $0.group == group && $0.mean != nil }
    return members.enumerated().sorted { a, b in
      let (left, right) = (a.element.mean ?? .nan, b.element.mean ?? .nan)
      if left == right { return a.offset < b.offset }
      return metric.isBetterLower ? left < right : left > right
    }.map(\.element)
  }

  /// The comparison of a setting with another one, in either direction.
  package func comparison(_ setting: Setting, _ other: Setting) -> Comparison? {
    comparisons.first { $0.group == setting.group && $0.setting == setting.name && $0.other == other.name }
      ?? comparisons.first {
        $0.group == setting.group && $0.setting == other.name && $0.other == setting.name
      }.map(\.reversed)
  }
}

extension ExperimentRecord.Comparison {
  /// The same comparison, told from the other side.
  var reversed: Self {
    Self(
      group: group, setting: other, other: setting, difference: -difference, lower: upper.map { -$0 },
      upper: lower.map { -$0 }, p: p, adjustedP: adjustedP, isPaired: isPaired, isIdentical: isIdentical)
  }
}

extension ExperimentRecord.Setting {
  /// The name in a sentence, where a bare number would not say what it is of: `batch-size 16`.
  package var spokenName: String {
    guard Double(name) != nil, changes.count == 1 else { return name }
    return "\(changes[0].key) \(name)"
  }
}

extension ExperimentRecord {
  /// The name in a sentence of the setting with that name.
  package func spokenName(_ name: String) -> String {
    settings.first { $0.name == name }?.spokenName ?? name
  }
}
