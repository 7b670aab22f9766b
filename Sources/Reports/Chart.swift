/// A figure that can also be drawn as one panel of several.
package protocol Chart: Figure, Sendable {
  /// Draws within a part of the paper.
  func draw(on canvas: any Canvas, in frame: Rect)
  /// The height below which a frame of some width would leave the plot too little.
  func leastHeight(width: Double) -> Double
}

extension Chart {
  package func draw(on canvas: any Canvas) {
    draw(on: canvas, in: Rect(x: 0, y: 0, width: size.width, height: size.height))
  }
}

/// Charts side by side, in rows where there are many, with a title over all.
package struct Panels: Figure {
  package var title: String
  package var charts: [any Chart]
  /// The charts of a row; nil puts up to three into one row and more into rows of two.
  package var columns: Int?

  package init(title: String, charts: [any Chart], columns: Int? = nil) {
    self.title = title
    self.charts = charts
    self.columns = columns
  }

  private static let titleHeight = 24.0
  private static let panelHeight = 230.0

  /// The same panels with one scale for the values of all line charts.
  package var withOneScale: Panels {
    let values = charts.flatMap { ($0 as? LineChart)?.values ?? [] }
    var panels = self
    panels.charts = charts.map { chart in
      guard var lines = chart as? LineChart else { return chart }
      lines.alsoCovered = values
      return lines
    }
    return panels
  }

  /// Wide enough for the widest chart's own wish, within bounds, and as high as the highest one needs.
  private var panel: (width: Double, height: Double) {
    let width = charts.reduce(300) { max($0, min($1.size.width - 80, 420)) }
    return (width, charts.reduce(Self.panelHeight) { max($0, $1.leastHeight(width: width)) })
  }

  private var perRow: Int { max(1, columns ?? (charts.count <= 3 ? charts.count : 2)) }

  package var size: (width: Double, height: Double) {
    let rows = max(1, (charts.count + perRow - 1) / perRow)
    let panel = panel
    return (panel.width * Double(perRow), panel.height * Double(rows) + Self.titleHeight)
  }

  package func draw(on canvas: any Canvas) {
    let (panel, width) = (panel, size.width)
    canvas.text(title, at: Point(width / 2, 18), TextStyle.title.anchored(.middle), room: width - 28)
    for (index, chart) in charts.enumerated() {
      chart.draw(
        on: canvas,
        in: Rect(
          x: panel.width * Double(index % perRow),
          y: Self.titleHeight + panel.height * Double(index / perRow), width: panel.width,
          height: panel.height))
    }
  }
}

/// The names of what a chart shows, in rows above its plot, where nothing can hide them.
struct Legend {
  /// How a sample of the entry looks.
  enum Sample {
    case line(Marker, dashed: Bool)
    case bar
    case interval

    fileprivate var width: Double { if case .line = self { 18 } else { 9 } }
  }

  var entries: [(name: String, sample: Sample)]
  private static let row = 13.0

  /// The names of the series, and what the upright lines at their values are where there are any.
  init(_ entries: [(name: String, sample: Sample)], intervals: some Sequence<ClosedRange<Double>?>) {
    let hasIntervals = intervals.contains { $0 != nil }
    self.entries = entries + (hasIntervals ? [("95% interval", .interval)] : [])
  }

  /// The height of its rows where there is so much width for them.
  func height(width: Double) -> Double { places(width: width).last.map { $0.y + Self.row } ?? 0 }

  /// Where each entry begins, as seen from the upper left corner.
  private func places(width: Double) -> [Point] {
    var end = Point(0, 0)
    return entries.map { entry in
      let length = entry.sample.width + 4 + TextStyle.tick.width(of: entry.name)
      if end.x > 0, end.x + length > width { end = Point(0, end.y + Self.row) }
      defer { end.x += length + 10 }
      return end
    }
  }

  /// Draws the rows.
  ///
  /// - Returns: Their lower end.
  func draw(on canvas: any Canvas, left: Double, right: Double, top: Double) -> Double {
    let style = TextStyle.tick
    let width = right - left
    for (index, (entry, place)) in zip(entries, places(width: width)).enumerated() {
      let (x, sampleWidth) = (left + place.x, entry.sample.width)
      let middle = top + place.y + Self.row / 2
      switch entry.sample {
      case .line(let marker, let dashed):
        canvas.stroke(
          [Point(x, middle), Point(x + sampleWidth, middle)], .series(index), width: 1.5, dashed: dashed)
        marker.draw(at: Point(x + sampleWidth / 2, middle), .series(index), on: canvas)
      case .bar:
        canvas.fill(Rect(x: x, y: middle - 4.5, width: 9, height: 9), .series(index))
      case .interval:
        Axes.drawInterval(from: middle - 4.5, to: middle + 4.5, at: x + 4.5, .ink, on: canvas)
      }
      canvas.text(
        entry.name, at: Point(x + sampleWidth + 4, middle + style.middleToBaseline), style,
        room: width - place.x - sampleWidth - 4)
    }
    return top + height(width: width)
  }
}

/// What stands at the points of a line, so that lines differ without their colors too.
package enum Marker: Int, CaseIterable, Sendable {
  case circle
  case square
  case triangle
  case diamond
  case invertedTriangle

  /// The marker of the line at a place of a chart.
  static func standard(_ index: Int) -> Marker { allCases[index % allCases.count] }

  func draw(at center: Point, _ color: Color, on canvas: any Canvas) {
    func around(_ offsets: [(Double, Double)]) -> [Point] {
      offsets.map { Point(center.x + $0.0, center.y + $0.1) }
    }
    switch self {
    case .circle: canvas.fillCircle(center, radius: 2.3, color)
    case .square: canvas.fillPolygon(around([(-2.1, -2.1), (2.1, -2.1), (2.1, 2.1), (-2.1, 2.1)]), color)
    case .triangle: canvas.fillPolygon(around([(0, -2.8), (2.6, 1.9), (-2.6, 1.9)]), color)
    case .invertedTriangle: canvas.fillPolygon(around([(0, 2.8), (-2.6, -1.9), (2.6, -1.9)]), color)
    case .diamond: canvas.fillPolygon(around([(0, -3), (3, 0), (0, 3), (-3, 0)]), color)
    }
  }
}

/// The value axis of a chart and the labels of both axes, as every chart draws them.
struct Axes {
  let plot: Rect
  let yScale: Scale
  let xLabel: String
  let yLabel: String
  /// The middle line of the upright label of the value axis.
  let labelX: Double

  /// The place of the plot within a frame: beside the widest number, above the marks and their label.
  static func left(of frame: Rect, _ yScale: Scale) -> Double {
    let numbers = yScale.ticks.map { TextStyle.tick.width(of: yScale.label($0)) }.max() ?? 0
    return frame.x + 26 + numbers + 6
  }

  /// The other end of the plot.
  static func right(of frame: Rect) -> Double { frame.maxX - 14 }

  /// The height that a plot has at least.
  static let leastHeight = 100.0

  /// The height of a value on the paper.
  func y(_ value: Double) -> Double { plot.maxY - yScale.share(of: value) * plot.height }

  /// Draws grid, numbers, both axes and their labels; the marks below are the chart's own.
  func draw(on canvas: any Canvas, below marks: Double = 13) {
    let style = TextStyle.tick
    for tick in yScale.ticks {
      canvas.stroke([Point(plot.x, y(tick)), Point(plot.maxX, y(tick))], .grid, width: 0.6, dashed: false)
      canvas.text(
        yScale.label(tick), at: Point(plot.x - 5, y(tick) + style.middleToBaseline), style.anchored(.end))
    }
    if !xLabel.isEmpty {
      canvas.text(
        xLabel, at: Point(plot.midX, plot.maxY + marks + 15), TextStyle.label.anchored(.middle),
        room: plot.width)
    }
    var upright = TextStyle.label.anchored(.middle)
    upright.isUpright = true
    // Above and below the plot there is some room beside the names.
    canvas.text(yLabel, at: Point(labelX, plot.midY), upright, room: plot.height + 40)
  }

  /// Draws the lines of the axes, over what the chart has filled.
  func drawLines(on canvas: any Canvas) {
    canvas.stroke(
      [Point(plot.x, plot.y), Point(plot.x, plot.maxY), Point(plot.maxX, plot.maxY)], .axis, width: 0.8,
      dashed: false)
  }

  /// A confidence interval around a value: an upright line with short ends.
  func drawInterval(_ interval: ClosedRange<Double>, at x: Double, _ color: Color, on canvas: any Canvas) {
    let (low, high) = (y(interval.lowerBound), y(interval.upperBound))
    guard low.isFinite, high.isFinite else { return }
    Self.drawInterval(from: low, to: high, at: x, color, on: canvas)
  }

  /// Draws the same between two heights on the paper.
  static func drawInterval(
    from low: Double, to high: Double, at x: Double, _ color: Color, on canvas: any Canvas
  ) {
    canvas.stroke([Point(x, low), Point(x, high)], color, width: 1, dashed: false)
    for end in [low, high] {
      canvas.stroke([Point(x - 2.5, end), Point(x + 2.5, end)], color, width: 1, dashed: false)
    }
  }
}
