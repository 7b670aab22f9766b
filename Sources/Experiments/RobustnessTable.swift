import Foundation
import MartletDatasets
import MartletReports

/// Robustness as text: for each change a line of strengths, and a line of accuracies for each run.
package struct RobustnessTable {
  private let measurements: [RobustnessMeasurement]

  /// A table of measurements on the same images.
  package init(_ measurements: [RobustnessMeasurement]) { self.measurements = measurements }

  package var text: String {
    let most = ImageChange.allCases.map(\.strengths.count).max() ?? 0
    var table = Table(
      [.init("Accuracy under")] + (1...most).map { .init("\($0)", isNumeric: true) }
        + [.init("Mean", isNumeric: true)])
    let clean = measurements.map { Table.percent($0.record.accuracy) }
    if clean.count == 1 {
      table.append(["No change"] + blanks(most) + clean)
    } else {
      table.append(["No change"] + blanks(most + 1))
      for (name, accuracy) in zip(names, clean) { table.append(["  \(name)"] + blanks(most) + [accuracy]) }
    }
    for change in ImageChange.allCases {
      table.append(
        ["\(change.title), \(change.unit)"] + padded(change.strengths.map(Self.number), most) + [""])
      for (name, measurement) in zip(names, measurements) {
        table.append(
          ["  \(name)"] + padded(measurement.rows(change).map { Table.percent($0.accuracy) }, most)
            + [Table.percent(measurement.meanAccuracy(change))])
      }
      if measurements.count == 2 {
        table.append(["  p (McNemar)"] + padded(p(change), most) + [""])
      }
    }
    return table.text
  }

  /// What the lines of each run begin with.
  private var names: [String] { measurements.count == 1 ? ["accuracy"] : measurements.map(\.name) }

  /// How likely chance alone sets two runs so far apart, at each strength.
  private func p(_ change: ImageChange) -> [String] {
    zip(measurements[0].rows(change), measurements[1].rows(change)).map { first, second in
      let pairs = zip(first.isRight, second.isRight)
      let p = McNemar.p(
        onlyFirst: pairs.count { $0 && !$1 }, onlySecond: pairs.count { !$0 && $1 })
      return p < 0.001 ? "<0.001" : String(format: "%.3f", p)
    }
  }

  private func padded(_ cells: [String], _ count: Int) -> [String] {
    cells + blanks(count - cells.count)
  }

  private func blanks(_ count: Int) -> [String] { [String](repeating: "", count: count) }

  /// `16`, `0.5`.
  package static func number(_ value: Double) -> String {
    value == value.rounded() ? String(Int(value)) : String(value)
  }
}
