/// Draws a figure as the text of an SVG image; the same figure always gives the same text.
final class SVGCanvas: Canvas {
  private var body = ""
  private let width: Double
  private let height: Double

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// The whole image.
  var text: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))pt" height="\(number(height))pt" \
    viewBox="0 0 \(number(width)) \(number(height))" font-family="sans-serif">
    \(body)</svg>

    """
  }

  func fill(_ rect: Rect, _ color: Color) {
    body += """
      <rect x="\(number(rect.x))" y="\(number(rect.y))" width="\(number(rect.width))" \
      height="\(number(rect.height))" fill="\(color.hex)"/>

      """
  }

  func stroke(_ points: [Point], _ color: Color, width: Double, dashed: Bool) {
    let path = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    let dashes = dashed ? " stroke-dasharray=\"\(number(width * 3)) \(number(width * 2))\"" : ""
    body += """
      <polyline points="\(path)" fill="none" stroke="\(color.hex)" stroke-width="\(number(width))" \
      stroke-linejoin="round"\(dashes)/>

      """
  }

  func fillCircle(_ center: Point, radius: Double, _ color: Color) {
    body += """
      <circle cx="\(number(center.x))" cy="\(number(center.y))" r="\(number(radius))" fill="\(color.hex)"/>

      """
  }

  func fillPolygon(_ points: [Point], _ color: Color) {
    let path = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    body += "<polygon points=\"\(path)\" fill=\"\(color.hex)\"/>\n"
  }

  func text(_ text: String, at point: Point, _ style: TextStyle) {
    let anchor =
      switch style.anchor {
      case .start: ""
      case .middle: " text-anchor=\"middle\""
      case .end: " text-anchor=\"end\""
      }
    let weight = style.isBold ? " font-weight=\"bold\"" : ""
    let (x, y) = (number(point.x), number(point.y))
    let turn = style.isUpright ? " transform=\"rotate(-90 \(x) \(y))\"" : ""
    body += """
      <text x="\(x)" y="\(y)" font-size="\(number(style.size))" fill="\(style.color.hex)"\
      \(anchor)\(weight)\(turn)>\(text.escaped)</text>

      """
  }

  private func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? String(Int(rounded)) : "\(rounded)"
  }
}
