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

  private static let top = 34.0
  private static let margin = 14.0
  private static let axisLabel = 18.0

  /// Where everything stands, by the number of classes and their names.
  private struct Layout {
    let cell: Double
    let nameStyle: TextStyle
    let names: [String]
    let namesAreUpright: Bool
    let left: Double
    let side: Double
    let namesBelow: Double

    init(_ classes: [String]) {
      let count = Double(max(1, classes.count))
      // Cells shrink with the number of classes: below a legible size they carry no numbers, and no number of
      // classes makes the figure too large for an image.
      cell = min(34, max(340 / count, min(5, 2400 / count)))
      let style = TextStyle(size: min(TextStyle.tick.size, cell))
      nameStyle = style
      names = classes.map { style.shortened($0, to: TextStyle.longestName) }
      let nameWidth = names.map(style.width).max() ?? 0
      namesAreUpright = nameWidth > cell - 2
      left = ConfusionMatrix.margin + ConfusionMatrix.axisLabel + nameWidth + 6
      side = cell * Double(classes.count)
      namesBelow = (namesAreUpright ? nameWidth : style.size) + 8
    }
  }

  package var size: (width: Double, height: Double) {
    let layout = Layout(classes)
    return (
      max(layout.left + layout.side + 74, TextStyle.title.width(of: title) + 2 * Self.margin),
      Self.top + layout.side + layout.namesBelow + Self.axisLabel + Self.margin
    )
  }

  package func draw(on canvas: any Canvas) {
    let layout = Layout(classes)
    let (left, top, side, cell) = (layout.left, Self.top, layout.side, layout.cell)
    let (nameStyle, namesAreUpright) = (layout.nameStyle, layout.namesAreUpright)
    canvas.text(title, at: Point(Self.margin, 20), .title)
    for (row, name) in layout.names.enumerated() {
      let y = top + cell * (Double(row) + 0.5)
      canvas.text(name, at: Point(left - 5, y + nameStyle.middleToBaseline), nameStyle.anchored(.end))
      draw(counts[row], at: Point(left, top + cell * Double(row)), cell: cell, on: canvas)
    }
    for (column, name) in layout.names.enumerated() {
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
      "Predicted class", at: Point(left + side / 2, top + side + layout.namesBelow + 12), upright)
    upright.isUpright = true
    canvas.text("True class", at: Point(Self.margin + 10, top + side / 2), upright)
    drawKey(at: Point(left + side + 12, top), height: min(side, 120), on: canvas)
  }

  /// Draws the cells of a true class, the first of them at a place.
  private func draw(_ counts: [Int], at place: Point, cell: Double, on canvas: any Canvas) {
    let total = counts.reduce(0, +)
    // The paper shows where nothing was confused, which are most cells where there are many.
    for (column, count) in counts.enumerated() where count > 0 {
      let share = Double(count) / Double(total)
      let x = place.x + cell * Double(column)
      canvas.fill(Rect(x: x, y: place.y, width: cell, height: cell), shade(share))
      guard cell >= 14 else { continue }
      // Without the sign, which the key beside the matrix shows.
      let text = isNormalized ? String(Table.percent(share).dropLast()) : Table.grouped(count)
      let style = TextStyle(size: min(8.5, cell * 0.3), color: share > 0.5 ? .paper : .ink, anchor: .middle)
      // A number that is too long for its cell gets smaller before it would touch its neighbor.
      let fitting = style.shrunk(text, to: cell - 3)
      canvas.text(text, at: Point(x + cell / 2, place.y + cell / 2 + fitting.middleToBaseline), fitting)
    }
  }

  /// Draws what the shades mean.
  private func drawKey(at place: Point, height: Double, on canvas: any Canvas) {
    let (x, top) = (place.x, place.y)
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
