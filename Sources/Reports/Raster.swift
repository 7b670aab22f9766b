import CMartletCairo
import Foundation

/// A picture made of pixels, for a page.
struct Raster: Equatable {
  let width: Int
  let height: Int
  /// The pixels row by row.
  var pixels: [Color]

  init(width: Int, height: Int, pixels: [Color]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height,
      "\(pixels.count) pixels for \(width)x\(height)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A picture of bytes `[H, W, C]`; three channels are red, green and blue, else the first is gray.
  init?(bytes: ArraySlice<UInt8>, shape: [Int]) {
    guard shape.count == 3, shape.allSatisfy({ $0 > 0 }), bytes.count == shape.reduce(1, *) else {
      return nil
    }
    let channels = shape[2]
    self.init(
      width: shape[1], height: shape[0],
      pixels: (0..<shape[0] * shape[1]).map { pixel in
        let first = bytes.startIndex + pixel * channels
        return channels == 3
          ? Color(bytes[first], bytes[first + 1], bytes[first + 2])
          : Color(bytes[first], bytes[first], bytes[first])
      })
  }

  /// The picture as the bytes of a PNG file; nil where there was not enough memory for it.
  var png: [UInt8]? {
    let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    defer { cairo_surface_destroy(surface) }
    guard let data = cairo_image_surface_get_data(surface) else { return nil }
    cairo_surface_flush(surface)
    let stride = Int(cairo_image_surface_get_stride(surface))
    for row in 0..<height {
      for column in 0..<width {
        let color = pixels[row * width + column]
        let value = UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
        // Cairo's pixels are words of the machine's own byte order.
        UnsafeMutableRawPointer(data).storeBytes(
          of: value, toByteOffset: row * stride + column * 4, as: UInt32.self)
      }
    }
    cairo_surface_mark_dirty(surface)
    return PNGCanvas.bytes(of: surface)
  }

  /// The picture as the address of an image of a page.
  var source: String {
    guard let png else { return "data:," }
    return "data:image/png;base64," + Data(png).base64EncodedString()
  }
}

extension Color {
  /// A color from dark blue through gray to yellow, in the manner of the map Cividis, which the color-blind
  /// see as others do; `share` is from 0 to 1.
  static func heat(_ share: Double) -> Color {
    let stops = [
      Color(0, 34, 78), Color(53, 69, 108), Color(102, 105, 112), Color(148, 142, 119),
      Color(200, 184, 102), Color(254, 232, 56),
    ]
    let place = max(0, min(1, share.isFinite ? share : 0)) * Double(stops.count - 1)
    let index = min(stops.count - 2, Int(place))
    return stops[index].mixed(with: stops[index + 1], place - Double(index))
  }

  /// White at 0, blue at 1, orange at -1.
  static func diverging(_ value: Double) -> Color {
    let end = value < 0 ? Color(179, 88, 6) : Color(8, 81, 156)
    return Color.paper.mixed(with: end, min(1, abs(value.isFinite ? value : 0)))
  }

  /// The depth of blue for a share from 0 to 1; its square root, so that small shares show too.
  static func depth(_ share: Double) -> Color {
    Color.paper.mixed(with: Color(8, 48, 107), max(0, min(1, share)).squareRoot())
  }

  /// From 0 to 255, as the eye weighs the parts.
  var brightness: Double { 0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue) }

  /// Whether dark text is hard to read on it.
  var isDark: Bool { brightness < 140 }
}
