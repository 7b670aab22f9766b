import Foundation

/// The steps of a program as bars in the order of execution, with marks where their floors are.
package struct ProgramFigure: Figure {
  /// One step, its times in milliseconds with all threads at work.
  package struct Step: Sendable {
    package var name: String
    /// The number of what runs between two barriers.
    package var phase: Int
    package var milliseconds: Double
    /// What its operations would take at the peak rate.
    package var arithmetic: Double
    /// What its bytes would take where no cache holds them.
    package var memory: Double

    package init(name: String, phase: Int, milliseconds: Double, arithmetic: Double, memory: Double) {
      self.name = name
      self.phase = phase
      self.milliseconds = milliseconds
      self.arithmetic = arithmetic
      self.memory = memory
    }
  }

  package var title: String
  package var steps: [Step]

  package init(title: String, steps: [Step]) {
    self.title = title
    self.steps = steps
  }

  private static let top = 58.0
  private static let row = 14.0
  private static let bottom = 36.0
  private static let plotWidth = 330.0
  private static let textWidth = 96.0
  /// Steps of a smaller share of the whole are told together.
  private static let leastShare = 0.002
  private static let phaseWidth = 26.0

  private var total: Double { steps.reduce(0) { $0 + $1.milliseconds } }

  /// The steps that have a bar, and at the end the rest of them as one.
  private var shown: [Step] {
    let (small, large) = (
      steps.filter { $0.milliseconds < Self.leastShare * total },
      steps.filter { $0.milliseconds >= Self.leastShare * total }
    )
    guard let last = small.last else { return large }
    return large + [
      Step(
        name: "\(small.count) step\(small.count == 1 ? "" : "s") below \(Self.leastShare * 100) %",
        phase: last.phase,
        milliseconds: small.reduce(0) { $0 + $1.milliseconds },
        arithmetic: small.reduce(0) { $0 + $1.arithmetic }, memory: small.reduce(0) { $0 + $1.memory })
    ]
  }

  private static let style = TextStyle.tick

  private func left(_ rows: [Step]) -> Double {
    14 + Self.phaseWidth + (rows.map { Self.style.width(of: $0.name) }.max() ?? 0) + 8
  }

  package var size: (width: Double, height: Double) {
    let rows = shown
    return (
      left(rows) + Self.plotWidth + Self.textWidth,
      Self.top + Self.row * Double(max(1, rows.count)) + Self.bottom
    )
  }

  package func draw(on canvas: any Canvas) {
    let rows = shown
    let scale = Scale(covering: [0] + rows.flatMap { [$0.milliseconds, $0.arithmetic, $0.memory] })
    let left = left(rows)
    let end = Self.top + Self.row * Double(rows.count)
    func x(_ value: Double) -> Double { left + scale.share(of: value) * Self.plotWidth }

    let sum = String(format: "%.3g ms in all", total)
    canvas.text(
      title, at: Point(14, 20), .title, room: size.width - 38 - TextStyle.label.width(of: sum))
    canvas.text(sum, at: Point(size.width - 14, 20), .label.anchored(.end))
    drawLegend(on: canvas)
    for tick in scale.ticks {
      canvas.stroke([Point(x(tick), Self.top), Point(x(tick), end)], .grid, width: 0.8, dashed: false)
      canvas.text(scale.label(tick), at: Point(x(tick), end + 13), Self.style.anchored(.middle))
    }
    canvas.text(
      "Milliseconds with all threads at work", at: Point(left + Self.plotWidth / 2, end + 28),
      .label.anchored(.middle))
    for (index, step) in rows.enumerated() {
      let y = Self.top + Self.row * Double(index)
      let baseline = y + Self.row / 2 + Self.style.middleToBaseline
      if index == 0 || rows[index - 1].phase != step.phase, index < rows.count {
        canvas.stroke([Point(14, y), Point(left, y)], .grid, width: 0.8, dashed: false)
        canvas.text(
          "\(step.phase + 1)", at: Point(14 + Self.phaseWidth - 8, baseline), Self.faint.anchored(.end))
      }
      canvas.text(step.name, at: Point(left - 6, baseline), Self.style.anchored(.end))
      canvas.fill(
        Rect(x: left, y: y + 3, width: x(step.milliseconds) - left, height: Self.row - 6), Self.bar)
      mark(x(step.arithmetic), y, Self.arithmeticColor, dashed: false, on: canvas)
      mark(x(step.memory), y, Self.memoryColor, dashed: true, on: canvas)
      let reach = [step.milliseconds, step.arithmetic, step.memory].max() ?? 0
      canvas.text(Self.text(step, of: total), at: Point(x(reach) + 5, baseline), Self.style)
    }
    canvas.stroke([Point(left, Self.top), Point(left, end)], .axis, width: 0.8, dashed: false)
  }

  private static let bar = Color.series(4)
  private static let arithmeticColor = Color.series(1)
  private static let memoryColor = Color.series(6)
  private static let faint = TextStyle(size: 7.5, color: .axis)

  private static func text(_ step: Step, of total: Double) -> String {
    String(format: "%.3f ms  %.1f%%", step.milliseconds, total > 0 ? step.milliseconds / total * 100 : 0)
  }

  private func mark(_ x: Double, _ y: Double, _ color: Color, dashed: Bool, on canvas: any Canvas) {
    canvas.stroke([Point(x, y + 1.5), Point(x, y + Self.row - 1.5)], color, width: 1.6, dashed: dashed)
  }

  private func drawLegend(on canvas: any Canvas) {
    let baseline = 38.0
    var x = 14.0
    func entry(_ name: String, _ sample: (Double) -> Void) {
      sample(x)
      canvas.text(name, at: Point(x + 16, baseline), Self.style)
      x += 16 + Self.style.width(of: name) + 14
    }
    let y = baseline - Self.row + 4
    entry("measured") { canvas.fill(Rect(x: $0, y: y + 3, width: 12, height: Self.row - 6), Self.bar) }
    entry("operations at the peak rate") {
      mark($0 + 6, y, Self.arithmeticColor, dashed: false, on: canvas)
    }
    entry("bytes at the rate of memory") { mark($0 + 6, y, Self.memoryColor, dashed: true, on: canvas) }
    entry("left: the phase, between two barriers") { _ in x -= 16 }
  }
}
