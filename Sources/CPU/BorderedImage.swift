import CMartletKernels
import MartletCompilation
import MartletGraphs

/// Brings one image into scratch memory with a border of zeros, computing it on the way where a
/// pointwise source is fused.
///
/// An image that needs no border and no computation is read where it lies.
struct BorderedImage {
  let rows: Int
  let columns: Int
  let channels: Int
  let margins: Margins
  private let source: Operand
  private let evaluator: PointwiseEvaluator?
  private let offset: Int
  private let isInPlace: Bool
  private let slotFloats: Int

  /// Floats of a row below which a call for each would take longer than its pixels.
  private static let shortRow = 256

  /// - Parameters:
  ///   - shape: `[N, H, W, C]` of the image.
  ///   - inputs: The image, or the loads of `code`.
  ///   - slots: Images that are held at the same time.
  init(
    shape: [Int], margins: Margins, code: PointwiseCode?, inputs: [Operand], slots: Int = 1,
    scratch: inout ScratchLayout
  ) {
    (rows, columns, channels) = (shape[1], shape[2], shape[3])
    self.margins = margins
    source = inputs[0]
    evaluator = code.map {
      PointwiseEvaluator($0, imagewise: true, inputs: inputs, overwritten: [[]], scratch: &scratch)
    }
    isInPlace = code == nil && margins.isZero
    let pitch = (shape[2] + margins.left + margins.right) * shape[3]
    slotFloats = isInPlace ? 0 : pitch * (shape[1] + margins.top + margins.bottom)
    offset = scratch.reserve(Float.self, slots * slotFloats)
  }

  /// Floats from one row to the next.
  var pitch: Int { (columns + margins.left + margins.right) * channels }

  /// Brings an image into a slot and returns its first element, border included.
  ///
  /// - Parameter wanted: The rows that are needed, border included; the others are left undefined.
  func load(
    _ image: Int, slot: Int = 0, rows wanted: Range<Int>? = nil, _ context: Context
  ) -> UnsafeMutablePointer<Float> {
    if isInPlace { return source.floats(context, image: image) }
    let target = (context.scratch + offset).assumingMemoryBound(to: Float.self) + slot * slotFloats
    let width = columns * channels
    let left = margins.left * channels
    let wanted = wanted ?? 0..<rows + margins.top + margins.bottom
    if wanted.lowerBound < margins.top {
      target.update(repeating: 0, count: margins.top * pitch)
    }
    let first = Swift.min(rows, Swift.max(0, wanted.lowerBound - margins.top))
    let last = Swift.max(first, Swift.min(rows, wanted.upperBound - margins.top))
    if first < last { (target + (first + margins.top) * pitch).update(repeating: 0, count: left) }
    let pixels = first < last ? self.pixels(first..<last, of: image, target: target, context) : nil
    for row in first..<last {
      let place = target + ((row + margins.top) * pitch + left)
      if let pixels {
        place.update(from: pixels + (row - first) * width, count: width)
      } else {
        compute(row..<row + 1, of: image, at: place, context)
      }
      // The right border of this row and the left border of the next are neighbours.
      (place + width).update(repeating: 0, count: margins.right * channels + (row == rows - 1 ? 0 : left))
    }
    if wanted.upperBound > margins.top + rows {
      (target + (margins.top + rows) * pitch).update(repeating: 0, count: margins.bottom * pitch)
    }
    return target
  }

  /// Rows one after the other, where they are so already or were computed by one call; nil where each is
  /// computed in its place.
  private func pixels(
    _ rows: Range<Int>, of image: Int, target: UnsafeMutablePointer<Float>, _ context: Context
  ) -> UnsafeMutablePointer<Float>? {
    let width = columns * channels
    guard let evaluator else { return source.floats(context, image: image) + rows.lowerBound * width }
    evaluator.prepare(image: image, context)
    guard width < Self.shortRow else { return nil }
    // At the slot's end: no row's place lies behind its pixels, so they can be moved apart in order.
    let pixels = target + (slotFloats - rows.count * width)
    compute(rows, of: image, at: pixels, context)
    return pixels
  }

  private func compute(
    _ rows: Range<Int>, of image: Int, at place: UnsafeMutablePointer<Float>, _ context: Context
  ) {
    let width = columns * channels
    var place = place
    withUnsafeMutablePointer(to: &place) {
      evaluator?.evaluate(
        rows.lowerBound * width..<rows.upperBound * width, image: image,
        outputs: UnsafeMutableBufferPointer(start: $0, count: 1), context)
    }
  }
}

extension Range<Int> {
  /// The range in runs of at most this many; a step goes through them without allocating.
  func runs(of size: Int) -> Runs { Runs(rest: self, size: size) }
}

/// A range in runs of at most `size`.
struct Runs: Sequence, IteratorProtocol {
  fileprivate var rest: Range<Int>
  fileprivate let size: Int

  mutating func next() -> Range<Int>? {
    guard !rest.isEmpty else { return nil }
    let run = rest.prefix(size)
    rest = run.upperBound..<rest.upperBound
    return run
  }
}

extension mk_conv {
  /// The description of a convolution over a bordered image.
  init(
    _ window: ConvolutionWindow, channels: Int, filters: Int, result: [Int], pixel: Int, pitch: Int,
    yPixel: Int
  ) {
    self.init()
    taps_y = Int32(window.kernel.height)
    taps_x = Int32(window.kernel.width)
    self.channels = Int32(channels)
    self.filters = Int32(filters)
    rows = Int32(result[1])
    columns = Int32(result[2])
    x_row = window.stride.height * pitch
    x_pixel = window.stride.width * pixel
    tap_y = window.dilation.height * pitch
    tap_x = window.dilation.width * pixel
    y_pixel = yPixel
    y_row = result[2] * yPixel
  }
}

/// A count rounded up to whole vectors of the packed weights.
func padded(_ filters: Int) -> Int {
  (filters + Int(MK_LANES) - 1) / Int(MK_LANES) * Int(MK_LANES)
}
