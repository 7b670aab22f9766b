import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a pooled convolution's kernel and bias, a partial sum for each shard, from the maxima alone:
/// tiny or sparse.
struct PooledKernelGradient: ImageKernel {
  private let isSparse: Bool
  private let image: BorderedImage
  private let dy: Operand
  private let mask: Operand
  private let partials: Operand
  private let geometry: mk_conv
  private let layout: PartialLayout
  private let stripRows: Int
  private let pooledColumns: Int
  private let listOffset: Int
  private let countOffset: Int
  private let kernels = InstructionSet.kernels

  /// - Parameter partials: One partial sum for each shard.
  init(
    _ step: ConvolutionStep, isSparse: Bool, layout: PartialLayout, inputs: [Operand], dy: Operand,
    mask: Operand, partials: Operand, scratch: inout ScratchLayout
  ) {
    self.isSparse = isSparse
    self.layout = layout
    self.dy = dy
    self.mask = mask
    self.partials = partials
    image = BorderedImage(
      shape: step.imageShape, margins: step.window.padding, code: step.source, inputs: inputs,
      scratch: &scratch)
    let filters = step.resultShape[3]
    geometry = mk_conv(
      step.window, channels: layout.kernelShape[2], filters: filters, result: step.resultShape,
      pixel: step.imageShape[3], pitch: image.pitch, yPixel: filters)
    let pooledRows = step.resultShape[1] / 2
    pooledColumns = step.resultShape[2] / 2
    // A strip's input rows stay in the first-level cache.
    let rowBytes = 2 * image.pitch * MemoryLayout<Float>.stride
    stripRows = max(1, min(pooledRows, (20_480 - rowBytes) / max(rowBytes, 1)))
    listOffset = scratch.reserve(
      mk_entry.self, isSparse ? (pooledRows + stripRows) * pooledColumns * filters : 0)
    countOffset = scratch.reserve(Int32.self, isSparse ? (pooledRows / stripRows + 1) * filters : 0)
  }

  func begin(shard: Int, _ context: Context) {
    partials.floats(context, image: shard).update(repeating: 0, count: layout.count)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let sum = partials.floats(context, image: shard)
    let biasSum = layout.hasBias ? sum + layout.kernelCount : nil
    let list = (context.scratch + listOffset).assumingMemoryBound(to: mk_entry.self)
    let count = (context.scratch + countOffset).assumingMemoryBound(to: Int32.self)
    let capacity = Int32(stripRows * pooledColumns)
    var geometry = geometry
    for index in images {
      let x = image.load(index, context)
      let (dy, mask) = (dy.floats(context, image: index), mask.bytes(context, image: index))
      if isSparse {
        kernels.sparse_lists_by_filter(&geometry, dy, mask, Int32(stripRows), capacity, list, count)
        kernels.sparse_kernel_gradient(&geometry, x, Int32(stripRows), capacity, list, count, sum, biasSum)
      } else {
        kernels.tiny_pool_kernel_gradient(&geometry, x, dy, mask, sum, biasSum)
      }
    }
  }
}
