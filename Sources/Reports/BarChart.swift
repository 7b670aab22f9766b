/// Horizontal bars from zero, each with its name before and its value behind it.
package struct BarChart: Figure {
  /// One bar; `value` is from 0.
  package struct Bar: Sendable {
    package var name: String
    package var value: Double
    /// The value as it is written behind the bar, with its unit.
    package var text: String

    package init(name: String, value: Double, text: String) {
      precondition(value >= 0 && value.isFinite, "the bar \(name) has the value \(value)")
      self.name = name
      self.value = value
      self.text = text
    }
  }

  package var title: String
  package var bars: [Bar]

  package init(title: String, bars: [Bar]) {
    self.title = title
    self.bars = bars
  }

  private static let top = 34.0
  private static let row = 18.0

  package var size: (width: Double, height: Double) {
    (420, Self.top + Self.row * Double(bars.count) + 10)
  }

  package func draw(on canvas: any Canvas) {
    let style = TextStyle.label
    let names = bars.map { style.shortened($0.name, to: 180) }
    let left = 14 + (names.map(style.width).max() ?? 0) + 8
    let room = size.width - 14 - (bars.map { style.width(of: $0.text) }.max() ?? 0) - 6 - left
    let longest = bars.map(\.value).max() ?? 0
    canvas.text(title, at: Point(14, 20), .title, room: size.width - 28)
    for (index, bar) in bars.enumerated() {
      let y = Self.top + Self.row * Double(index)
      let baseline = y + Self.row / 2 + style.middleToBaseline
      let width = longest > 0 ? bar.value / longest * room : 0
      canvas.fill(Rect(x: left, y: y + 2.5, width: width, height: Self.row - 5), Color.series[0])
      canvas.text(names[index], at: Point(left - 6, baseline), style.anchored(.end))
      canvas.text(bar.text, at: Point(left + width + 5, baseline), style)
    }
    let bottom = Self.top + Self.row * Double(bars.count)
    canvas.stroke([Point(left, Self.top), Point(left, bottom)], .axis, width: 0.8, dashed: false)
  }
}
