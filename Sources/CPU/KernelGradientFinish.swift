import CMartletKernels

/// Adds the shards' partial sums in a fixed tree and stores the gradients in the kernel's own order.
struct KernelGradientFinish: FlatKernel {
  let layout: PartialLayout
  let partials: Operand
  let shards: Int
  let kernel: Operand
  let bias: Operand?
  let scratchOffset: Int
  private let kernels = InstructionSet.kernels

  init(
    layout: PartialLayout, partials: Operand, shards: Int, kernel: Operand, bias: Operand?,
    scratch: inout ScratchLayout
  ) {
    self.layout = layout
    self.partials = partials
    self.shards = shards
    self.kernel = kernel
    self.bias = bias
    scratchOffset = scratch.reserve(
      Float.self,
      layout.packing.map { layout.kernelShape[2] * padded($0.blocks.filters) }
        ?? Self.filtersPerTask * layout.kernelCount / layout.kernelShape[3])
  }

  private static let filtersPerTask = 8
  private var stride: Int { partials.imageStride / MemoryLayout<Float>.stride }

  /// The last task adds the bias.
  private var kernelTasks: Int {
    layout.packing.map { layout.taps * $0.blocks.count * $0.groups }
      ?? (layout.kernelShape[3] + Self.filtersPerTask - 1) / Self.filtersPerTask
  }

  var taskCount: Int { kernelTasks + (bias == nil ? 0 : 1) }

  func run(task: Int, _ context: Context) {
    let from = UnsafePointer(partials.floats(context))
    let sum = (context.scratch + scratchOffset).assumingMemoryBound(to: Float.self)
    if task == kernelTasks {
      guard let bias else { return }
      kernels.sum_partials(
        from + layout.kernelCount, Int32(shards), stride, layout.kernelShape[3], bias.floats(context))
    } else if let (blocks, _) = layout.packing {
      let (tap, rest) = (task % layout.taps, task / layout.taps)
      let (block, group) = (rest % blocks.count, rest / blocks.count)
      let (channels, range) = (layout.kernelShape[2], blocks.range(block))
      let width = padded(range.count)
      let place = group * blocks.floats + blocks.offset(block) + tap * channels * width
      kernels.sum_partials(from + place, Int32(shards), stride, channels * width, sum)
      let target =
        kernel.floats(context)
        + (tap * channels * layout.kernelShape[3] + group * blocks.filters + range.lowerBound)
      for channel in 0..<channels {
        (target + channel * layout.kernelShape[3]).update(from: sum + channel * width, count: range.count)
      }
    } else {
      let first = task * Self.filtersPerTask
      let filters = min(Self.filtersPerTask, layout.kernelShape[3] - first)
      let length = layout.kernelCount / layout.kernelShape[3]
      kernels.sum_partials(from + first * length, Int32(shards), stride, filters * length, sum)
      kernels.transpose(
        sum, Int32(filters), Int32(length), length, layout.kernelShape[3], kernel.floats(context) + first)
    }
  }
}
