import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a convolution's input.
///
/// Direct: a convolution of dy, with zeros between its pixels for strides and a border round them, with
/// the kernel turned round; by Winograd's way where that suits. Sparse: each non-zero gradient adds its filter's weights to the input.
struct InputGradient: ImageKernel {
  private let step: ConvolutionStep
  private let dy: Operand
  private let mask: Operand?
  private let weights: Operand
  private let output: Operand
  private let algorithm: ConvolutionAlgorithm
  private var geometry: mk_conv
  /// Rows and columns of the bordered dy (direct) or dx (sparse).
  private let rows: Int
  private let columns: Int
  private let borderedOffset: Int
  private let blocks: FilterBlocks
  /// The bordered dy and the convolution of it, for Winograd's way.
  private let winograd: (image: BorderedImage, convolution: Winograd)?
  private let listOffset: Int
  private let countOffset: Int
  private let kernels = InstructionSet.kernels

  /// The order of the weights that the algorithm reads.
  static func order(_ step: ConvolutionStep) -> WeightPacking.Order {
    switch algorithm(step) {
    case .sparse: .byFilter
    case .winograd: .turnedWinograd
    case .tiny, .depthwise, .direct: .backward
    }
  }

  /// The way back exchanges the channels read and written, so it asks Winograd itself.
  private static func algorithm(_ step: ConvolutionStep) -> ConvolutionAlgorithm {
    let algorithm = ConvolutionAlgorithm(step, isForward: false)
    guard algorithm == .winograd || algorithm == .direct, !step.isPooled, !step.isExact else {
      return algorithm
    }
    let padding = step.window.padding
    let reaches = max(padding.top, padding.left, padding.bottom, padding.right) <= 2
    return reaches && Winograd.suits(step.window, channels: step.resultShape[3], result: step.imageShape)
      ? .winograd : .direct
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
    algorithm = Self.algorithm(step)
    let window = step.window
    let (height, width, channels) = (step.imageShape[1], step.imageShape[2], step.imageShape[3])
    let (filters, groups) = (step.resultShape[3], window.groups)
    blocks = FilterBlocks(
      filters: channels / groups, depth: window.kernel.height * window.kernel.width * (filters / groups))
    if algorithm == .sparse {
      rows = height + window.padding.top + window.padding.bottom
      columns = width + window.padding.left + window.padding.right
      geometry = mk_conv(
        window, channels: channels, filters: filters, result: step.resultShape, pixel: channels,
        pitch: columns * channels, yPixel: filters)
      borderedOffset = scratch.reserve(Float.self, rows * columns * channels)
      let positions = step.resultShape[1] * step.resultShape[2]
      listOffset = scratch.reserve(mk_entry.self, positions * filters)
      countOffset = scratch.reserve(Int32.self, positions)
      winograd = nil
    } else if algorithm == .winograd {
      let padding = window.padding
      let margins = Winograd.margins(
        Margins(top: 2 - padding.top, left: 2 - padding.left), result: step.imageShape,
        image: step.resultShape)
      let image = BorderedImage(
        shape: step.resultShape, margins: margins, code: nil, inputs: [dy], scratch: &scratch)
      winograd = (
        image,
        Winograd(channels: filters, result: step.imageShape, pitch: image.pitch, scratch: &scratch)
      )
      (rows, columns, borderedOffset, listOffset, countOffset) = (0, 0, 0, 0, 0)
      geometry = mk_conv()
    } else {
      winograd = nil
      rows = height + (window.kernel.height - 1) * window.dilation.height
      columns = width + (window.kernel.width - 1) * window.dilation.width
      var back = window
      back.stride = Extent(1)
      geometry = mk_conv(
        back, channels: filters / groups, filters: channels / groups, result: step.imageShape, pixel: filters,
        pitch: columns * filters, yPixel: channels)
      let slots = blocks.count > 1 ? FilterBlocks.images : 1
      borderedOffset = scratch.reserve(Float.self, slots * rows * columns * filters)
      listOffset = 0
      countOffset = 0
    }
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    if let (image, winograd) = winograd {
      winograd.blocks(of: images) { block in
        for index in block {
          winograd.transform(image.load(index, context), slot: index - block.lowerBound, context)
        }
        winograd.multiply(block.count, by: weights.floats(context), context)
        for index in block {
          winograd.store(
            slot: index - block.lowerBound, bias: nil, .identity, into: output.floats(context, image: index),
            context)
        }
      }
    } else if algorithm == .sparse, let mask {
      for image in images {
        runSparse(
          dy.floats(context, image: image), mask.bytes(context, image: image),
          output.floats(context, image: image), context)
      }
    } else {
      let size = blocks.count > 1 ? FilterBlocks.images : 1
      for run in images.runs(of: size) { runDirect(run, context) }
    }
  }

  private func runSparse(
    _ dy: UnsafePointer<Float>, _ mask: UnsafePointer<UInt8>, _ dx: UnsafeMutablePointer<Float>,
    _ context: Context
  ) {
    var geometry = geometry
    let channels = step.imageShape[3]
    let list = (context.scratch + listOffset).assumingMemoryBound(to: mk_entry.self)
    let count = (context.scratch + countOffset).assumingMemoryBound(to: Int32.self)
    let bordered = (context.scratch + borderedOffset).assumingMemoryBound(to: Float.self)
    bordered.update(repeating: 0, count: rows * columns * channels)
    kernels.sparse_lists_by_position(&geometry, dy, mask, list, count)
    kernels.sparse_input_gradient(&geometry, weights.floats(context), list, count, bordered)
    let margins = step.window.padding
    let width = step.imageShape[2] * channels
    for row in 0..<step.imageShape[1] {
      (dx + row * width).update(
        from: bordered + ((row + margins.top) * columns + margins.left) * channels, count: width)
    }
  }

  /// Convolves all images with a block of the weights before the next block.
  private func runDirect(_ images: Range<Int>, _ context: Context) {
    let slotFloats = rows * columns * step.resultShape[3]
    let bordered = (context.scratch + borderedOffset).assumingMemoryBound(to: Float.self)
    for image in images {
      let slot = bordered + (image - images.lowerBound) * slotFloats
      slot.update(repeating: 0, count: slotFloats)
      placeGradient(dy.floats(context, image: image), mask?.bytes(context, image: image), in: slot)
    }
    let weights = weights.floats(context)
    var geometry = geometry
    for block in 0..<blocks.count {
      let range = blocks.range(block)
      geometry.filters = Int32(range.count)
      for image in images {
        let slot = bordered + (image - images.lowerBound) * slotFloats
        for group in 0..<step.window.groups {
          kernels.conv_forward(
            &geometry, slot + group * Int(geometry.channels),
            weights + (group * blocks.floats + blocks.offset(block)), nil, Int32(MK_IDENTITY.rawValue), 0,
            output.floats(context, image: image) + (group * blocks.filters + range.lowerBound))
        }
      }
    }
  }

  /// Puts dy's pixels where the turned kernel meets them; what the padding cut off stays out.
  private func placeGradient(
    _ dy: UnsafePointer<Float>, _ mask: UnsafePointer<UInt8>?, in bordered: UnsafeMutablePointer<Float>
  ) {
    let window = step.window
    let filters = step.resultShape[3]
    let top = (window.kernel.height - 1) * window.dilation.height - window.padding.top
    let left = (window.kernel.width - 1) * window.dilation.width - window.padding.left
    if let mask {
      precondition(top >= 0 && left >= 0, "a pooled convolution is never padded beyond its kernel")
      step.spread(dy, mask, into: bordered + (top * columns + left) * filters, pitch: columns)
      return
    }
    let resultColumns = step.resultShape[2]
    for row in 0..<step.resultShape[1] {
      let targetRow = top + row * window.stride.height
      guard (0..<rows).contains(targetRow) else { continue }
      let source = dy + row * resultColumns * filters
      let target = bordered + targetRow * columns * filters
      if window.stride.width == 1 && left >= 0 && left + resultColumns <= columns {
        (target + left * filters).update(from: source, count: resultColumns * filters)
        continue
      }
      for column in 0..<resultColumns {
        let place = left + column * window.stride.width
        guard (0..<columns).contains(place) else { continue }
        (target + place * filters).update(from: source + column * filters, count: filters)
      }
    }
  }
}
