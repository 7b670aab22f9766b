/// What figures draw on; lengths are points (1/72 inch).
package protocol Canvas: AnyObject {
  func fill(_ rect: Rect, _ color: Color)
  /// Draws a line through points; `dashed` for a second kind of line in the same color.
  func stroke(_ points: [Point], _ color: Color, width: Double, dashed: Bool)
  func fillCircle(_ center: Point, radius: Double, _ color: Color)
  /// Fills the shape whose corners are given.
  func fillPolygon(_ points: [Point], _ color: Color)
  /// Draws text with its baseline at `point`.
  func text(_ text: String, at point: Point, _ style: TextStyle)
}

/// How a text is drawn.
package struct TextStyle: Sendable {
  /// Which part of the text stands at its point.
  package enum Anchor: Sendable {
    case start
    case middle
    case end
  }

  package var size: Double
  package var color: Color
  package var anchor: Anchor
  package var isBold: Bool
  /// Turned a quarter to the left, reading upwards.
  package var isUpright: Bool

  package init(
    size: Double, color: Color = .ink, anchor: Anchor = .start, isBold: Bool = false, isUpright: Bool = false
  ) {
    self.size = size
    self.color = color
    self.anchor = anchor
    self.isBold = isBold
    self.isUpright = isUpright
  }

  static let title = TextStyle(size: 11, isBold: true)
  static let label = TextStyle(size: 9.5)
  static let tick = TextStyle(size: 8.5)

  func anchored(_ anchor: Anchor) -> TextStyle {
    var style = self
    style.anchor = anchor
    return style
  }

  /// The distance from the middle of a line of digits down to its baseline.
  var middleToBaseline: Double { size * 0.36 }

  /// An estimate of a text's width that rather exceeds it, the same for every canvas.
  ///
  /// The widths are those of the widest common sans-serif (DejaVu Sans), by kinds of letters.
  func width(of text: String) -> Double {
    let ems = text.unicodeScalars.reduce(0.0) { width, scalar in
      switch scalar {
      case "i", "j", "l", "I", "'", "|", ".", ",", ":", ";", "!", " ": width + 0.33
      case "f", "r", "t", "(", ")", "[", "]", "/", "-": width + 0.41
      case "m", "w", "M", "W", "%", "@": width + 0.98
      case "A"..."Z": width + 0.72
      // The ellipsis and the letters of East Asia are as wide as they are high.
      case "\u{1100}"...: width + 1.05
      default: width + 0.64
      }
    }
    return ems * size * (isBold ? 1.1 : 1)
  }

  /// The most room for a name of a group or a class; longer ones are cut short.
  static let longestName = 280.0

  /// The least size at which letters can be read.
  private static let legible = 6.0

  /// The same style, smaller where a text would be wider than there is room for.
  func shrunk(_ text: String, to room: Double) -> TextStyle {
    var style = self
    style.size = min(size, size * room / max(width(of: text), .leastNormalMagnitude))
    return style
  }

  /// As much of a text as there is room for, with an ellipsis where that is not all.
  func shortened(_ text: String, to room: Double) -> String {
    guard width(of: text) > room else { return text }
    var left = room - width(of: "…")
    let kept = text.prefix { letter in
      left -= width(of: String(letter))
      return left >= 0
    }
    return kept + "…"
  }

  /// A text and its style, so that it fits: smaller as far as it can be read, then cut short.
  func fitted(_ text: String, to room: Double) -> (text: String, style: TextStyle) {
    var style = shrunk(text, to: room)
    guard style.size < min(size, Self.legible) else { return (text, style) }
    style.size = min(size, Self.legible)
    return (style.shortened(text, to: room), style)
  }
}

extension Canvas {
  /// Draws text that is smaller, and then cut short, where it would be longer than there is room for.
  func text(_ text: String, at point: Point, _ style: TextStyle, room: Double) {
    let (text, style) = style.fitted(text, to: room)
    self.text(text, at: point, style)
  }
}
