import MartletCompilation
import MartletGraphs

/// The cells of a convolution's input in parts that meet the same taps: those a stride apart.
///
/// The gradient of a part is a convolution of dy, of stride 1, with the part's taps turned round. There are
/// stride · stride parts, and no zero is multiplied.
struct StrideParts {
  struct Part {
    let y: AxisPart
    let x: AxisPart

    /// Taps that meet the part's cells; without any, their gradient is zero.
    var tapCount: Int { y.taps * x.taps }
  }

  let all: [Part]
  private let kernelWidth: Int

  init(_ step: ConvolutionStep) {
    let (window, shape) = (step.window, step.imageShape)
    let vertical = AxisPart.all(
      extent: shape[1], kernel: window.kernel.height, stride: window.stride.height,
      dilation: window.dilation.height, padding: window.padding.top)
    let horizontal = AxisPart.all(
      extent: shape[2], kernel: window.kernel.width, stride: window.stride.width,
      dilation: window.dilation.width, padding: window.padding.left)
    all = vertical.flatMap { y in horizontal.map { Part(y: y, x: $0) } }
    kernelWidth = window.kernel.width
  }

  /// The taps, row by row of the kernel, in the order in which the parts one after the other meet them.
  var taps: [Int] {
    all.flatMap { part in
      (0..<part.y.taps).flatMap { row in
        (0..<part.x.taps).map { column in
          (part.y.lastTap - row * part.y.tapStep) * kernelWidth + part.x.lastTap - column * part.x.tapStep
        }
      }
    }
  }

  /// The zeros round dy, of `[N, H', W', K]`, that the parts with taps reach.
  func margins(result: [Int]) -> Margins {
    var margins = Margins()
    for part in all where part.tapCount > 0 {
      margins.top = max(margins.top, part.y.padding)
      margins.left = max(margins.left, part.x.padding)
      margins.bottom = max(margins.bottom, part.y.reach - result[1])
      margins.right = max(margins.right, part.x.reach - result[2])
    }
    return margins
  }
}

/// One axis of the cells that meet the same taps.
struct AxisPart {
  /// The first cell; the others follow a stride apart.
  var first: Int
  var count: Int
  /// The taps that meet the cells: `lastTap`, and so on down by `tapStep`.
  var taps = 0
  var lastTap = 0
  var tapStep = 1
  /// Cells of dy from one tap to the next.
  var step = 1
  /// Where the last tap meets the first cell, above 0 if before dy's first cell.
  var padding = 0

  /// The end of the cells of dy that are met.
  var reach: Int { count + (taps - 1) * step - padding }

  /// The parts of an axis of `extent` cells, by their place in the stride.
  ///
  /// Tap i meets cell r at dy's cell (r + padding - i · dilation) / stride, where that is whole.
  static func all(extent: Int, kernel: Int, stride: Int, dilation: Int, padding: Int) -> [AxisPart] {
    var common = (dilation, stride)
    while common.1 != 0 { common = (common.1, common.0 % common.1) }
    let (tapStep, step) = (stride / common.0, dilation / common.0)
    return (0..<min(stride, extent)).map { first in
      var part = AxisPart(first: first, count: (extent - first + stride - 1) / stride)
      guard let tap = (0..<kernel).first(where: { (first + padding - $0 * dilation) % stride == 0 }) else {
        return part
      }
      part.taps = (kernel - 1 - tap) / tapStep + 1
      part.lastTap = tap + (part.taps - 1) * tapStep
      part.tapStep = tapStep
      part.step = step
      part.padding = -(first + padding - part.lastTap * dilation) / stride
      return part
    }
  }
}
