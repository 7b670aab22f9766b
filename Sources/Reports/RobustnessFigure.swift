import MartletRuns

/// Accuracy against the strength of each change of the images, a panel for each change.
package struct RobustnessFigure: Figure {
  package var title: String
  /// The runs, each with its name.
  package var runs: [(name: String, record: RobustnessRecord)]

  package init(title: String, runs: [(name: String, record: RobustnessRecord)]) {
    self.title = title
    self.runs = runs
  }

  private static let panelWidth = 250.0
  private static let titleHeight = 26.0
  private static let perRow = 3

  private var changes: [String] { runs.first?.record.changes ?? [] }
  private var rowCount: Int { (changes.count + Self.perRow - 1) / Self.perRow }

  private var panelHeight: Double {
    changes.reduce(200) { max($0, chart($1).leastHeight(width: Self.panelWidth)) }
  }

  package var size: (width: Double, height: Double) {
    (
      Self.panelWidth * Double(min(Self.perRow, max(1, changes.count))),
      Self.titleHeight + panelHeight * Double(max(1, rowCount))
    )
  }

  package func draw(on canvas: any Canvas) {
    let (width, panelHeight) = (size.width, panelHeight)
    canvas.text(title, at: Point(width / 2, 18), TextStyle.title.anchored(.middle), room: width - 28)
    for (index, change) in changes.enumerated() {
      chart(change).draw(
        on: canvas,
        in: Rect(
          x: Self.panelWidth * Double(index % Self.perRow),
          y: Self.titleHeight + panelHeight * Double(index / Self.perRow), width: Self.panelWidth,
          height: panelHeight))
    }
  }

  private func chart(_ change: String) -> LineChart {
    let unit = runs.first?.record.rows.first { $0.change == change }?.unit ?? ""
    let series = runs.map { name, record in
      let points = record.rows.filter { $0.change == change }.map { Point($0.strength, $0.accuracy * 100) }
      return LineChart.Series(name: name, points: [Point(0, record.accuracy * 100)] + points)
    }
    return LineChart(
      title: change, xLabel: "Strength (\(unit))", yLabel: "Accuracy (%)", series: series)
  }
}
