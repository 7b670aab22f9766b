import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a pooled convolution's input: each non-zero gradient adds its filter's weights.
struct SparseInputGradient: ImageKernel {
  private let step: ConvolutionStep
  private let dy: Operand
  private let mask: Operand
  private let weights: Operand
  private let output: Operand
  private let geometry: mk_conv
  /// Rows and columns of the bordered dx.
  private let rows: Int
  private let columns: Int
  private let borderedOffset: Int
  private let listOffset: Int
  private let countOffset: Int
  private let kernels = InstructionSet.kernels

  /// - Parameter weights: The kernel in the order `.byFilter`.
  init(
    _ step: ConvolutionStep, dy: Operand, weights: Operand, mask: Operand, output: Operand,
    scratch: inout ScratchLayout
  ) {
    self.step = step
    self.dy = dy
    self.mask = mask
    self.weights = weights
    self.output = output
    let (padding, channels, filters) = (step.window.padding, step.imageShape[3], step.resultShape[3])
    rows = step.imageShape[1] + padding.top + padding.bottom
    columns = step.imageShape[2] + padding.left + padding.right
    geometry = mk_conv(
      step.window, channels: channels, filters: filters, result: step.resultShape, pixel: channels,
      pitch: columns * channels, yPixel: filters)
    borderedOffset = scratch.reserve(Float.self, rows * columns * channels)
    let positions = step.resultShape[1] * step.resultShape[2]
    listOffset = scratch.reserve(mk_entry.self, positions * filters)
    countOffset = scratch.reserve(Int32.self, positions)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    for image in images {
      run(
        dy.floats(context, image: image), mask.bytes(context, image: image),
        output.floats(context, image: image), context)
    }
  }

  private func run(
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
}
