import Foundation
import MartletNetworks
import MartletReports

/// The rate of a schedule over the epochs, drawn with characters.
package struct RateDrawing {
  let schedule: RateSchedule
  let initial: Double
  let epochs: Int

  package init(schedule: RateSchedule, initial: Double, epochs: Int) {
    self.schedule = schedule
    self.initial = initial
    self.epochs = epochs
  }

  private static let rows = 8
  private static let eighths = Array(" ▁▂▃▄▅▆▇█")

  /// Samples within an epoch, where the schedule moves from step to step.
  private static let stepsPerEpoch = 100

  /// The rate before each epoch's first step.
  package var rates: [Double] {
    var previous = initial
    return (0..<epochs).map { epoch in
      previous = schedule.rate(
        initial: initial, epoch: epoch, step: 0, stepsPerEpoch: Self.stepsPerEpoch, previous: previous)
      return previous
    }
  }

  /// A column for each epoch, then the axis.
  package var lines: [String] {
    let rates = rates
    let greatest = rates.max() ?? 0
    guard greatest > 0 else { return [] }
    let labels = [short(greatest), "0"]
    let width = labels.map(\.count).max() ?? 0
    var lines = (0..<Self.rows).map { row -> String in
      let label = row == 0 ? labels[0] : row == Self.rows - 1 ? labels[1] : ""
      let floor = Double(Self.rows - 1 - row)
      let cells = rates.map { rate -> Character in
        let filled = (rate / greatest * Double(Self.rows) - floor) * 8
        return Self.eighths[Int(max(0, min(8, filled.rounded())))]
      }
      return String(repeating: " ", count: width - label.count) + "\(label) │\(String(cells))"
    }
    lines.append(String(repeating: " ", count: width) + " └" + String(repeating: "─", count: epochs))
    var axis = Array(repeating: Character(" "), count: width + 2 + epochs + 8)
    for epoch in stride(from: 0, to: epochs, by: 10) {
      for (offset, letter) in "\(epoch)".enumerated() { axis[width + 2 + epoch + offset] = letter }
    }
    for (offset, letter) in "epoch".enumerated() { axis[width + 2 + epochs + 2 + offset] = letter }
    return (lines + [String(axis)]).map { $0.withoutBlanksAtEnd }
  }

  /// The drawing and the rates of a few epochs.
  var blocks: [Explanation.Block] {
    let rates = rates
    let shown = [0, 4, 9, 19, 29, 39, 49].filter { $0 < epochs }
    var table = Table([.init("Epoch")] + shown.map { .init("\($0 + 1)", isNumeric: true) })
    table.append(["Rate"] + shown.map { String(format: "%.2g", rates[$0]) })
    return [
      .heading("Over \(epochs) epochs, from \(short(initial))"), .drawing(lines),
      .paragraph("The rate before the first step of some epochs, counted from 1:"), .table(table),
    ]
  }
}
