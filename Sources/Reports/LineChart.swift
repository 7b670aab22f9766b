/// Lines over a counted quantity such as epochs, or over named places.
package struct LineChart: Chart {
  /// One line of the chart; values that are not finite leave a gap.
  package struct Series: Sendable {
    package var name: String
    package var points: [Point]
    package var isDashed: Bool
    /// A confidence interval for each point, or none.
    package var intervals: [ClosedRange<Double>?]

    /// `points` hold values, not places on the paper; `intervals` are around the points of the same places.
    package init(
      name: String, points: [Point], isDashed: Bool = false, intervals: [ClosedRange<Double>?] = []
    ) {
      precondition(
        intervals.isEmpty || intervals.count == points.count,
        "\(points.count) points of \(name) have \(intervals.count) intervals")
      self.name = name
      self.points = points
      self.isDashed = isDashed
      self.intervals = intervals
    }
  }

  package var title: String
  /// What the axes show, with the unit.
  package var xLabel: String
  package var yLabel: String
  package var series: [Series]
  /// Names of the places from 0 on the horizontal axis, as for batch sizes; nil for a counted quantity.
  package var xNames: [String]?
  /// Whether equal heights are equal factors; values that are not positive leave a gap.
  package var isLogarithmic: Bool
  /// Further values that the axis reaches over, so that charts side by side compare.
  package var alsoCovered: [Double] = []

  package init(
    title: String, xLabel: String, yLabel: String, series: [Series], xNames: [String]? = nil,
    isLogarithmic: Bool = false
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.xNames = xNames
    self.isLogarithmic = isLogarithmic
  }

  package var size: (width: Double, height: Double) { (420, max(280, leastHeight(width: 420))) }

  /// The height of the title's line, and of the marks and their label below the plot.
  private static let (head, foot) = (24.0, 38.0)

  package func leastHeight(width: Double) -> Double {
    let frame = Rect(x: 0, y: 0, width: width, height: 0)
    let room = Axes.right(of: frame) - Axes.left(of: frame, yScale)
    return Self.head + legend.height(width: room) + 6 + Axes.leastHeight + Self.foot
  }

  private var legend: Legend {
    // The title names a single line already.
    let named = series.count == 1 && series[0].name == title ? [] : series
    return Legend(
      named.enumerated().map { ($1.name, .line(.standard($0), dashed: $1.isDashed)) },
      intervals: series.flatMap(\.intervals))
  }

  package func draw(on canvas: any Canvas, in frame: Rect) {
    let xs = xNames.map { $0.indices.map(Double.init) } ?? series.flatMap { $0.points.map(\.x) }
    let xScale = Scale(counting: xs)
    let yScale = self.yScale
    let left = Axes.left(of: frame, yScale)
    let right = Axes.right(of: frame)

    canvas.text(title, at: Point(left, frame.y + 16), .title, room: right - left)
    let top = legend.draw(on: canvas, left: left, right: right, top: frame.y + Self.head) + 6
    let plot = Rect(x: left, y: top, width: right - left, height: frame.maxY - Self.foot - top)
    let axes = Axes(plot: plot, yScale: yScale, xLabel: xLabel, yLabel: yLabel, labelX: frame.x + 16)
    axes.draw(on: canvas)
    drawMarks(on: canvas, plot, xScale)
    axes.drawLines(on: canvas)
    for (index, line) in series.enumerated() { draw(line, index, on: canvas, axes, xScale) }
  }

  /// All that has a height.
  var values: [Double] {
    series.flatMap { line in
      line.points.map(\.y) + line.intervals.flatMap { $0.map { [$0.lowerBound, $0.upperBound] } ?? [] }
    }
  }

  private var yScale: Scale {
    let values = values + alsoCovered
    if isLogarithmic, let scale = Scale(logarithmic: values) { return scale }
    return Scale(covering: values)
  }

  private func drawMarks(on canvas: any Canvas, _ plot: Rect, _ xScale: Scale) {
    let marks =
      xNames.map { names in names.enumerated().map { (Double($0), $1) } }
      ?? xScale.ticks.map { ($0, xScale.label($0)) }
    for (value, name) in marks {
      let x = plot.x + xScale.share(of: value) * plot.width
      canvas.stroke([Point(x, plot.maxY), Point(x, plot.maxY + 3)], .axis, width: 0.8, dashed: false)
      canvas.text(name, at: Point(x, plot.maxY + 13), TextStyle.tick.anchored(.middle))
    }
  }

  private func draw(_ line: Series, _ index: Int, on canvas: any Canvas, _ axes: Axes, _ xScale: Scale) {
    let color = Color.series(index)
    let places = line.points.map {
      Point(axes.plot.x + xScale.share(of: $0.x) * axes.plot.width, axes.y($0.y))
    }
    for (place, interval) in zip(places, line.intervals) {
      if let interval { axes.drawInterval(interval, at: place.x, color, on: canvas) }
    }
    for piece in places.split(whereSeparator: { !$0.y.isFinite }) {
      if piece.count > 1 { canvas.stroke(Array(piece), color, width: 1.5, dashed: line.isDashed) }
      // Many markers would hide the line.
      guard places.count <= 40 || piece.count == 1 else { continue }
      for place in piece { Marker.standard(index).draw(at: place, color, on: canvas) }
    }
  }
}
