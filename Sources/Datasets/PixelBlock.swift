import Foundation

/// The bytes `[H, W, C]` of one image in a batch, changed in place with the help of a second block.
package struct PixelBlock {
  package let height: Int
  package let width: Int
  package let channels: Int
  let pixels: UnsafeMutablePointer<UInt8>
  /// Holds a copy while pixels move; as long as the image.
  let scratch: UnsafeMutablePointer<UInt8>

  /// - Parameters:
  ///   - pixels: The image, `[H, W, C]`.
  ///   - scratch: As many bytes, whatever they are.
  package init(
    shape: [Int], pixels: UnsafeMutablePointer<UInt8>, scratch: UnsafeMutablePointer<UInt8>
  ) {
    (height, width, channels) = (shape[0], shape[1], shape[2])
    self.pixels = pixels
    self.scratch = scratch
  }

  /// The bytes of a row.
  var line: Int { width * channels }
  /// The bytes of the image.
  var count: Int { height * line }

  func copyToScratch() { memcpy(scratch, pixels, count) }

  /// Mirrors left and right.
  package func flipColumns() {
    // The compiler needs the number of channels to make one move of a pixel.
    switch channels {
    case 1: flipColumns(channels: 1)
    case 3: flipColumns(channels: 3)
    default: flipColumns(channels: channels)
    }
  }

  @inline(__always)
  private func flipColumns(channels: Int) {
    for row in 0..<height {
      var left = pixels + row &* line
      var right = left + (line &- channels)
      for _ in 0..<width / 2 {
        for channel in 0..<channels {
          let byte = left[channel]
          left[channel] = right[channel]
          right[channel] = byte
        }
        left += channels
        right -= channels
      }
    }
  }

  /// Mirrors above and below.
  package func flipRows() {
    for row in 0..<height / 2 {
      let (upper, lower) = (pixels + row * line, pixels + (height - 1 - row) * line)
      memcpy(scratch, upper, line)
      memcpy(upper, lower, line)
      memcpy(lower, scratch, line)
    }
  }

  /// Shows the pixel (row + rows, column + columns) at (row, column).
  package func shift(rows: Int, columns: Int, _ border: Augmentation.Border) {
    guard rows != 0 || columns != 0 else { return }
    copyToScratch()
    let inside = min(max(0, -columns), width)..<max(min(width, width - columns), min(max(0, -columns), width))
    for row in 0..<height {
      let target = pixels + row * line
      let source = border.position(row + rows, extent: height)
      if source < 0 {
        fill(target, count: line, border)
        continue
      }
      let start = scratch + source * line
      memcpy(
        target + inside.lowerBound * channels, start + (inside.lowerBound + columns) * channels,
        inside.count * channels)
      for column in 0..<inside.lowerBound { copy(start, column + columns, target, column, border) }
      for column in inside.upperBound..<width { copy(start, column + columns, target, column, border) }
    }
  }

  private func copy(
    _ source: UnsafeMutablePointer<UInt8>, _ from: Int, _ target: UnsafeMutablePointer<UInt8>, _ to: Int,
    _ border: Augmentation.Border
  ) {
    let position = border.position(from, extent: width)
    if position < 0 {
      fill(target + to * channels, count: channels, border)
    } else {
      for channel in 0..<channels { target[to * channels + channel] = source[position * channels + channel] }
    }
  }

  private func fill(_ target: UnsafeMutablePointer<UInt8>, count: Int, _ border: Augmentation.Border) {
    if case .constant(let value) = border { memset(target, Int32(value), count) }
  }

  /// Overwrites a rectangle.
  package func erase(rows: Range<Int>, columns: Range<Int>, fill: UInt8) {
    for row in rows {
      memset(pixels + row * line + columns.lowerBound * channels, Int32(fill), columns.count * channels)
    }
  }
}
