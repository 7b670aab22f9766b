/// Lines over a counted quantity such as epochs.
package struct LineChart: Figure {
  /// One line of the chart; values that are not finite leave a gap.
  package struct Series: Sendable {
    package var name: String
    package var points: [Point]
    package var isDashed: Bool

    /// `points` hold values, not places on the paper.
    package init(name: String, points: [Point], isDashed: Bool = false) {
      self.name = name
      self.points = points
      self.isDashed = isDashed
    }
  }

  package var title: String
  /// What the axes show, with the unit.
  package var xLabel: String
  package var yLabel: String
  package var series: [Series]

  package init(title: String, xLabel: String, yLabel: String, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
  }

  package var size: (width: Double, height: Double) { (420, 280) }

  package func draw(on canvas: any Canvas) {
    draw(on: canvas, in: Rect(x: 0, y: 0, width: size.width, height: size.height))
  }

  func draw(on canvas: any Canvas, in frame: Rect) {
    let xScale = Scale(counting: series.flatMap { $0.points.map(\.x) })
    let yScale = Scale(covering: series.flatMap { $0.points.map(\.y) })
    let tickWidth = yScale.ticks.map { TextStyle.tick.width(of: yScale.label($0)) }.max() ?? 0
    let left = frame.x + 26 + tickWidth + 6
    let right = frame.maxX - 14

    canvas.text(title, at: Point(left, frame.y + 16), .title)
    let top = drawLegend(on: canvas, left: left, right: right, top: frame.y + 24) + 6
    let bottom = frame.maxY - 38
    let plot = Rect(x: left, y: top, width: right - left, height: bottom - top)
    drawAxes(on: canvas, plot, xScale, yScale, labelX: frame.x + 16)
    for (index, line) in series.enumerated() {
      draw(line, color(index), on: canvas, plot, xScale, yScale)
    }
  }

  private func color(_ index: Int) -> Color { Color.series[index % Color.series.count] }

  /// Draws the names of the lines in rows above the plot, where no line can hide them.
  ///
  /// - Returns: The lower end of the rows.
  private func drawLegend(on canvas: any Canvas, left: Double, right: Double, top: Double) -> Double {
    let style = TextStyle.tick
    let (sample, row) = (18.0, 13.0)
    var (x, y) = (left, top)
    for (index, line) in series.enumerated() {
      let width = sample + 4 + style.width(of: line.name)
      if x > left, x + width > right { (x, y) = (left, y + row) }
      canvas.stroke(
        [Point(x, y + row / 2), Point(x + sample, y + row / 2)], color(index), width: 1.5,
        dashed: line.isDashed)
      canvas.fillCircle(Point(x + sample / 2, y + row / 2), radius: 2, color(index))
      canvas.text(line.name, at: Point(x + sample + 4, y + row / 2 + style.middleToBaseline), style)
      x += width + 10
    }
    return y + row
  }

  private func drawAxes(
    on canvas: any Canvas, _ plot: Rect, _ xScale: Scale, _ yScale: Scale, labelX: Double
  ) {
    let style = TextStyle.tick
    for tick in yScale.ticks {
      let y = plot.maxY - yScale.share(of: tick) * plot.height
      canvas.stroke([Point(plot.x, y), Point(plot.maxX, y)], .grid, width: 0.6, dashed: false)
      canvas.text(
        yScale.label(tick), at: Point(plot.x - 5, y + style.middleToBaseline), style.anchored(.end))
    }
    for tick in xScale.ticks {
      let x = plot.x + xScale.share(of: tick) * plot.width
      canvas.stroke([Point(x, plot.maxY), Point(x, plot.maxY + 3)], .axis, width: 0.8, dashed: false)
      canvas.text(xScale.label(tick), at: Point(x, plot.maxY + 13), style.anchored(.middle))
    }
    canvas.stroke(
      [Point(plot.x, plot.y), Point(plot.x, plot.maxY), Point(plot.maxX, plot.maxY)], .axis, width: 0.8,
      dashed: false)
    canvas.text(xLabel, at: Point(plot.midX, plot.maxY + 28), TextStyle.label.anchored(.middle))
    var upright = TextStyle.label.anchored(.middle)
    upright.isUpright = true
    canvas.text(yLabel, at: Point(labelX, plot.midY), upright)
  }

  private func draw(
    _ line: Series, _ color: Color, on canvas: any Canvas, _ plot: Rect, _ xScale: Scale, _ yScale: Scale
  ) {
    for piece in line.points.split(whereSeparator: { !$0.y.isFinite }) {
      let places = piece.map {
        Point(
          plot.x + xScale.share(of: $0.x) * plot.width, plot.maxY - yScale.share(of: $0.y) * plot.height)
      }
      if places.count > 1 { canvas.stroke(places, color, width: 1.5, dashed: line.isDashed) }
      // Many markers would hide the line.
      guard line.points.count <= 40 || places.count == 1 else { continue }
      for place in places { canvas.fillCircle(place, radius: 2.2, color) }
    }
  }
}
