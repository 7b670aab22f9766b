import MartletTensors

extension ExperimentReport {
  /// What all trials have in common, for a reader who has only the page; nil where no trial began.
  var sharedSettings: HTML? {
    let configurations = record.settings.flatMap(\.trials).compactMap { $0.run?.configuration }
    guard let first = configurations.first else { return nil }
    let told = Self.sharedKeys.compactMap { key, name -> String? in
      guard let value = first[key], configurations.allSatisfy({ $0[key] == value }),
        let text = Self.text(value), text != "none"
      else { return nil }
      return "\(name) \(text)"
    }
    return told.isEmpty ? nil : "<p class=\"note\">In all settings: \(told.joined(separator: ", ")).</p>"
  }

  /// The settings that a comparison is of little use without, with their names for people.
  private static let sharedKeys = [
    ("model", "model"), ("dataset", "data set"), ("limit", "images"), ("epochs", "epochs"),
    ("batch_size", "batch size"), ("optimizer", "optimizer"), ("learning_rate", "learning rate"),
    ("schedule", "schedule"), ("patience", "patience"), ("augmentation", "augmentation"),
    ("validation", "validation"),
  ]

  private static func text(_ value: JSON) -> String? {
    value.stringValue ?? value.intValue.map { Table.grouped($0) }
      ?? value.doubleValue.map { String(format: "%g", $0) }
  }
}
