import CMartletKernels
import MartletCompilation
import MartletGraphs

/// The gradient of a convolution's kernel (and bias): a partial sum for each shard.
struct KernelGradient: ImageKernel {
  private let step: ConvolutionStep
  private let image: BorderedImage
  private let dy: Operand
  private let mask: Operand?
  /// One partial sum for each shard, `partialCount` floats apart.
  private let partials: Operand
  private let geometry: mk_conv
  private let layout: PartialLayout
  private let blocks: FilterBlocks
  private let stripRows: Int
  private let listOffset: Int
  private let countOffset: Int
  private let spreadOffset: Int
  private let winograd: Winograd?
  private let transformedOffset: Int
  private let kernels = InstructionSet.kernels

  /// How a shard's sum lies in memory.
  struct PartialLayout {
    var algorithm: ConvolutionAlgorithm
    var kernelShape: [Int]
    /// Depthwise kernels, whose filters lie side by side, count as one.
    var groups: Int
    var hasBias: Bool

    var taps: Int { kernelShape[0] * kernelShape[1] }
    var filters: Int { kernelShape[3] / groups }
    var blocks: FilterBlocks {
      algorithm == .winograd || algorithm == .depthwise
        ? FilterBlocks(whole: filters, depth: taps * kernelShape[2])
        : WeightPacking.blocks(order: .forward, shape: kernelShape, groups: groups)
    }
    /// Floats of the kernel's sum: by filter where sparse, whole for Winograd, else as packed.
    var kernelCount: Int {
      algorithm == .sparse || algorithm == .winograd
        ? kernelShape.reduce(1, *) : groups * blocks.floats
    }
    var count: Int { kernelCount + (hasBias ? kernelShape[3] : 0) }
    /// A small kernel's transformed gradient is summed over a whole shard; a large one's, which does not
    /// stay in a cache, block by block for some channels at a time.
    var keptFloats: Int {
      algorithm == .winograd && !Winograd.isLarge(channels: kernelShape[2], filters: kernelShape[3])
        ? Winograd.positions * kernelShape[2] * kernelShape[3] : 0
    }
  }

  init(
    _ step: ConvolutionStep, layout: PartialLayout, inputs: [Operand], dy: Operand, mask: Operand?,
    partials: Operand, kept: Int, scratch: inout ScratchLayout
  ) {
    self.step = step
    self.layout = layout
    blocks = layout.blocks
    let holdsSeveral = blocks.count > 1 && mask == nil
    let isWinograd = layout.algorithm == .winograd
    image = BorderedImage(
      shape: step.imageShape,
      margins: isWinograd
        ? Winograd.margins(step.window.padding, result: step.resultShape, image: step.imageShape)
        : step.window.padding,
      code: step.source, inputs: inputs,
      slots: holdsSeveral ? FilterBlocks.images : 1, scratch: &scratch)
    let channels = layout.kernelShape[2]
    winograd =
      isWinograd
      ? Winograd(channels: channels, result: step.resultShape, pitch: image.pitch, scratch: &scratch) : nil
    transformedOffset =
      layout.keptFloats > 0
      ? kept
      : scratch.reserve(
        Float.self,
        isWinograd ? Winograd.positions * min(channels, Self.channelsAtATime) * layout.kernelShape[3] : 0)
    self.dy = dy
    self.mask = mask
    self.partials = partials
    geometry = mk_conv(
      step.window, channels: layout.kernelShape[2], filters: layout.filters, result: step.resultShape,
      pixel: step.imageShape[3], pitch: image.pitch, yPixel: step.resultShape[3])
    let filters = step.resultShape[3]
    let (pooledRows, pooledColumns) = (step.resultShape[1] / 2, step.resultShape[2] / 2)
    // A strip's input rows stay in the first-level cache.
    let rowBytes = 2 * image.pitch * MemoryLayout<Float>.stride
    stripRows = max(1, min(pooledRows, (20_480 - rowBytes) / max(rowBytes, 1)))
    let isSparse = layout.algorithm == .sparse
    listOffset = scratch.reserve(
      mk_entry.self, isSparse ? (pooledRows + stripRows) * pooledColumns * filters : 0)
    countOffset = scratch.reserve(Int32.self, isSparse ? (pooledRows / stripRows + 1) * filters : 0)
    let spreads = mask != nil && layout.algorithm == .direct
    spreadOffset = scratch.reserve(Float.self, spreads ? step.resultShape[1...].reduce(1, *) : 0)
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
    let biasSum = layout.hasBias ? sum + layout.kernelCount : nil
    if let winograd { return runWinograd(winograd, images, sum, context) }
    guard let mask else {
      let size = blocks.count > 1 ? FilterBlocks.images : 1
      for run in images.runs(of: size) { runDirect(run, sum, context) }
      return
    }
    for index in images {
      let x = image.load(index, context)
      let gradient = dy.floats(context, image: index)
      let mask = mask.bytes(context, image: index)
      switch layout.algorithm {
      case .tiny: runTiny(x, gradient, mask, sum, biasSum, context)
      case .sparse: runSparse(x, gradient, mask, sum, biasSum, context)
      case .direct, .winograd, .depthwise:
        let dense = (context.scratch + spreadOffset).assumingMemoryBound(to: Float.self)
        step.spread(gradient, mask, into: dense, pitch: step.resultShape[2])
        for block in 0..<blocks.count { addDirect(x, dense, block: block, to: sum) }
        if let biasSum { addRows(dense, into: biasSum) }
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
      transformed(context), Int32(layout.kernelShape[2]), Int32(layout.kernelShape[3]),
      Int32(channels.lowerBound), Int32(channels.count), sum)
  }

  private func runWinograd(
    _ winograd: Winograd, _ images: Range<Int>, _ sum: UnsafeMutablePointer<Float>, _ context: Context
  ) {
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

  /// Adds all images' gradients of a block of the kernel before the next block's.
  private func runDirect(_ images: Range<Int>, _ sum: UnsafeMutablePointer<Float>, _ context: Context) {
    withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>.self, capacity: images.count) { loaded in
      for index in images {
        loaded[index - images.lowerBound] = image.load(index, slot: index - images.lowerBound, context)
      }
      for block in 0..<blocks.count {
        for index in images {
          addDirect(
            loaded[index - images.lowerBound], dy.floats(context, image: index), block: block, to: sum)
        }
      }
    }
  }

  private func runTiny(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ mask: UnsafePointer<UInt8>,
    _ sum: UnsafeMutablePointer<Float>, _ biasSum: UnsafeMutablePointer<Float>?, _ context: Context
  ) {
    var geometry = geometry
    kernels.tiny_pool_kernel_gradient(&geometry, x, dy, mask, sum, biasSum)
  }

  private func runSparse(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ mask: UnsafePointer<UInt8>,
    _ sum: UnsafeMutablePointer<Float>, _ biasSum: UnsafeMutablePointer<Float>?, _ context: Context
  ) {
    var geometry = geometry
    let list = (context.scratch + listOffset).assumingMemoryBound(to: mk_entry.self)
    let count = (context.scratch + countOffset).assumingMemoryBound(to: Int32.self)
    let capacity = Int32(stripRows * (step.resultShape[2] / 2))
    kernels.sparse_lists_by_filter(&geometry, dy, mask, Int32(stripRows), capacity, list, count)
    kernels.sparse_kernel_gradient(&geometry, x, Int32(stripRows), capacity, list, count, sum, biasSum)
  }

  private func addDirect(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, block: Int, to sum: UnsafeMutablePointer<Float>
  ) {
    let range = blocks.range(block)
    var geometry = geometry
    geometry.filters = Int32(range.count)
    for group in 0..<layout.groups {
      kernels.conv_kernel_gradient(
        &geometry, x + group * Int(geometry.channels), dy + (group * layout.filters + range.lowerBound),
        sum + (group * blocks.floats + blocks.offset(block)))
    }
  }

  private func addRows(_ dense: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>) {
    let filters = step.resultShape[3]
    kernels.sum_rows(dense, step.resultShape[1] * step.resultShape[2], Int32(filters), filters, 1, sum)
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
