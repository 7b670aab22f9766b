import CMartletKernels
import MartletCompilation
import MartletGraphs
import MartletTensors

/// Evaluates fused pointwise code block by block in registers that stay in the first-level cache.
///
/// The code is translated once into instructions of the C interpreter. Evaluation is over the flat
/// elements of one image (or of the whole value): results do not depend on how the caller cuts them.
struct PointwiseEvaluator {
  /// How an operand reaches the elements of a block.
  enum Access {
    /// One element for each element.
    case full
    /// The same number everywhere.
    case scalar
    /// The trailing axes: element i reads i % period.
    case suffix(period: Int)
    /// The leading axes: element i reads i / times.
    case prefix(times: Int)
    /// Any other broadcast: extents and strides of every axis.
    case strided(extents: [Int], strides: [Int])
  }

  struct Source {
    var operand: Operand
    var access: Access
    var element: ElementType
    /// The register that holds the block; nil for a random key, which is not read element by element.
    var register: Int?
    /// Where a scalar or short period is spread out, in scratch memory.
    var spread: Int?
  }

  /// Elements of one image (or of the whole value).
  let count: Int
  private(set) var sources: [Source] = []
  private let code: PointwiseTranslation
  private let blockSize: Int
  /// Block boundaries never cross a multiple of the longest period that is read in place.
  private var longPeriod = 0
  private var scratchOffset = 0
  private var pointersOffset = 0
  private let kernels = InstructionSet.kernels

  private static let shortPeriod = 256

  /// - Parameters:
  ///   - imagewise: The first axis counts images; operands with that axis are read image by image.
  ///   - inputs: Where the code's loads lie.
  ///   - overwritten: For each result the loads whose memory it overwrites.
  init(
    _ code: PointwiseCode, imagewise: Bool, inputs: [Operand], overwritten: [[Int]],
    scratch: inout ScratchLayout
  ) {
    let shape = imagewise ? Array(code.shape.dropFirst()) : code.shape
    count = shape.reduce(1, *)
    blockSize = min(512, max(1, count))
    self.code = PointwiseTranslation(code, overwritten: overwritten)
    for (index, (load, operand)) in zip(code.loads, inputs).enumerated() {
      let (own, isShared) = Self.part(of: load.shape, in: code.shape, imagewise: imagewise)
      let access = Self.access(of: own, in: shape)
      if case .suffix(let period) = access, period > Self.shortPeriod {
        // Each of a shape's periods divides the longer ones.
        longPeriod = longPeriod == 0 ? period : min(longPeriod, period)
      }
      var operand = operand
      let elements = own.reduce(1, *)
      operand.imageStride = isShared ? 0 : elements * load.element.byteCount
      sources.append(
        Source(
          operand: operand, access: access, element: load.element,
          register: self.code.registerOfLoad[index], spread: nil))
    }
    for index in sources.indices {
      switch sources[index].access {
      case .scalar: sources[index].spread = scratch.reserve(Float.self, blockSize)
      case .suffix(let period) where period <= Self.shortPeriod:
        sources[index].spread = scratch.reserve(Float.self, blockSize + period)
      case .full, .suffix, .prefix, .strided: break
      }
    }
    pointersOffset = scratch.reserve(UnsafeMutablePointer<Float>.self, self.code.registerCount)
    scratchOffset = scratch.reserve(Float.self, self.code.registerCount * blockSize)
  }

  /// The operand's shape next to one image, and whether all images share it.
  private static func part(of load: [Int], in shape: [Int], imagewise: Bool) -> ([Int], Bool) {
    guard imagewise else { return (load, true) }
    guard load.count == shape.count else { return (load, true) }
    return (Array(load.dropFirst()), load[0] != shape[0])
  }

  private static func access(of load: [Int], in shape: [Int]) -> Access {
    let own = [Int](repeating: 1, count: max(0, shape.count - load.count)) + load
    if own == shape { return .full }
    if own.allSatisfy({ $0 == 1 }) { return .scalar }
    let firstOwn = own.firstIndex { $0 != 1 } ?? 0
    if own[firstOwn...] == shape[firstOwn...] { return .suffix(period: own[firstOwn...].reduce(1, *)) }
    let lastOwn = own.lastIndex { $0 != 1 } ?? 0
    if own[...lastOwn] == shape[...lastOwn] { return .prefix(times: shape[(lastOwn + 1)...].reduce(1, *)) }
    var strides = [Int](repeating: 0, count: own.count)
    var stride = 1
    for axis in own.indices.reversed() {
      strides[axis] = own[axis] == 1 ? 0 : stride
      stride *= own[axis]
    }
    return .strided(extents: shape, strides: strides)
  }

  /// Whether consecutive images can be evaluated as one run of elements.
  var joinsImages: Bool {
    sources.allSatisfy { source in
      guard source.register != nil else { return true }
      return switch source.access {
      case .full: source.operand.imageStride != 0 || count == 0
      case .scalar, .suffix: source.operand.imageStride == 0
      case .prefix, .strided: false
      }
    }
  }

  /// Spreads out what is the same for all blocks of an image; call before `evaluate` for that image.
  func prepare(image: Int, _ context: Context) {
    let registers = (context.scratch + pointersOffset).assumingMemoryBound(
      to: UnsafeMutablePointer<Float>?.self)
    let blocks = (context.scratch + scratchOffset).assumingMemoryBound(to: Float.self)
    for index in 0..<code.registerCount { registers[index] = blocks + index * blockSize }
    for constant in code.constants {
      kernels.fill(constant.value, Int32(blockSize), blocks + constant.register * blockSize)
    }
    for source in sources {
      guard source.register != nil, let spread = source.spread else { continue }
      let target = (context.scratch + spread).assumingMemoryBound(to: Float.self)
      switch source.access {
      case .scalar: kernels.fill(number(source, image, 0, context), Int32(blockSize), target)
      case .suffix(let period):
        for index in 0..<period { target[index] = number(source, image, index, context) }
        var filled = period
        while filled < blockSize + period {
          let part = min(filled, blockSize + period - filled)
          (target + filled).update(from: target, count: part)
          filled += part
        }
      case .full, .prefix, .strided: break
      }
    }
  }

  @inline(__always)
  private func number(_ source: Source, _ image: Int, _ index: Int, _ context: Context) -> Float {
    switch source.element {
    case .float: source.operand.floats(context, image: image)[index]
    case .uint8: Float(source.operand.bytes(context, image: image)[index])
    case .int32: Float(source.operand.labels(context, image: image)[index])
    }
  }

  /// Computes elements `range` of an image (beyond `count`: of the images after it) into the outputs.
  ///
  /// - Parameter outputs: For each result where element `range.lowerBound` goes.
  func evaluate(
    _ range: Range<Int>, image: Int, outputs: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>>,
    _ context: Context
  ) {
    let registers = (context.scratch + pointersOffset).assumingMemoryBound(
      to: UnsafeMutablePointer<Float>?.self)
    let blocks = (context.scratch + scratchOffset).assumingMemoryBound(to: Float.self)
    var first = range.lowerBound
    while first < range.upperBound {
      var size = min(blockSize, range.upperBound - first)
      if longPeriod > 0 { size = min(size, longPeriod - first % longPeriod) }
      for source in sources {
        guard let register = source.register else { continue }
        registers[register] = fetch(source, image, first, size, blocks + register * blockSize, context)
      }
      for mask in code.masks { draw(mask, image, first, size, blocks + mask.register * blockSize, context) }
      for (index, result) in code.results.enumerated() where result.isDirect {
        registers[result.register] = outputs[index] + (first - range.lowerBound)
      }
      code.instructions.withUnsafeBufferPointer {
        kernels.pointwise($0.baseAddress, Int32($0.count), registers, Int32(size))
      }
      for (index, result) in code.results.enumerated() where !result.isDirect {
        guard let block = registers[result.register] else { continue }
        (outputs[index] + (first - range.lowerBound)).update(from: block, count: size)
      }
      first += size
    }
  }

  private func draw(
    _ mask: PointwiseTranslation.Mask, _ image: Int, _ first: Int, _ size: Int,
    _ block: UnsafeMutablePointer<Float>,
    _ context: Context
  ) {
    let key = sources[mask.keyLoad].operand.labels(context)
    var draws = mask.draws.draws(key: key, first: image * count + first)
    kernels.dropout_mask(&draws.random, draws.first, Int32(size), draws.threshold, draws.scale, block)
  }

  private func fetch(
    _ source: Source, _ image: Int, _ first: Int, _ size: Int, _ block: UnsafeMutablePointer<Float>,
    _ context: Context
  ) -> UnsafeMutablePointer<Float> {
    switch source.access {
    case .scalar:
      return (context.scratch + (source.spread ?? 0)).assumingMemoryBound(to: Float.self)
    case .full: return elements(source, image, first, size, block, context)
    case .suffix(let period):
      if let spread = source.spread {
        return (context.scratch + spread).assumingMemoryBound(to: Float.self) + first % period
      }
      return elements(source, image, first % period, size, block, context)
    case .prefix(let times):
      var index = 0
      while index < size {
        let run = min(times - (first + index) % times, size - index)
        kernels.fill(number(source, image, (first + index) / times, context), Int32(run), block + index)
        index += run
      }
      return block
    case .strided(let extents, let strides):
      for index in 0..<size {
        var rest = first + index
        var offset = 0
        for axis in extents.indices.reversed() {
          offset += rest % extents[axis] * strides[axis]
          rest /= extents[axis]
        }
        block[index] = number(source, image, offset, context)
      }
      return block
    }
  }

  /// Consecutive elements as floats, in place where they are floats already.
  @inline(__always)
  private func elements(
    _ source: Source, _ image: Int, _ first: Int, _ size: Int, _ block: UnsafeMutablePointer<Float>,
    _ context: Context
  ) -> UnsafeMutablePointer<Float> {
    switch source.element {
    case .float: return source.operand.floats(context, image: image) + first
    case .uint8: kernels.from_bytes(source.operand.bytes(context, image: image) + first, Int32(size), block)
    case .int32:
      let labels = source.operand.labels(context, image: image) + first
      for index in 0..<size { block[index] = Float(labels[index]) }
    }
    return block
  }
}
