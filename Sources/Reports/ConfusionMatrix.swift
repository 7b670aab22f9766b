/// How many images of each true class (row) were taken for each class (column), as a heat map.
///
/// The color is the share of the row, so that classes of unequal size compare.
package struct ConfusionMatrix: Figure {
  package var title: String
  package var classes: [String]
  package var counts: [[Int]]
  /// Whether the cells show shares of their true class instead of counts.
  package var isNormalized: Bool

  /// `counts` is square with a row and a column for each class.
  package init(title: String, classes: [String], counts: [[Int]], isNormalized: Bool = false) {
    precondition(
      counts.count == classes.count && counts.allSatisfy { $0.count == classes.count },
      "a confusion matrix of \(classes.count) classes has rows of \(counts.map(\.count))")
    self.title = title
    self.classes = classes
    self.counts = counts
    self.isNormalized = isNormalized
  }

  private let top = 34.0
  private let margin = 14.0
  private let axisLabel = 18.0

  /// Cells shrink with the number of classes; below a legible size they carry no numbers.
  private var cell: Double { min(34, max(5, 340 / Double(max(1, classes.count)))) }
  private var nameStyle: TextStyle { TextStyle(size: min(TextStyle.tick.size, cell)) }
  private var nameWidth: Double { classes.map { nameStyle.width(of: $0) }.max() ?? 0 }
  private var namesAreUpright: Bool { nameWidth > cell - 2 }
  private var side: Double { cell * Double(classes.count) }
  private var left: Double { margin + axisLabel + nameWidth + 6 }
  private var namesBelow: Double { namesAreUpright ? nameWidth + 8 : nameStyle.size + 8 }

  package var size: (width: Double, height: Double) {
    let titleWidth = TextStyle.title.width(of: title)
    return (
      max(left + side + 74, titleWidth + 2 * margin), top + side + namesBelow + axisLabel + margin
    )
  }

  package func draw(on canvas: any Canvas) {
    canvas.text(title, at: Point(margin, 20), .title)
    for (row, name) in classes.enumerated() {
      let y = top + cell * (Double(row) + 0.5)
      canvas.text(name, at: Point(left - 5, y + nameStyle.middleToBaseline), nameStyle.anchored(.end))
      drawRow(row, on: canvas)
    }
    for (column, name) in classes.enumerated() {
      let x = left + cell * (Double(column) + 0.5)
      var style = nameStyle.anchored(namesAreUpright ? .end : .middle)
      style.isUpright = namesAreUpright
      let place =
        namesAreUpright
        ? Point(x + style.middleToBaseline, top + side + 5) : Point(x, top + side + style.size + 4)
      canvas.text(name, at: place, style)
    }
    canvas.stroke(
      [
        Point(left, top), Point(left + side, top), Point(left + side, top + side), Point(left, top + side),
        Point(left, top),
      ], .axis, width: 0.8, dashed: false)
    var upright = TextStyle.label.anchored(.middle)
    canvas.text(
      "Predicted class", at: Point(left + side / 2, top + side + namesBelow + 12), upright)
    upright.isUpright = true
    canvas.text("True class", at: Point(margin + 10, top + side / 2), upright)
    drawKey(on: canvas)
  }

  private func drawRow(_ row: Int, on canvas: any Canvas) {
    let total = counts[row].reduce(0, +)
    for (column, count) in counts[row].enumerated() {
      let share = total > 0 ? Double(count) / Double(total) : 0
      let x = left + cell * Double(column)
      let y = top + cell * Double(row)
      canvas.fill(Rect(x: x, y: y, width: cell, height: cell), shade(share))
      // Without the sign, which the key beside the matrix shows.
      let text = isNormalized ? String(Table.percent(share).dropLast()) : Table.grouped(count)
      var style = TextStyle(size: min(8.5, cell * 0.3), color: share > 0.5 ? .paper : .ink, anchor: .middle)
      // A number that is too long for its cell gets smaller before it would touch its neighbor.
      style.size = min(style.size, style.size * (cell - 3) / style.width(of: text))
      guard cell >= 14, count > 0 else { continue }
      canvas.text(text, at: Point(x + cell / 2, y + cell / 2 + style.middleToBaseline), style)
    }
  }

  private func drawKey(on canvas: any Canvas) {
    let x = left + side + 12
    let height = min(side, 120)
    let steps = 24
    for step in 0..<steps {
      let y = top + height * (1 - Double(step + 1) / Double(steps))
      // Each step reaches into the one below, so that no seam shows.
      canvas.fill(
        Rect(x: x, y: y, width: 10, height: height / Double(steps) + (step > 0 ? 0.5 : 0)),
        shade(Double(step) / Double(steps - 1)))
    }
    let style = TextStyle.tick
    canvas.text("100%", at: Point(x + 13, top + style.size * 0.75), style)
    canvas.text("0%", at: Point(x + 13, top + height), style)
    var upright = style.anchored(.middle)
    upright.isUpright = true
    canvas.text(
      isNormalized ? "% of true class" : "of true class", at: Point(x + 50, top + height / 2), upright)
  }

  private func shade(_ share: Double) -> Color {
    Color.paper.mixed(with: Color(8, 48, 107), share)
  }
}
