/// A height and a width, in pixels.
public struct Extent: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// Creates an extent from rows and columns.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// Creates a square extent.
  public init(_ side: Int) { self.init(side, side) }

  /// Creates a square extent from a literal.
  public init(integerLiteral value: Int) { self.init(value, value) }

  /// `3x3`.
  public var description: String { "\(height)x\(width)" }
}

/// Cells added on each side of an image.
package struct Margins: Hashable, Sendable {
  package var top: Int
  package var left: Int
  package var bottom: Int
  package var right: Int

  package init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  package var isZero: Bool { top == 0 && left == 0 && bottom == 0 && right == 0 }
}

/// How a window treats the image's border.
public enum Padding: Hashable, Sendable, ExpressibleByIntegerLiteral {
  /// No padding: only windows that lie inside the image.
  case valid
  /// As much as keeps the extent at stride 1, the odd cell at the bottom and right (Keras, TensorFlow).
  case same
  /// The same number of cells on all four sides (PyTorch).
  case explicit(Int)

  /// Creates an equal padding on all four sides.
  public init(integerLiteral value: Int) { self = .explicit(value) }

  /// The cells on each side for an input and a window of these extents.
  package func margins(input: Extent, kernel: Extent, stride: Extent, dilation: Extent) -> Margins {
    switch self {
    case .valid: return Margins()
    case .explicit(let cells): return Margins(top: cells, left: cells, bottom: cells, right: cells)
    case .same:
      func total(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
        let output = (size + stride - 1) / stride
        return max((output - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
      }
      let rows = total(input.height, kernel.height, stride.height, dilation.height)
      let columns = total(input.width, kernel.width, stride.width, dilation.width)
      return Margins(top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
    }
  }
}

/// The number of windows along one axis, or nil where none fits.
package func windowCount(size: Int, kernel: Int, stride: Int, dilation: Int, before: Int, after: Int) -> Int?
{
  let room = size + before + after - ((kernel - 1) * dilation + 1)
  return room < 0 || stride < 1 ? nil : room / stride + 1
}
