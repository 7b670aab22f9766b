import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a depthwise convolution's input: for each part of its cells a depthwise convolution of dy,
/// see `StrideParts`.
struct DepthwiseInputGradient: ImageKernel {
  private let dy: Operand
  private let weights: Operand
  private let output: Operand
  private let parts: [Part]
  /// The results of each channel, whose gradients are summed.
  private let times: Int
  /// Elements of an image.
  private let count: Int
  private let sumOffset: Int
  private let kernels = InstructionSet.kernels

  /// The cells of the input that meet the same taps.
  private struct Part {
    var geometry: mk_depthwise
    var weightOffset: Int
    var outputOffset: Int
  }

  /// - Parameter weights: The kernel as the store holds it.
  init(
    _ step: ConvolutionStep, dy: Operand, weights: Operand, output: Operand, scratch: inout ScratchLayout
  ) {
    self.dy = dy
    self.weights = weights
    self.output = output
    let (window, shape, result) = (step.window, step.imageShape, step.resultShape)
    let filters = result[3]
    times = filters / shape[3]
    count = shape[1] * shape[2] * shape[3]
    sumOffset = scratch.reserve(Float.self, times > 1 ? count * times : 0)
    parts = StrideParts(step).all.map { part in
      let (y, x) = (part.y, part.x)
      let geometry = mk_depthwise(
        rows: Int32(result[1]), columns: Int32(result[2]), channels: Int32(filters),
        out_rows: Int32(y.count), out_columns: Int32(x.count), taps_y: Int32(y.taps), taps_x: Int32(x.taps),
        stride_y: 1, stride_x: 1, step_y: Int32(y.step), step_x: Int32(x.step), pad_top: Int32(y.padding),
        pad_left: Int32(x.padding), w_y: -y.tapStep * window.kernel.width * filters,
        w_x: -x.tapStep * filters, y_row: window.stride.height * shape[2] * filters,
        y_pixel: window.stride.width * filters)
      return Part(
        geometry: geometry, weightOffset: (y.lastTap * window.kernel.width + x.lastTap) * filters,
        outputOffset: (y.first * shape[2] + x.first) * filters)
    }
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let weights = UnsafePointer(weights.floats(context))
    let sums = (context.scratch + sumOffset).assumingMemoryBound(to: Float.self)
    for image in images {
      let dy = UnsafePointer(dy.floats(context, image: image))
      let dx = output.floats(context, image: image)
      for part in parts {
        var geometry = part.geometry
        kernels.depthwise_forward(
          &geometry, dy, weights + part.weightOffset, nil, Int32(MK_IDENTITY.rawValue), 0,
          (times > 1 ? sums : dx) + part.outputOffset)
      }
      if times > 1 { kernels.sum_columns(sums, count, Int32(times), times, dx) }
    }
  }
}
