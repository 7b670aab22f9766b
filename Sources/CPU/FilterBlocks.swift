import CMartletKernels

/// The division of a group's filters into blocks whose weights stay in the second-level cache while
/// several images are convolved with them.
///
/// Small kernels are one block. The weights (or their gradient) of a block lie together, each block with
/// its own padded width; the blocks of a group follow one another.
struct FilterBlocks: Hashable {
  /// Filters of a group.
  let filters: Int
  /// Filters of every block but the last.
  let size: Int
  /// Multiply-adds of one output element: taps times channels.
  let depth: Int

  private static let wholeBytes = 512 << 10
  private static let blockBytes = 256 << 10
  /// Images that are convolved with a block before the next one is read.
  static let images = 8

  init(filters: Int, depth: Int) {
    self.filters = filters
    self.depth = depth
    let bytes = depth * MemoryLayout<Float>.stride
    let isSmall = bytes * padded(filters) <= Self.wholeBytes
    size = isSmall ? filters : min(filters, max(16, Self.blockBytes / bytes / 16 * 16))
  }

  /// All filters in one block, however large.
  init(whole filters: Int, depth: Int) { self.init(filters: filters, depth: depth, size: filters) }

  /// Blocks of a size that whole vectors fill.
  init(filters: Int, depth: Int, size: Int) {
    self.filters = filters
    self.depth = depth
    self.size = size
  }

  var count: Int { (filters + size - 1) / size }

  /// The filters of a block.
  func range(_ block: Int) -> Range<Int> { block * size..<min(filters, (block + 1) * size) }

  /// Where a block begins, in floats.
  func offset(_ block: Int) -> Int { block * size * depth }

  /// Floats of all blocks of a group.
  var floats: Int { offset(count - 1) + depth * padded(range(count - 1).count) }
}
