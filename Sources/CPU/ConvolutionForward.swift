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
  private let groupWeights: Int
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
    image = BorderedImage(
      shape: step.imageShape, margins: step.window.padding, code: step.source, inputs: inputs,
      scratch: &scratch)
    self.weights = weights
    self.bias = bias
    self.output = output
    self.mask = mask
    algorithm = ConvolutionAlgorithm(step, isForward: true)
    geometry = mk_conv(
      step.window, channels: channels, filters: filters, result: step.resultShape, pixel: step.imageShape[3],
      pitch: image.pitch, yPixel: step.resultShape[3])
    groupWeights = step.window.kernel.height * step.window.kernel.width * channels * padded(filters)
    let rowCount = step.resultShape[2] * step.resultShape[3]
    rowsOffset = scratch.reserve(Float.self, step.isPooled && algorithm != .tiny ? 2 * rowCount : 0)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    for index in images {
      let x = image.load(index, context)
      let y = output.floats(context, image: index)
      if let mask {
        runPooled(x, y, mask.bytes(context, image: index), context)
      } else {
        runPlain(x, y, context)
      }
    }
  }

  private func runPlain(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ context: Context) {
    let (activation, slope) = step.epilogue.activation
    var geometry = geometry
    for group in 0..<step.window.groups {
      let filter = group * Int(geometry.filters)
      kernels.conv_forward(
        &geometry, x + group * Int(geometry.channels), weights.floats(context) + group * groupWeights,
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
      kernels.conv_forward(
        &geometry, x + 2 * row * geometry.x_row, weights.floats(context), biases, Int32(MK_IDENTITY.rawValue),
        0, top)
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
