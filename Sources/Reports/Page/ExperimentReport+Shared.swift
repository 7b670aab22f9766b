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
    let parts = [told.isEmpty ? nil : "In all settings: \(told.joined(separator: ", ")).", machine]
    let text = parts.compactMap(\.self).joined(separator: " ")
    return text.isEmpty ? nil : "<p class=\"note\">\(text)</p>"
  }

  /// Where it was measured; times mean little without it.
  private var machine: String? {
    let machines = record.settings.flatMap(\.trials).compactMap { $0.run?.environment }.map {
      "\($0.processor), \($0.cores) core\($0.cores == 1 ? "" : "s"), \($0.operatingSystem)"
    }
    let different = machines.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    guard !different.isEmpty else { return nil }
    return "Measured on \(different.joined(separator: "; "))."
  }

  /// The settings that a comparison is of little use without, with their names for people.
  private static let sharedKeys = [
    ("model", "model"), ("dataset", "data set"), ("limit", "images"), ("sampling", "sampling"),
    ("epochs", "epochs"),
    ("batch_size", "batch size"), ("optimizer", "optimizer"), ("learning_rate", "learning rate"),
    ("schedule", "schedule"), ("patience", "patience"), ("augmentation", "augmentation"),
    ("validation", "validation"),
  ]

  private static func text(_ value: JSON) -> String? {
    value.stringValue ?? value.intValue.map { Table.grouped($0) }
      ?? value.doubleValue.map { String(format: "%g", $0) }
  }
}
