import MartletGraphs

/// Moves elements between two orders: transposition, broadcast, part, padding, concatenation.
///
/// Every such step is some copies of blocks, each with extents, and strides on both sides.
struct CopyKernel: ImageKernel {
  struct Block {
    var input: Int
    var extents: [Int]
    var fromStrides: [Int]
    var toStrides: [Int]
    var from: Int
    var to: Int
  }

  private let blocks: [Block]
  private let inputs: [Operand]
  private let output: Operand
  private let resultCount: Int
  private let clears: Bool
  private let element: ElementType

  /// - Parameter imagewise: The first axis counts images and is left out of the blocks.
  init(
    _ op: StructureOp, imagewise: Bool, shapes: [[Int]], result: [Int], element: ElementType,
    inputs: [Operand],
    output: Operand
  ) {
    let skip = imagewise ? 1 : 0
    let shapes = shapes.map { Array($0.dropFirst(skip)) }
    let result = Array(result.dropFirst(skip))
    self.inputs = inputs
    self.output = output
    self.element = element
    resultCount = result.reduce(1, *)
    let to = Self.strides(result)
    var blocks: [Block] = []
    var clears = false
    switch op {
    case .reshape:
      blocks = [Block(input: 0, extents: [resultCount], fromStrides: [1], toStrides: [1], from: 0, to: 0)]
    case .transpose(let order):
      let from = Self.strides(shapes[0])
      let axes = order.dropFirst(skip).map { $0 - skip }
      blocks = [
        Block(input: 0, extents: result, fromStrides: axes.map { from[$0] }, toStrides: to, from: 0, to: 0)
      ]
    case .broadcast:
      let own = [Int](repeating: 1, count: result.count - shapes[0].count) + shapes[0]
      let from = zip(own, Self.strides(own)).map { $0 == 1 ? 0 : $1 }
      blocks = [Block(input: 0, extents: result, fromStrides: from, toStrides: to, from: 0, to: 0)]
    case .concatenate(let axis):
      var start = 0
      for (index, shape) in shapes.enumerated() {
        blocks.append(
          Block(
            input: index, extents: shape, fromStrides: Self.strides(shape), toStrides: to, from: 0,
            to: start * to[axis - skip]))
        start += shape[axis - skip]
      }
    case .slice(let axis, let start, _):
      let from = Self.strides(shapes[0])
      blocks = [
        Block(
          input: 0, extents: result, fromStrides: from, toStrides: to, from: start * from[axis - skip], to: 0)
      ]
    case .pad(let axis, let before, _):
      clears = true
      blocks = [
        Block(
          input: 0, extents: shapes[0], fromStrides: Self.strides(shapes[0]), toStrides: to, from: 0,
          to: before * to[axis - skip])
      ]
    }
    self.blocks = blocks
    self.clears = clears
  }

  private static func strides(_ shape: [Int]) -> [Int] {
    var result = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { result[axis] = result[axis + 1] * shape[axis + 1] }
    return result
  }

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    // Only the elements' size matters for moving them.
    switch element {
    case .float, .int32: run(images, as: UInt32.self, context)
    case .uint8: run(images, as: UInt8.self, context)
    }
  }

  @inline(__always)
  private func run<Word: FixedWidthInteger>(_ images: Range<Int>, as type: Word.Type, _ context: Context) {
    for image in images {
      let to = output.raw(context, image: image).assumingMemoryBound(to: Word.self)
      if clears { to.update(repeating: 0, count: resultCount) }
      for block in blocks {
        let from = inputs[block.input].raw(context, image: image).assumingMemoryBound(to: Word.self)
        Self.copy(block, axis: 0, from + block.from, to + block.to)
      }
    }
  }

  private static func copy<Word: FixedWidthInteger>(
    _ block: Block, axis: Int, _ from: UnsafePointer<Word>, _ to: UnsafeMutablePointer<Word>
  ) {
    guard axis < block.extents.count else {
      to.pointee = from.pointee
      return
    }
    let (extent, fromStride, toStride) = (block.extents[axis], block.fromStrides[axis], block.toStrides[axis])
    if axis == block.extents.count - 1 {
      if fromStride == 1 && toStride == 1 {
        to.update(from: from, count: extent)
      } else {
        for index in 0..<extent { to[index * toStride] = from[index * fromStride] }
      }
      return
    }
    for index in 0..<extent { copy(block, axis: axis + 1, from + index * fromStride, to + index * toStride) }
  }
}
