import CMartletKernels
import MartletCompilation
import MartletGraphs

/// conv (+ bias, activation, ReLU and pooling) on one image after the other.
struct ConvolutionForward: DivisibleConvolution {
  private let step: ConvolutionStep
  private let image: BorderedImage
  private let weights: Operand
  private let bias: Operand?
  private let output: Operand
  private let mask: Operand?
  private let geometry: mk_conv
  private let blocks: FilterBlocks
  private let algorithm: ConvolutionAlgorithm
  /// A 1x1 convolution of one pixel: a dense layer on one sample.
  private let isDense: Bool
  private let winograd: Winograd?
  private let rowsOffset: Int
  /// Where the tiny kernel puts the mask of an image that keeps none.
  private let maskOffset: Int
  private let kernels = InstructionSet.kernels

  /// - Parameter weights: The kernel in the order that the algorithm reads.
  init(
    _ step: ConvolutionStep, inputs: [Operand], weights: Operand, bias: Operand?, output: Operand,
    mask: Operand?,
    scratch: inout ScratchLayout
  ) {
    self.step = step
    let groups = step.window.groups
    let (channels, filters) = (step.imageShape[3] / groups, step.resultShape[3] / groups)
    let depth = step.window.kernel.height * step.window.kernel.width * channels
    algorithm = ConvolutionAlgorithm(step, .forward)
    let isWinograd = algorithm == .winograd
    isDense =
      groups == 1 && !step.isPooled && step.window.kernel == Extent(1)
      && step.resultShape[1] * step.resultShape[2] == 1 && step.imageShape[1] * step.imageShape[2] == 1
    blocks =
      algorithm == .tiny
      ? FilterBlocks(whole: filters, depth: depth) : .forward(filters: filters, depth: depth)
    image = BorderedImage(
      shape: step.imageShape,
      margins: isWinograd
        ? Winograd.margins(
          step.window.padding, taps: step.window.kernel.height, result: step.resultShape,
          image: step.imageShape)
        : step.window.padding,
      code: step.source, inputs: inputs,
      slots: blocks.count > 1 && !step.isPooled && !isWinograd ? FilterBlocks.images : 1, scratch: &scratch)
    winograd =
      isWinograd
      ? Winograd(
        taps: step.window.kernel.height, channels: channels, result: step.resultShape, pitch: image.pitch,
        scratch: &scratch) : nil
    self.weights = weights
    self.bias = bias
    self.output = output
    self.mask = mask
    geometry = mk_conv(
      step.window, channels: channels, filters: filters, result: step.resultShape, pixel: step.imageShape[3],
      pitch: image.pitch, yPixel: step.resultShape[3])
    let rowCount = step.resultShape[2] * step.resultShape[3]
    let rows = !step.isPooled || algorithm == .tiny ? 0 : isWinograd ? step.resultShape[1] : 2
    rowsOffset = scratch.reserve(Float.self, rows * rowCount)
    let masks = step.isPooled && mask == nil && algorithm == .tiny ? rowCount * step.resultShape[1] / 4 : 0
    maskOffset = scratch.reserve(UInt8.self, masks)
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    if let winograd {
      winograd.blocks(of: images) { runWinograd(winograd, $0, context) }
    } else if step.isPooled {
      for index in images {
        runPooled(image.load(index, context), index, rows: 0..<Int(geometry.rows) / 2, context)
      }
    } else if blocks.count == 1 {
      for index in images { runPlain(image.load(index, context), index, block: 0, context) }
    } else {
      for run in images.runs(of: FilterBlocks.images) { runBlocks(run, context) }
    }
  }

  private func runWinograd(_ winograd: Winograd, _ images: Range<Int>, _ context: Context) {
    for index in images {
      winograd.transform(image.load(index, context), slot: index - images.lowerBound, context)
    }
    winograd.multiply(images.count, by: weights.floats(context), context)
    for index in images {
      store(winograd, slot: index - images.lowerBound, index, from: 0, rows: Int(geometry.rows), context)
    }
  }

  /// Transforms a slot back into rows of an image, pooled where that follows.
  private func store(
    _ winograd: Winograd, slot: Int, _ index: Int, from first: Int, rows: Int, _ context: Context
  ) {
    let biases = bias.map { UnsafePointer($0.floats(context)) }
    let (columns, filters) = (Int(geometry.columns), Int(geometry.filters))
    guard step.isPooled else {
      let y = output.floats(context, image: index) + first * geometry.y_row
      return winograd.store(slot: slot, bias: biases, step.epilogue, into: y, context)
    }
    let whole = (context.scratch + rowsOffset).assumingMemoryBound(to: Float.self)
    winograd.store(slot: slot, bias: biases, .identity, into: whole, context)
    for row in 0..<rows / 2 {
      pool(whole + 2 * row * columns * filters, index, row: first / 2 + row, context)
    }
  }

  /// Pools two rows into one of the image's.
  private func pool(_ top: UnsafePointer<Float>, _ index: Int, row: Int, _ context: Context) {
    let (columns, filters) = (geometry.columns, geometry.filters)
    let bottom = top + Int(columns * filters)
    let place = row * Int(columns / 2 * filters)
    let y = output.floats(context, image: index) + place
    if let mask {
      kernels.relu_pool_rows(top, bottom, columns / 2, filters, y, mask.bytes(context, image: index) + place)
    } else {
      let (activation, slope) = step.epilogue.activation
      kernels.pool_rows(top, bottom, columns / 2, filters, activation, slope, y)
    }
  }

  /// Convolves all images with a block of the weights before the next block.
  private func runBlocks(_ images: Range<Int>, _ context: Context) {
    withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>.self, capacity: images.count) { loaded in
      for index in images {
        loaded[index - images.lowerBound] = image.load(index, slot: index - images.lowerBound, context)
      }
      for block in 0..<blocks.count {
        for index in images { runPlain(loaded[index - images.lowerBound], index, block: block, context) }
      }
    }
  }

  private func runPlain(
    _ x: UnsafePointer<Float>, _ index: Int, block: Int, rows: Range<Int>? = nil, _ context: Context
  ) {
    let y = output.floats(context, image: index)
    let (activation, slope) = step.epilogue.activation
    var geometry = geometry
    let first = rows?.lowerBound ?? 0
    if let rows { geometry.rows = Int32(rows.count) }
    for panel in blocks.panels(block) {
      geometry.filters = Int32(panel.count)
      for group in 0..<step.window.groups {
        let filter = group * blocks.filters + panel.lowerBound
        let bias = bias.map { UnsafePointer($0.floats(context) + filter) }
        let weights =
          weights.floats(context) + (group * blocks.floats + blocks.offset(filter: panel.lowerBound))
        if isDense {
          kernels.dense_one(
            x, geometry.channels, weights, padded(panel.count), geometry.filters, bias, activation, slope,
            y + filter)
        } else {
          kernels.conv_forward(
            &geometry, x + first * geometry.x_row + group * Int(geometry.channels), weights, bias,
            activation, slope, y + first * geometry.y_row + filter)
        }
      }
    }
  }

  /// - Parameter rows: The pooled rows that are computed.
  private func runPooled(_ x: UnsafePointer<Float>, _ index: Int, rows: Range<Int>, _ context: Context) {
    var geometry = geometry
    let biases = bias.map { UnsafePointer($0.floats(context)) }
    if algorithm == .tiny {
      let place = rows.lowerBound * Int(geometry.columns / 2 * geometry.filters)
      let unread = (context.scratch + maskOffset).assumingMemoryBound(to: UInt8.self)
      geometry.rows = Int32(2 * rows.count)
      kernels.tiny_pool_forward(
        &geometry, x + 2 * rows.lowerBound * geometry.x_row, weights.floats(context), biases,
        output.floats(context, image: index) + place,
        (mask?.bytes(context, image: index) ?? unread) + place)
      return
    }
    let top = (context.scratch + rowsOffset).assumingMemoryBound(to: Float.self)
    geometry.rows = 2
    for row in rows {
      for block in 0..<blocks.count {
        for panel in blocks.panels(block) {
          geometry.filters = Int32(panel.count)
          kernels.conv_forward(
            &geometry, x + 2 * row * geometry.x_row,
            weights.floats(context) + blocks.offset(filter: panel.lowerBound),
            biases.map { $0 + panel.lowerBound }, Int32(MK_IDENTITY.rawValue), 0, top + panel.lowerBound)
        }
      }
      pool(top, index, row: row, context)
    }
  }
}

extension ConvolutionForward {
  /// The parts of one image, a function of its shape: blocks of filters where the kernel is large, else
  /// bands of rows, whole tiles or pooling windows high.
  var partCount: Int { min(units, Self.mostParts) }

  private static let mostParts = 8

  private var splitsFilters: Bool { blocks.count > 1 && !step.isPooled && winograd == nil }
  /// Rows that stay together.
  private var band: Int {
    guard let rows = winograd?.tileRows else { return step.isPooled ? 2 : 1 }
    return step.isPooled && rows % 2 == 1 ? 2 * rows : rows
  }
  private var units: Int {
    if splitsFilters { return blocks.count }
    return step.isPooled && winograd == nil ? Int(geometry.rows) / 2 : (Int(geometry.rows) + band - 1) / band
  }

  /// Computes a part of an image; nothing depends on the division.
  func run(part: Int, of parts: Int, image index: Int, _ context: Context) {
    let range = units * part / parts..<units * (part + 1) / parts
    if splitsFilters {
      let x = image.load(index, context)
      for block in range { runPlain(x, index, block: block, context) }
      return
    }
    let rows = range.lowerBound * band..<min(range.upperBound * band, Int(geometry.rows))
    guard !rows.isEmpty else { return }
    let window = step.window
    let height = (window.kernel.height - 1) * window.dilation.height + 1
    let part = winograd?.band(rows: rows.count)
    // Winograd's last tile reads beyond the last row of the result.
    let lastRow = rows.lowerBound + (part?.tiledRows ?? rows.count) - 1
    let read = rows.lowerBound * window.stride.height..<lastRow * window.stride.height + height
    let x = image.load(index, rows: read, context)
    if let part {
      part.transform(x + rows.lowerBound * image.pitch, slot: 0, context)
      part.multiply(1, by: weights.floats(context), context)
      store(part, slot: 0, index, from: rows.lowerBound, rows: rows.count, context)
    } else if step.isPooled {
      runPooled(x, index, rows: range, context)
    } else {
      for block in 0..<blocks.count { runPlain(x, index, block: block, rows: rows, context) }
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
