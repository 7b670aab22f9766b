import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a depthwise convolution's kernel: a partial sum `[kh][kw][padded filters]` for each shard.
struct DepthwiseKernelGradient: ImageKernel {
  private let layout: PartialLayout
  private let image: DepthwiseImage
  private let rows: Int
  private let dy: Operand
  private let partials: Operand
  private let geometry: mk_conv
  private let kernels = InstructionSet.kernels

  init(
    _ step: ConvolutionStep, layout: PartialLayout, inputs: [Operand], dy: Operand,
    partials: Operand, scratch: inout ScratchLayout
  ) {
    self.layout = layout
    self.dy = dy
    self.partials = partials
    let (padding, filters) = (step.window.padding, step.resultShape[3])
    image = DepthwiseImage(step, margins: padding, inputs: inputs, scratch: &scratch)
    rows = step.imageShape[1] + padding.top + padding.bottom
    geometry = mk_conv(
      step.window, channels: filters, filters: filters, result: step.resultShape, pixel: filters,
      pitch: image.pitch, yPixel: filters)
  }

  func begin(shard: Int, _ context: Context) {
    partials.floats(context, image: shard).update(repeating: 0, count: layout.count)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let sum = partials.floats(context, image: shard)
    var geometry = geometry
    for index in images {
      kernels.depthwise_kernel_gradient(
        &geometry, image.load(index, rows: 0..<rows, context), dy.floats(context, image: index), sum)
    }
  }
}
