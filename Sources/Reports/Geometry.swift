/// A place on a figure, in points (1/72 inch) from its upper left corner.
package struct Point: Equatable, Sendable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// A rectangle on a figure, in points.
package struct Rect: Equatable, Sendable {
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double

  package init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  var maxX: Double { x + width }
  var maxY: Double { y + height }
  var midX: Double { x + width / 2 }
  var midY: Double { y + height / 2 }
}

/// An opaque color, its parts from 0 to 255.
package struct Color: Equatable, Sendable {
  package var red: UInt8
  package var green: UInt8
  package var blue: UInt8

  package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  static let paper = Color(255, 255, 255)
  static let ink = Color(34, 34, 34)
  static let axis = Color(110, 110, 110)
  static let grid = Color(226, 226, 226)

  /// The color-blind-safe palette of Okabe and Ito, without its yellow, which is too faint on paper.
  static let series = [
    Color(0, 114, 178), Color(213, 94, 0), Color(0, 158, 115), Color(204, 121, 167), Color(86, 180, 233),
    Color(230, 159, 0), Color(0, 0, 0),
  ]

  /// The color of the series at a place of a chart.
  static func series(_ index: Int) -> Color { series[index % series.count] }

  /// The color at `share` (0 to 1) of the way from this one to another.
  func mixed(with other: Color, _ share: Double) -> Color {
    func part(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8(Double(a) + (Double(b) - Double(a)) * share) }
    return Color(part(red, other.red), part(green, other.green), part(blue, other.blue))
  }
}
