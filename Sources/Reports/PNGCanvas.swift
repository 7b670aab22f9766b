import CMartletCairo
import MartletTensors

/// Draws a figure as a PNG image of 300 dots an inch, or of fewer where it would be too large for Cairo.
final class PNGCanvas: Canvas {
  /// The most dots that an image of Cairo has on a side.
  private static let mostDots = 32_767.0
  private let dotsPerPoint: Double
  private let surface: OpaquePointer?
  private let cairo: OpaquePointer?

  init(width: Double, height: Double) {
    dotsPerPoint = min(300 / 72, Self.mostDots / max(width, height))
    let (columns, rows) = (width * dotsPerPoint, height * dotsPerPoint)
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(columns.rounded()), Int32(rows.rounded()))
    cairo = cairo_create(surface)
    // The last row and column may lie only partly within the figure; they are paper too.
    cairo_set_source_rgb(cairo, 1, 1, 1)
    cairo_paint(cairo)
    cairo_scale(cairo, dotsPerPoint, dotsPerPoint)
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND)
  }

  deinit {
    cairo_destroy(cairo)
    cairo_surface_destroy(surface)
  }

  /// The image as the bytes of a PNG file, nil where there was not enough memory for it.
  var bytes: [UInt8]? {
    guard var bytes = Self.bytes(of: surface) else { return nil }
    // After the signature and the header, which have one length in every PNG file.
    bytes.insert(contentsOf: dotSize, at: 33)
    return bytes
  }

  /// The chunk pHYs, which says how large a dot is on paper; Cairo writes none.
  private var dotSize: [UInt8] {
    func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
    let perMeter = word(UInt32((dotsPerPoint * 72 / 0.0254).rounded()))
    let body = Array("pHYs".utf8) + perMeter + perMeter + [1]
    let checksum = body.reduce(~UInt32(0)) { checksum, byte in
      (0..<8).reduce(checksum ^ UInt32(byte)) { rest, _ in
        rest >> 1 ^ (rest & 1 == 1 ? 0xEDB8_8320 : 0)
      }
    }
    return word(9) + body + word(~checksum)
  }

  /// A surface as the bytes of a PNG file, nil where there was not enough memory for it.
  static func bytes(of surface: OpaquePointer?) -> [UInt8]? {
    var bytes: [UInt8] = []
    let status = withUnsafeMutablePointer(to: &bytes) { target in
      cairo_surface_write_to_png_stream(
        surface,
        { target, data, count in
          guard let target, let data else { return CAIRO_STATUS_WRITE_ERROR }
          target.assumingMemoryBound(to: [UInt8].self).pointee
            .append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
          return CAIRO_STATUS_SUCCESS
        }, target)
    }
    return status == CAIRO_STATUS_SUCCESS ? bytes : nil
  }

  func fill(_ rect: Rect, _ color: Color) {
    use(color)
    cairo_rectangle(cairo, rect.x, rect.y, rect.width, rect.height)
    cairo_fill(cairo)
  }

  func stroke(_ points: [Point], _ color: Color, width: Double, dashed: Bool) {
    use(color)
    cairo_set_line_width(cairo, width)
    cairo_set_dash(cairo, [width * 3, width * 2], dashed ? 2 : 0, 0)
    for point in points { cairo_line_to(cairo, point.x, point.y) }
    cairo_stroke(cairo)
  }

  func fillCircle(_ center: Point, radius: Double, _ color: Color) {
    use(color)
    cairo_arc(cairo, center.x, center.y, radius, 0, 2 * .pi)
    cairo_fill(cairo)
  }

  func fillPolygon(_ points: [Point], _ color: Color) {
    use(color)
    for point in points { cairo_line_to(cairo, point.x, point.y) }
    cairo_close_path(cairo)
    cairo_fill(cairo)
  }

  func text(_ text: String, at point: Point, _ style: TextStyle) {
    use(style.color)
    cairo_select_font_face(
      cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
      style.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_font_size(cairo, style.size)
    var extents = cairo_text_extents_t()
    cairo_text_extents(cairo, text, &extents)
    let start =
      switch style.anchor {
      case .start: 0.0
      case .middle: -extents.x_advance / 2
      case .end: -extents.x_advance
      }
    cairo_save(cairo)
    cairo_translate(cairo, point.x, point.y)
    if style.isUpright { cairo_rotate(cairo, -.pi / 2) }
    cairo_move_to(cairo, start, 0)
    cairo_show_text(cairo, text)
    cairo_restore(cairo)
    cairo_new_path(cairo)
  }

  private func use(_ color: Color) {
    cairo_set_source_rgb(
      cairo, Double(color.red) / 255, Double(color.green) / 255, Double(color.blue) / 255)
  }
}
