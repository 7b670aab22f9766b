import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a convolution's kernel: a partial sum for each shard, tap by tap on a bordered image.
///
/// Where the convolution is pooled the gradient is spread out first, and the bias's is summed too.
struct DirectKernelGradient: ImageKernel {
  private let step: ConvolutionStep
  private let image: BorderedImage
  private let dy: Operand
  private let mask: Operand?
  private let partials: Operand
  private let geometry: mk_conv
  private let layout: PartialLayout
  private let blocks: FilterBlocks
  private let groups: Int
  private let spreadOffset: Int
  private let kernels = InstructionSet.kernels

  /// - Parameter partials: One partial sum for each shard.
  init(
    _ step: ConvolutionStep, layout: PartialLayout, inputs: [Operand], dy: Operand, mask: Operand?,
    partials: Operand, scratch: inout ScratchLayout
  ) {
    guard let packing = layout.packing else {
      preconditionFailure("a direct sum lies as its kernel is packed")
    }
    self.step = step
    self.layout = layout
    self.dy = dy
    self.mask = mask
    self.partials = partials
    (blocks, groups) = packing
    image = BorderedImage(
      shape: step.imageShape, margins: step.window.padding, code: step.source, inputs: inputs,
      slots: blocks.count > 1 && mask == nil ? FilterBlocks.images : 1, scratch: &scratch)
    geometry = mk_conv(
      step.window, channels: layout.kernelShape[2], filters: blocks.filters, result: step.resultShape,
      pixel: step.imageShape[3], pitch: image.pitch, yPixel: step.resultShape[3])
    spreadOffset = scratch.reserve(Float.self, mask == nil ? 0 : step.resultShape[1...].reduce(1, *))
  }

  func begin(shard: Int, _ context: Context) {
    partials.floats(context, image: shard).update(repeating: 0, count: layout.count)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let sum = partials.floats(context, image: shard)
    if let mask {
      for index in images { addPooled(index, mask, to: sum, context) }
    } else {
      let size = blocks.count > 1 ? FilterBlocks.images : 1
      for run in images.runs(of: size) { addTogether(run, to: sum, context) }
    }
  }

  /// Adds all images' gradients of a block of the kernel before the next block's.
  private func addTogether(_ images: Range<Int>, to sum: UnsafeMutablePointer<Float>, _ context: Context) {
    withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>.self, capacity: images.count) { loaded in
      for index in images {
        loaded[index - images.lowerBound] = image.load(index, slot: index - images.lowerBound, context)
      }
      for block in 0..<blocks.count {
        for index in images {
          add(loaded[index - images.lowerBound], dy.floats(context, image: index), block: block, to: sum)
        }
      }
    }
  }

  private func addPooled(
    _ index: Int, _ mask: Operand, to sum: UnsafeMutablePointer<Float>, _ context: Context
  ) {
    let (pixels, filters) = (step.resultShape[1] * step.resultShape[2], step.resultShape[3])
    let x = image.load(index, context)
    let dense = (context.scratch + spreadOffset).assumingMemoryBound(to: Float.self)
    step.spread(
      dy.floats(context, image: index), mask.bytes(context, image: index), into: dense,
      pitch: step.resultShape[2])
    for block in 0..<blocks.count { add(x, dense, block: block, to: sum) }
    if layout.hasBias {
      kernels.sum_rows(dense, pixels, Int32(filters), filters, 1, sum + layout.kernelCount)
    }
  }

  private func add(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, block: Int, to sum: UnsafeMutablePointer<Float>
  ) {
    let range = blocks.range(block)
    var geometry = geometry
    geometry.filters = Int32(range.count)
    for group in 0..<groups {
      kernels.conv_kernel_gradient(
        &geometry, x + group * Int(geometry.channels), dy + (group * blocks.filters + range.lowerBound),
        sum + (group * blocks.floats + blocks.offset(block)))
    }
  }
}

extension ConvolutionStep {
  /// Puts pooled gradients back to where the maxima were, zeros elsewhere.
  ///
  /// - Parameter pitch: Pixels from one row of the target to the next.
  func spread(
    _ dy: UnsafePointer<Float>, _ mask: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<Float>,
    pitch: Int
  ) {
    let (rows, columns, filters) = (resultShape[1], resultShape[2], resultShape[3])
    for row in 0..<rows { (target + row * pitch * filters).update(repeating: 0, count: columns * filters) }
    for row in 0..<rows / 2 {
      for column in 0..<columns / 2 {
        let place = (row * (columns / 2) + column) * filters
        for filter in 0..<filters where mask[place + filter] < 4 {
          let position = Int(mask[place + filter])
          let pixel = (2 * row + position / 2) * pitch + 2 * column + position % 2
          target[pixel * filters + filter] = dy[place + filter]
        }
      }
    }
  }
}
