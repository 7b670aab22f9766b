import Foundation

/// Where each pixel of a moved, turned or scaled image comes from: an affine map in fixed-point numbers.
///
/// Positions are pixel centers with 32 binary places, so that results do not depend on how a processor
/// rounds.
package struct AffineMap {
  fileprivate let row: (origin: Int, perRow: Int, perColumn: Int)
  fileprivate let column: (origin: Int, perRow: Int, perColumn: Int)

  private init(
    row: (origin: Double, perRow: Double, perColumn: Double),
    column: (origin: Double, perRow: Double, perColumn: Double)
  ) {
    func fixed(_ number: Double) -> Int { Int((number * 0x1p32).rounded()) }
    // The weights have 16 places; what is added makes the cut a rounding.
    self.row = (fixed(row.origin) + 1 << 15, fixed(row.perRow), fixed(row.perColumn))
    self.column = (fixed(column.origin) + 1 << 15, fixed(column.perRow), fixed(column.perColumn))
  }

  /// Moves an image down and to the right by so many pixels.
  package init(rowShift: Double, columnShift: Double) {
    self.init(row: (-rowShift, 1, 0), column: (-columnShift, 0, 1))
  }

  /// Scales the region shown about the center.
  package init(rowScale: Double, columnScale: Double, height: Int, width: Int) {
    self.init(
      row: (Double(height - 1) / 2 * (1 - rowScale), rowScale, 0),
      column: (Double(width - 1) / 2 * (1 - columnScale), 0, columnScale))
  }

  /// Turns an image about its center, counterclockwise.
  package init(degrees: Double, height: Int, width: Int) {
    let (sine, cosine) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
    let (middleRow, middleColumn) = (Double(height - 1) / 2, Double(width - 1) / 2)
    self.init(
      row: (middleRow - cosine * middleRow - sine * middleColumn, cosine, sine),
      column: (middleColumn + sine * middleRow - cosine * middleColumn, -sine, cosine))
  }
}

extension PixelBlock {
  /// Fills every pixel with the bilinear mean of the four around its place in the old image.
  ///
  /// A constant border counts as pixels, as in SciPy's `grid-constant`; results are rounded half up.
  package func warp(_ map: AffineMap, _ border: Augmentation.Border) {
    copyToScratch()
    switch channels {
    case 1: warp(map, border, channels: 1)
    case 3: warp(map, border, channels: 3)
    default: warp(map, border, channels: channels)
    }
  }

  @inline(__always)
  private func warp(_ map: AffineMap, _ border: Augmentation.Border, channels: Int) {
    let line = width &* channels
    let (lastRow, lastColumn) = (height &- 1, width &- 1)
    var target = pixels
    for row in 0..<height {
      var y = map.row.origin &+ row &* map.row.perRow
      var x = map.column.origin &+ row &* map.column.perRow
      for _ in 0..<width {
        let (top, left) = (y >> 32, x >> 32)
        let (down, right) = ((y >> 16) & 0xFFFF, (x >> 16) & 0xFFFF)
        if top >= 0 && left >= 0 && top < lastRow && left < lastColumn {
          let upper = scratch + (top &* line &+ left &* channels)
          let lower = upper + line
          for channel in 0..<channels {
            let first = Int(upper[channel]) &* (0x1_0000 &- right) &+ Int(upper[channel &+ channels]) &* right
            let second =
              Int(lower[channel]) &* (0x1_0000 &- right) &+ Int(lower[channel &+ channels]) &* right
            target[channel] = Self.rounded(first &* (0x1_0000 &- down) &+ second &* down)
          }
        } else {
          edge(target, top: top, left: left, down: down, right: right, border)
        }
        target += channels
        y &+= map.row.perColumn
        x &+= map.column.perColumn
      }
    }
  }

  @inline(__always)
  private static func rounded(_ sum: Int) -> UInt8 { UInt8(truncatingIfNeeded: (sum &+ 1 << 31) >> 32) }

  /// A pixel with neighbors beyond the edges.
  private func edge(
    _ target: UnsafeMutablePointer<UInt8>, top: Int, left: Int, down: Int, right: Int,
    _ border: Augmentation.Border
  ) {
    let fill =
      switch border {
      case .constant(let value): Int(value)
      case .nearest, .reflect: 0
      }
    let upper = border.position(top, extent: height)
    let lower = border.position(top &+ 1, extent: height)
    let first = border.position(left, extent: width)
    let second = border.position(left &+ 1, extent: width)
    for channel in 0..<channels {
      @inline(__always)
      func value(_ row: Int, _ column: Int) -> Int {
        row < 0 || column < 0 ? fill : Int(scratch[(row &* width &+ column) &* channels &+ channel])
      }
      let above = value(upper, first) &* (0x1_0000 &- right) &+ value(upper, second) &* right
      let below = value(lower, first) &* (0x1_0000 &- right) &+ value(lower, second) &* right
      target[channel] = Self.rounded(above &* (0x1_0000 &- down) &+ below &* down)
    }
  }
}
