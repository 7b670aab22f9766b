/// Upright bars in groups with their values above them: one bar a group, or one for each series.
///
/// The axis begins at zero, except where the bars differ too little to be told apart from there; then it
/// says so.
package struct ColumnChart: Chart {
  /// The bars of one color, one in each group.
  package struct Series: Sendable {
    package var name: String
    /// A value that is not finite leaves its place empty.
    package var values: [Double]
    /// What is written above each bar.
    package var texts: [String]
    /// A confidence interval for each bar, or none.
    package var intervals: [ClosedRange<Double>?]

    package init(
      name: String, values: [Double], texts: [String], intervals: [ClosedRange<Double>?] = []
    ) {
      precondition(
        values.count == texts.count && (intervals.isEmpty || intervals.count == values.count),
        "\(values.count) bars of \(name) have \(texts.count) texts and \(intervals.count) intervals")
      self.name = name
      self.values = values
      self.texts = texts
      self.intervals = intervals
    }
  }

  package var title: String
  /// What the groups are; may be empty where their names say it.
  package var xLabel: String
  /// What the values are, with the unit.
  package var yLabel: String
  package var groups: [String]
  package var series: [Series]
  /// A text in a box above each group, such as `Gap: 1.9%`; nil or empty for none.
  package var notes: [String?]

  /// Each series has a value for each group.
  package init(
    title: String, xLabel: String, yLabel: String, groups: [String], series: [Series], notes: [String?] = []
  ) {
    precondition(
      series.allSatisfy { $0.values.count == groups.count }
        && (notes.isEmpty || notes.count == groups.count),
      "\(groups.count) groups have series of \(series.map(\.values.count)) and \(notes.count) notes")
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.groups = groups
    self.series = series
    self.notes = notes
  }

  private static let text = TextStyle(size: 8)

  package var size: (width: Double, height: Double) {
    let bars = Double(groups.count * max(1, series.count))
    let widestNote = notes.compactMap { $0.map(Self.text.width) }.max().map { $0 + 14 } ?? 0
    let group = max(Double(series.count) * 20 + 18, widestNote, 56)
    let width = min(max(420, 70 + group * Double(groups.count)), max(900, 70 + bars * 14))
    return (width, max(300, leastHeight(width: width)))
  }

  package func leastHeight(width: Double) -> Double {
    let layout = Layout(self, in: Rect(x: 0, y: 0, width: width, height: 0))
    return layout.head + 6 + layout.above + Axes.leastHeight + layout.foot
  }

  /// What follows from the width of the paper.
  private struct Layout {
    let yScale: Scale
    /// The greatest of all that has a height.
    let highest: Double
    let (left, right): (Double, Double)
    let legend: Legend
    /// The width of a group and of a bar in it.
    let (pitch, bar): (Double, Double)
    let textsAreUpright: Bool
    let names: GroupNames
    /// Where the axis begins, as far as it has to be said.
    let start: String
    /// The heights of the title with the legend, of the texts above the highest bar, and of all below the plot.
    let (head, above, foot): (Double, Double, Double)

    init(_ chart: ColumnChart, in frame: Rect) {
      let bounds = chart.series.flatMap { line in
        line.values + line.intervals.flatMap { $0.map { [$0.lowerBound, $0.upperBound] } ?? [] }
      }
      yScale = Scale(bars: bounds)
      highest = bounds.filter(\.isFinite).max() ?? yScale.upper
      (left, right) = (Axes.left(of: frame, yScale), Axes.right(of: frame))
      let count = chart.series.count
      let entries = count > 1 ? chart.series.map { ($0.name, Legend.Sample.bar) } : []
      legend = Legend(entries, intervals: chart.series.flatMap(\.intervals))
      pitch = (right - left) / Double(max(1, chart.groups.count))
      bar = min(38, pitch * 0.82 / Double(max(1, count)))
      let widestText = chart.series.flatMap(\.texts).map(ColumnChart.text.width).max() ?? 0
      textsAreUpright = widestText > (count == 1 ? pitch : bar) - 1
      names = GroupNames(chart.groups, width: pitch - 4)
      start = yScale.lower > 0 ? "Axis from \(yScale.label(yScale.lower))" : ""
      head = 24 + legend.height(width: right - left)
      let hasNotes = chart.notes.contains { $0?.isEmpty == false }
      above = (textsAreUpright ? widestText : ColumnChart.text.size) + 5 + (hasNotes ? 20 : 0)
      foot = 16 + names.height + (chart.xLabel.isEmpty && start.isEmpty ? 0 : 14)
    }
  }

  package func draw(on canvas: any Canvas, in frame: Rect) {
    let layout = Layout(self, in: frame)
    let (left, right, pitch, bar) = (layout.left, layout.right, layout.pitch, layout.bar)
    canvas.text(title, at: Point(left, frame.y + 16), .title, room: right - left)
    let lowerEnd = layout.legend.draw(on: canvas, left: left, right: right, top: frame.y + 24)
    let bottom = frame.maxY - layout.foot
    // Texts and notes stand above the highest bar, where the scale may have room for them already.
    let room = (1 - layout.yScale.share(of: layout.highest)) * (bottom - lowerEnd - layout.above)
    let top = lowerEnd + 6 + max(0, layout.above - room)
    let plot = Rect(x: left, y: top, width: right - left, height: bottom - top)
    let axes = Axes(
      plot: plot, yScale: layout.yScale, xLabel: xLabel, yLabel: yLabel, labelX: frame.x + 16)
    axes.draw(on: canvas, below: layout.names.height + 4)
    if !layout.start.isEmpty {
      canvas.text(layout.start, at: Point(frame.x + 8, frame.maxY - 6), TextStyle.tick)
    }
    for group in groups.indices {
      let middle = plot.x + pitch * (Double(group) + 0.5)
      let highest = series.indices.map { index in
        let x = middle + (Double(index) - Double(series.count) / 2) * bar
        return draw(index, group, x: x, width: bar, upright: layout.textsAreUpright, on: canvas, axes)
      }.min()
      layout.names.draw(group, middle: middle, top: plot.maxY + 4, on: canvas)
      if let highest, notes.indices.contains(group), let note = notes[group], !note.isEmpty {
        drawBox(note, middle: middle, bottom: highest - 5, on: canvas)
      }
    }
    axes.drawLines(on: canvas)
  }

  /// Draws a bar with its value.
  ///
  /// - Returns: The upper end of both.
  private func draw(
    _ index: Int, _ group: Int, x: Double, width: Double, upright: Bool, on canvas: any Canvas, _ axes: Axes
  ) -> Double {
    let line = series[index]
    guard line.values[group].isFinite else { return axes.plot.maxY }
    let base = axes.y(max(axes.yScale.lower, min(0, axes.yScale.upper)))
    let end = axes.y(line.values[group])
    let gap = width > 8 ? 1.0 : 0.4
    canvas.fill(
      Rect(x: x + gap, y: min(base, end), width: width - 2 * gap, height: abs(base - end)), .series(index))
    var above = min(base, end)
    if line.intervals.indices.contains(group), let interval = line.intervals[group] {
      axes.drawInterval(interval, at: x + width / 2, .ink, on: canvas)
      above = min(above, axes.y(interval.upperBound))
    }
    var style = Self.text.anchored(upright ? .start : .middle)
    style.isUpright = upright
    let middle = x + width / 2
    let length = style.width(of: line.texts[group]) + 2
    let (across, along) = upright ? (style.size, length) : (length, style.size)
    // A line of the grid behind the text would make it hard to read.
    canvas.fill(Rect(x: middle - across / 2, y: above - 2 - along, width: across, height: along), .paper)
    canvas.text(
      line.texts[group],
      at: Point(upright ? middle + style.middleToBaseline : middle, above - 3), style)
    return above - 3 - (upright ? style.width(of: line.texts[group]) : style.size)
  }

  private func drawBox(_ text: String, middle: Double, bottom: Double, on canvas: any Canvas) {
    let width = Self.text.width(of: text) + 8
    let box = Rect(x: middle - width / 2, y: bottom - 13, width: width, height: 13)
    canvas.fill(box, .paper)
    canvas.stroke(
      [
        Point(box.x, box.y), Point(box.maxX, box.y), Point(box.maxX, box.maxY), Point(box.x, box.maxY),
        Point(box.x, box.y),
      ], .axis, width: 0.7, dashed: false)
    canvas.text(text, at: Point(middle, box.maxY - 3.8), Self.text.anchored(.middle))
  }
}

/// The names below groups: in one line, in several where they are long, upright where they still are.
private struct GroupNames {
  private let lines: [[String]]
  private let isUpright: Bool
  let height: Double
  private static let style = TextStyle.tick
  private static let lineHeight = 10.5

  init(_ names: [String], width: Double) {
    let wrapped = names.map { Self.wrapped($0, width: width) }
    let widest = wrapped.joined().map(Self.style.width).max() ?? 0
    let wrappedHeight = Double(wrapped.map(\.count).max() ?? 1) * Self.lineHeight
    isUpright = widest > width || wrappedHeight > TextStyle.longestName
    lines = isUpright ? names.map { [Self.style.shortened($0, to: TextStyle.longestName)] } : wrapped
    height = isUpright ? (lines.joined().map(Self.style.width).max() ?? 0) + 4 : wrappedHeight
  }

  /// Breaks a name at its spaces so that the lines fit, where words allow.
  private static func wrapped(_ name: String, width: Double) -> [String] {
    name.split(separator: " ").reduce(into: []) { lines, word in
      if let last = lines.last, style.width(of: "\(last) \(word)") <= width {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
  }

  func draw(_ group: Int, middle: Double, top: Double, on canvas: any Canvas) {
    if isUpright {
      var style = Self.style.anchored(.end)
      style.isUpright = true
      return canvas.text(lines[group][0], at: Point(middle + style.middleToBaseline, top), style)
    }
    for (row, text) in lines[group].enumerated() {
      canvas.text(
        text, at: Point(middle, top + Self.style.size + Double(row) * Self.lineHeight),
        Self.style.anchored(.middle))
    }
  }
}
