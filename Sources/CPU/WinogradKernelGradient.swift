import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a convolution's kernel by Winograd's way: a partial sum for each shard.
struct WinogradKernelGradient: ImageKernel {
  private let image: BorderedImage
  private let dy: Operand
  private let partials: Operand
  private let layout: PartialLayout
  private let winograd: Winograd
  private let transformedOffset: Int
  private let kernels = InstructionSet.kernels

  /// - Parameters:
  ///   - partials: One partial sum for each shard.
  ///   - kept: Where the layout's `keptFloats` lie in scratch memory.
  init(
    _ step: ConvolutionStep, layout: PartialLayout, inputs: [Operand], dy: Operand, partials: Operand,
    kept: Int, scratch: inout ScratchLayout
  ) {
    self.layout = layout
    self.dy = dy
    self.partials = partials
    image = BorderedImage(
      shape: step.imageShape,
      margins: Winograd.margins(
        step.window.padding, taps: layout.kernelShape[0], result: step.resultShape, image: step.imageShape),
      code: step.source, inputs: inputs, scratch: &scratch)
    let (channels, filters) = (layout.kernelShape[2], layout.kernelShape[3])
    winograd = Winograd(
      taps: layout.kernelShape[0], channels: channels, result: step.resultShape, pitch: image.pitch,
      scratch: &scratch)
    transformedOffset =
      layout.keptFloats > 0
      ? kept
      : scratch.reserve(Float.self, Winograd.positions * min(channels, Self.channelsAtATime) * filters)
  }

  func begin(shard: Int, _ context: Context) {
    partials.floats(context, image: shard).update(repeating: 0, count: layout.count)
    transformed(context).update(repeating: 0, count: layout.keptFloats)
  }

  func end(shard: Int, _ context: Context) {
    guard layout.keptFloats > 0 else { return }
    add(0..<layout.kernelShape[2], to: partials.floats(context, image: shard), context)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let sum = partials.floats(context, image: shard)
    let channels = 0..<layout.kernelShape[2]
    winograd.blocks(of: images) { block in
      for index in block {
        let slot = index - block.lowerBound
        winograd.transform(image.load(index, context), slot: slot, context)
        winograd.transform(gradient: dy.floats(context, image: index), slot: slot, context)
      }
      if layout.keptFloats > 0 {
        winograd.kernelGradient(
          block.count, channels: channels, accumulates: true, into: transformed(context), context)
        return
      }
      for range in channels.runs(of: Self.channelsAtATime) {
        winograd.kernelGradient(
          block.count, channels: range, accumulates: false, into: transformed(context), context)
        add(range, to: sum, context)
      }
    }
  }

  /// The channels of a large kernel whose transformed gradient is summed at a time: each time reads the
  /// whole transformed gradient of the results.
  private static let channelsAtATime = 128

  private func transformed(_ context: Context) -> UnsafeMutablePointer<Float> {
    (context.scratch + transformedOffset).assumingMemoryBound(to: Float.self)
  }

  /// Transforms the gradient of some channels back and adds it.
  private func add(_ channels: Range<Int>, to sum: UnsafeMutablePointer<Float>, _ context: Context) {
    kernels.winograd_kernel_gradient(
      Int32(layout.kernelShape[0]), transformed(context), Int32(layout.kernelShape[2]),
      Int32(layout.kernelShape[3]),
      Int32(channels.lowerBound), Int32(channels.count), sum)
  }
}
