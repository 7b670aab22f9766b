import MartletTensors

/// How well a trained network classifies changed test images: `robustness.json`.
package struct RobustnessRecord: Equatable, Sendable {
  /// A change of the images at one strength.
  package struct Row: Equatable, Sendable {
    /// What was done, such as `rotation`.
    package var change: String
    /// How much of it, in `unit`; greater is stronger.
    package var strength: Double
    /// The unit of the strength, such as `degrees`; may be empty.
    package var unit: String
    /// The part of the changed images that were classified rightly.
    package var accuracy: Double

    package init(change: String, strength: Double, unit: String, accuracy: Double) {
      self.change = change
      self.strength = strength
      self.unit = unit
      self.accuracy = accuracy
    }
  }

  /// The accuracy on the same images, unchanged.
  package var accuracy: Double
  /// The number of images.
  package var images: Int
  package var rows: [Row]

  package init(accuracy: Double, images: Int, rows: [Row]) {
    self.accuracy = accuracy
    self.images = images
    self.rows = rows
  }

  /// The changes in the order of their first row.
  package var changes: [String] {
    rows.reduce(into: []) { if !$0.contains($1.change) { $0.append($1.change) } }
  }

  package var json: JSON {
    [
      "accuracy": .number(accuracy), "images": .integer(images),
      "rows": .array(
        rows.map {
          [
            "change": .string($0.change), "strength": .number($0.strength), "unit": .string($0.unit),
            "accuracy": .number($0.accuracy),
          ]
        }),
    ]
  }

  package init?(_ json: JSON) {
    guard let accuracy = json["accuracy"]?.doubleValue, let rows = json["rows"]?.arrayValue else {
      return nil
    }
    self.init(
      accuracy: accuracy, images: json["images"]?.intValue ?? 0,
      rows: rows.compactMap { row in
        guard let change = row["change"]?.stringValue, let strength = row["strength"]?.doubleValue,
          let accuracy = row["accuracy"]?.doubleValue
        else { return nil }
        return Row(
          change: change, strength: strength, unit: row["unit"]?.stringValue ?? "", accuracy: accuracy)
      })
  }
}
