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
/// | any other | any | any | direct on a bordered image |
enum ConvolutionAlgorithm {
  case tiny
  case sparse
  case direct

  init(_ step: ConvolutionStep, isForward: Bool) {
    let (channels, filters) = (step.imageShape[3], step.resultShape[3])
    if !step.isPooled {
      self = .direct
    } else if channels <= 4 && filters % Int(MK_LANES) == 0 {
      self = .tiny
    } else {
      self = !isForward && channels % Int(MK_LANES) == 0 ? .sparse : .direct
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
    blocks = FilterBlocks(filters: filters, depth: depth)
    image = BorderedImage(
      shape: step.imageShape, margins: step.window.padding, code: step.source, inputs: inputs,
      slots: blocks.count > 1 && !step.isPooled ? FilterBlocks.images : 1, scratch: &scratch)
    self.weights = weights
    self.bias = bias
    self.output = output
    self.mask = mask
    algorithm = ConvolutionAlgorithm(step, isForward: true)
    geometry = mk_conv(
      step.window, channels: channels, filters: filters, result: step.resultShape, pixel: step.imageShape[3],
      pitch: image.pitch, yPixel: step.resultShape[3])
    let rowCount = step.resultShape[2] * step.resultShape[3]
    rowsOffset = scratch.reserve(Float.self, step.isPooled && algorithm != .tiny ? 2 * rowCount : 0)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    if let mask {
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
