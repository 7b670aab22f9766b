import CMartletKernels
import MartletCompilation
import MartletGraphs

/// How a convolution step is computed; the compiler's table of algorithms.
///
/// | step | channels in | filters | algorithm |
/// |---|---|---|---|
/// | conv + ReLU + 2x2 pool | 1...4 | multiple of 8 | tiny: one pass, pooled in registers |
/// | its kernel gradient | 1...4 | multiple of 8 | tiny: masked |
/// | its gradients | multiple of 8 | any | sparse: lists of the non-zero gradients |
/// | its gradients | other | any | the mask is spread out, then direct |
/// | 3x3, stride 1, not exact | multiple of 8, from 16 | multiple of 8, from 16 | Winograd, see `Winograd.suits` |
/// | any other | any | any | direct on a bordered image |
enum ConvolutionAlgorithm {
  case tiny
  case sparse
  case winograd
  case direct

  init(_ step: ConvolutionStep, isForward: Bool) {
    let (channels, filters) = (step.imageShape[3], step.resultShape[3])
    let suitsWinograd =
      !step.isExact && Winograd.suits(step.window, channels: channels, result: step.resultShape)
    if step.isPooled && channels <= 4 && filters % Int(MK_LANES) == 0 {
      self = .tiny
    } else if step.isPooled && !isForward {
      self = channels % Int(MK_LANES) == 0 ? .sparse : .direct
    } else {
      self = suitsWinograd ? .winograd : .direct
    }
  }
}

/// conv (+ bias, activation, ReLU and pooling) on one image after the other.
struct ConvolutionForward: ImageKernel {
  private let step: ConvolutionStep
  private let image: BorderedImage
  private let weights: Operand
  private let bias: Operand?
  private let output: Operand
  private let mask: Operand?
  private let geometry: mk_conv
  private let blocks: FilterBlocks
  private let algorithm: ConvolutionAlgorithm
  private let winograd: Winograd?
  private let rowsOffset: Int
  private let kernels = InstructionSet.kernels

  /// - Parameter weights: The kernel in `forward` order.
  init(
    _ step: ConvolutionStep, inputs: [Operand], weights: Operand, bias: Operand?, output: Operand,
    mask: Operand?,
    scratch: inout ScratchLayout
  ) {
    self.step = step
    let groups = step.window.groups
    let (channels, filters) = (step.imageShape[3] / groups, step.resultShape[3] / groups)
    let depth = step.window.kernel.height * step.window.kernel.width * channels
    algorithm = ConvolutionAlgorithm(step, isForward: true)
    let isWinograd = algorithm == .winograd
    blocks = FilterBlocks(filters: filters, depth: depth)
    image = BorderedImage(
      shape: step.imageShape,
      margins: isWinograd
        ? Winograd.margins(step.window.padding, result: step.resultShape, image: step.imageShape)
        : step.window.padding,
      code: step.source, inputs: inputs,
      slots: blocks.count > 1 && !step.isPooled && !isWinograd ? FilterBlocks.images : 1, scratch: &scratch)
    winograd =
      isWinograd
      ? Winograd(channels: channels, result: step.resultShape, pitch: image.pitch, scratch: &scratch) : nil
    self.weights = weights
    self.bias = bias
    self.output = output
    self.mask = mask
    geometry = mk_conv(
      step.window, channels: channels, filters: filters, result: step.resultShape, pixel: step.imageShape[3],
      pitch: image.pitch, yPixel: step.resultShape[3])
    let rowCount = step.resultShape[2] * step.resultShape[3]
    let rows = !step.isPooled || algorithm == .tiny ? 0 : isWinograd ? step.resultShape[1] : 2
    rowsOffset = scratch.reserve(Float.self, rows * rowCount)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    if let winograd {
      winograd.blocks(of: images) { runWinograd(winograd, $0, context) }
    } else if let mask {
      for index in images {
        runPooled(
          image.load(index, context), output.floats(context, image: index), mask.bytes(context, image: index),
          context)
      }
    } else if blocks.count == 1 {
      for index in images { runPlain(image.load(index, context), index, block: 0, context) }
    } else {
      for run in images.runs(of: FilterBlocks.images) { runBlocks(run, context) }
    }
  }

  private func runWinograd(_ winograd: Winograd, _ images: Range<Int>, _ context: Context) {
    for index in images {
      winograd.transform(image.load(index, context), slot: index - images.lowerBound, context)
    }
    winograd.multiply(images.count, by: weights.floats(context), context)
    let biases = bias.map { UnsafePointer($0.floats(context)) }
    let whole = (context.scratch + rowsOffset).assumingMemoryBound(to: Float.self)
    let (columns, filters) = (Int(geometry.columns), Int(geometry.filters))
    for index in images {
      let slot = index - images.lowerBound
      let y = output.floats(context, image: index)
      guard let mask = mask?.bytes(context, image: index) else {
        winograd.store(slot: slot, bias: biases, step.epilogue, into: y, context)
        continue
      }
      winograd.store(slot: slot, bias: biases, .identity, into: whole, context)
      for row in 0..<Int(geometry.rows) / 2 {
        let top = whole + 2 * row * columns * filters
        let place = row * (columns / 2) * filters
        kernels.relu_pool_rows(
          top, top + columns * filters, Int32(columns / 2), Int32(filters), y + place, mask + place)
      }
    }
  }

  /// Convolves all images with a block of the weights before the next block.
  private func runBlocks(_ images: Range<Int>, _ context: Context) {
    withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>.self, capacity: images.count) { loaded in
      for index in images {
        loaded[index - images.lowerBound] = image.load(index, slot: index - images.lowerBound, context)
      }
      for block in 0..<blocks.count {
        for index in images { runPlain(loaded[index - images.lowerBound], index, block: block, context) }
      }
    }
  }

  private func runPlain(_ x: UnsafePointer<Float>, _ index: Int, block: Int, _ context: Context) {
    let y = output.floats(context, image: index)
    let (activation, slope) = step.epilogue.activation
    let range = blocks.range(block)
    var geometry = geometry
    geometry.filters = Int32(range.count)
    for group in 0..<step.window.groups {
      let filter = group * blocks.filters + range.lowerBound
      kernels.conv_forward(
        &geometry, x + group * Int(geometry.channels),
        weights.floats(context) + (group * blocks.floats + blocks.offset(block)),
        bias.map { UnsafePointer($0.floats(context) + filter) }, activation, slope, y + filter)
    }
  }

  private func runPooled(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ mask: UnsafeMutablePointer<UInt8>,
    _ context: Context
  ) {
    var geometry = geometry
    let biases = bias.map { UnsafePointer($0.floats(context)) }
    if algorithm == .tiny {
      kernels.tiny_pool_forward(&geometry, x, weights.floats(context), biases, y, mask)
      return
    }
    let (columns, filters) = (Int(geometry.columns), Int(geometry.filters))
    let top = (context.scratch + rowsOffset).assumingMemoryBound(to: Float.self)
    let pooledRows = Int(geometry.rows) / 2
    geometry.rows = 2
    for row in 0..<pooledRows {
      for block in 0..<blocks.count {
        let range = blocks.range(block)
        geometry.filters = Int32(range.count)
        kernels.conv_forward(
          &geometry, x + 2 * row * geometry.x_row, weights.floats(context) + blocks.offset(block),
          biases.map { $0 + range.lowerBound }, Int32(MK_IDENTITY.rawValue), 0, top + range.lowerBound)
      }
      let place = row * (columns / 2) * filters
      kernels.relu_pool_rows(
        top, top + columns * filters, Int32(columns / 2), Int32(filters), y + place, mask + place)
    }
  }
}

extension Epilogue {
  /// The kernels' name and slope of the activation.
  var activation: (Int32, Float) {
    switch self {
    case .identity: (Int32(MK_IDENTITY.rawValue), 0)
    case .relu: (Int32(MK_RELU.rawValue), 0)
    case .leakyReLU(let slope): (Int32(MK_LEAKY_RELU.rawValue), Float(slope))
    }
  }
}
