import CMartletKernels
import MartletCompilation
import MartletGraphs

/// A depthwise convolution (+ bias, activation) on one image after the other.
struct DepthwiseForward: DivisibleConvolution {
  private let step: ConvolutionStep
  private let image: DepthwiseImage
  private let weights: Operand
  private let bias: Operand?
  private let output: Operand
  private let geometry: mk_depthwise
  private let kernels = InstructionSet.kernels

  /// - Parameter weights: The kernel as the store holds it.
  init(
    _ step: ConvolutionStep, inputs: [Operand], weights: Operand, bias: Operand?, output: Operand,
    scratch: inout ScratchLayout
  ) {
    self.step = step
    self.weights = weights
    self.bias = bias
    self.output = output
    image = DepthwiseImage(step, margins: Margins(), inputs: inputs, scratch: &scratch)
    let (window, filters, columns) = (step.window, step.resultShape[3], step.resultShape[2])
    geometry = mk_depthwise(
      rows: Int32(step.imageShape[1]), columns: Int32(step.imageShape[2]), channels: Int32(filters),
      out_rows: Int32(step.resultShape[1]), out_columns: Int32(columns), taps_y: Int32(window.kernel.height),
      taps_x: Int32(window.kernel.width), stride_y: Int32(window.stride.height),
      stride_x: Int32(window.stride.width), step_y: Int32(window.dilation.height),
      step_x: Int32(window.dilation.width), pad_top: Int32(window.padding.top),
      pad_left: Int32(window.padding.left), w_y: window.kernel.width * filters, w_x: filters,
      y_row: columns * filters, y_pixel: filters)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    for index in images { run(rows: 0..<step.resultShape[1], of: index, context) }
  }

  var partCount: Int { min(step.resultShape[1], Self.mostParts) }

  private static let mostParts = 8

  func run(part: Int, of parts: Int, image index: Int, _ context: Context) {
    let rows = step.resultShape[1]
    run(rows: rows * part / parts..<rows * (part + 1) / parts, of: index, context)
  }

  /// Computes some rows of an image's result.
  private func run(rows: Range<Int>, of index: Int, _ context: Context) {
    guard !rows.isEmpty else { return }
    let (window, height) = (step.window, step.imageShape[1])
    let reach = (window.kernel.height - 1) * window.dilation.height + 1
    let first = rows.lowerBound * window.stride.height - window.padding.top
    let last = (rows.upperBound - 1) * window.stride.height - window.padding.top + reach
    let lower = min(max(first, 0), height)
    let x = image.load(index, rows: lower..<max(lower, min(last, height)), context)
    var geometry = geometry
    geometry.pad_top = Int32(-first)
    geometry.out_rows = Int32(rows.count)
    let (activation, slope) = step.epilogue.activation
    kernels.depthwise_forward(
      &geometry, x, weights.floats(context), bias.map { UnsafePointer($0.floats(context)) }, activation,
      slope, output.floats(context, image: index) + rows.lowerBound * geometry.y_row)
  }
}
