import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a convolution's input: for each part of its cells a convolution of dy with a border of
/// zeros, see `StrideParts`.
struct DirectInputGradient: ImageKernel {
  private let step: ConvolutionStep
  private let dy: Operand
  private let mask: Operand?
  private let weights: Operand
  private let output: Operand
  private let image: BorderedImage
  private let parts: [Part]
  private let leavesGaps: Bool
  private let blocks: FilterBlocks
  /// Where the gradients of pooled results are spread out, bordered, and the floats of one image there.
  private let spreadOffset: Int
  private let spreadFloats: Int
  private let kernels = InstructionSet.kernels

  private struct Part {
    var geometry: mk_conv
    /// Rows of the packed weights before the part's.
    var firstWeight: Int
    var dyOffset: Int
    var outputOffset: Int
  }

  /// The order of the weights.
  static func order(_ step: ConvolutionStep) -> WeightPacking.Order {
    .backward(taps: StrideParts(step).taps)
  }

  init(
    _ step: ConvolutionStep, dy: Operand, weights: Operand, mask: Operand?, output: Operand,
    scratch: inout ScratchLayout
  ) {
    self.step = step
    self.dy = dy
    self.mask = mask
    self.weights = weights
    self.output = output
    let (window, shape, result) = (step.window, step.imageShape, step.resultShape)
    let (channels, filters) = (shape[3], result[3])
    let groups = window.groups
    let cells = StrideParts(step)
    let margins = cells.margins(result: result)
    let taps = cells.all.reduce(0) { $0 + $1.tapCount }
    blocks = FilterBlocks.backward(channels: channels / groups, depth: taps * (filters / groups))
    let slots = blocks.count > 1 ? FilterBlocks.images : 1
    image = BorderedImage(
      shape: result, margins: margins, code: nil, inputs: [dy], slots: mask == nil ? slots : 0,
      scratch: &scratch)
    let pitch = image.pitch
    spreadFloats = mask == nil ? 0 : pitch * (result[1] + margins.top + margins.bottom)
    spreadOffset = scratch.reserve(Float.self, slots * spreadFloats)
    leavesGaps = cells.all.contains { $0.tapCount == 0 }
    var before = 0
    parts = cells.all.filter { $0.tapCount > 0 }.map { part in
      var geometry = mk_conv()
      geometry.taps_y = Int32(part.y.taps)
      geometry.taps_x = Int32(part.x.taps)
      geometry.channels = Int32(filters / groups)
      geometry.rows = Int32(part.y.count)
      geometry.columns = Int32(part.x.count)
      (geometry.x_row, geometry.x_pixel) = (pitch, filters)
      (geometry.tap_y, geometry.tap_x) = (part.y.step * pitch, part.x.step * filters)
      geometry.y_row = window.stride.height * shape[2] * channels
      geometry.y_pixel = window.stride.width * channels
      defer { before += part.tapCount * (filters / groups) }
      return Part(
        geometry: geometry, firstWeight: before,
        dyOffset: (margins.top - part.y.padding) * pitch + (margins.left - part.x.padding) * filters,
        outputOffset: (part.y.first * shape[2] + part.x.first) * channels)
    }
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let size = blocks.count > 1 ? FilterBlocks.images : 1
    for run in images.runs(of: size) { runTogether(run, context) }
  }

  /// Convolves all images with a block of the weights before the next block.
  private func runTogether(_ images: Range<Int>, _ context: Context) {
    withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>.self, capacity: images.count) { loaded in
      for index in images {
        loaded[index - images.lowerBound] = load(index, slot: index - images.lowerBound, context)
        guard leavesGaps else { continue }
        output.floats(context, image: index).update(repeating: 0, count: step.imageShape[1...].reduce(1, *))
      }
      for block in 0..<blocks.count {
        for index in images {
          convolve(
            loaded[index - images.lowerBound], into: output.floats(context, image: index), block: block,
            context)
        }
      }
    }
  }

  private func convolve(
    _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, block: Int, _ context: Context
  ) {
    for part in parts {
      var geometry = part.geometry
      for panel in blocks.panels(block) {
        geometry.filters = Int32(panel.count)
        let first = blocks.offset(filter: panel.lowerBound) + part.firstWeight * padded(panel.count)
        for group in 0..<step.window.groups {
          kernels.conv_forward(
            &geometry, dy + part.dyOffset + group * Int(geometry.channels),
            weights.floats(context) + (group * blocks.floats + first), nil, Int32(MK_IDENTITY.rawValue), 0,
            dx + (part.outputOffset + group * blocks.filters + panel.lowerBound))
        }
      }
    }
  }

  /// The gradient of an image with its border; that of pooled results is put back to where the maxima were.
  private func load(_ index: Int, slot: Int, _ context: Context) -> UnsafeMutablePointer<Float> {
    guard let mask else { return image.load(index, slot: slot, context) }
    let bordered = (context.scratch + spreadOffset).assumingMemoryBound(to: Float.self) + slot * spreadFloats
    bordered.update(repeating: 0, count: spreadFloats)
    let filters = step.resultShape[3]
    step.spread(
      dy.floats(context, image: index), mask.bytes(context, image: index),
      into: bordered + image.margins.top * image.pitch + image.margins.left * filters,
      pitch: image.pitch / filters)
    return bordered
  }
}
