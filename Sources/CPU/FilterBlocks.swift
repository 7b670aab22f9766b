import CMartletKernels

/// The division of a group's filters into blocks whose weights stay in the second-level cache while
/// several images are convolved with them, and of blocks into panels that a kernel reads as one stream.
///
/// Small kernels are one block. The weights (or their gradient) of a panel lie together, with its own padded
/// width; the panels of a group follow one another. Rows as wide as all filters would be read in pieces some
/// hundred bytes apart, which meet in few sets of the first-level cache.
struct FilterBlocks: Hashable {
  /// Filters of a group.
  let filters: Int
  /// Filters of every block but the last.
  let size: Int
  /// Filters that lie together; the last panel of a block has up to a half more.
  let panel: Int
  /// Multiply-adds of one output element: taps times channels.
  let depth: Int

  private static let wholeBytes = 512 << 10
  private static let blockBytes = 256 << 10
  /// Images that are convolved with a block before the next one is read.
  static let images = 8

  /// Blocks that are one panel each.
  init(filters: Int, depth: Int) {
    let bytes = depth * MemoryLayout<Float>.stride
    let isSmall = bytes * padded(filters) <= Self.wholeBytes
    let size = isSmall ? filters : min(filters, max(16, Self.blockBytes / bytes / 16 * 16))
    self.init(filters: filters, depth: depth, size: size)
  }

  /// All filters in one block and one panel, however large.
  init(whole filters: Int, depth: Int) { self.init(filters: filters, depth: depth, size: filters) }

  /// Blocks of a size that whole vectors fill, or of all filters.
  init(filters: Int, depth: Int, size: Int, panel: Int? = nil) {
    self.filters = filters
    self.depth = depth
    self.size = size
    self.panel = panel ?? size
  }

  /// The blocks of a convolution: of one panel where the kernel, being narrow, can be read as it lies.
  static func forward(filters: Int, depth: Int) -> FilterBlocks {
    let blocks = FilterBlocks(filters: filters, depth: depth)
    return filters < narrow ? blocks : blocks.inPanels
  }

  /// The blocks of an input's gradient, whose kernel is brought into their order in any case.
  static func backward(channels: Int, depth: Int) -> FilterBlocks {
    FilterBlocks(filters: channels, depth: depth).inPanels
  }

  private static let narrow = 128
  /// Filters of a convolution's tile.
  private static let tile = 16

  private var inPanels: FilterBlocks {
    FilterBlocks(filters: filters, depth: depth, size: size, panel: Self.tile)
  }

  var count: Int { (filters + size - 1) / size }

  /// Whether all filters lie together, as they do in the kernel itself.
  var isOnePanel: Bool { count == 1 && !Panels.divides(filters, size: panel) }

  /// The filters of a block.
  func range(_ block: Int) -> Range<Int> { block * size..<min(filters, (block + 1) * size) }

  /// The filters of each panel of a block.
  func panels(_ block: Int) -> Panels { Panels(rest: range(block), size: panel) }

  /// Where the panel that begins with a filter begins, in floats.
  func offset(filter: Int) -> Int { filter * depth }

  /// Where a block begins, in floats.
  func offset(_ block: Int) -> Int { offset(filter: block * size) }

  /// Floats of all blocks of a group.
  var floats: Int { depth * padded(filters) }

  struct Panels: Sequence, IteratorProtocol {
    fileprivate var rest: Range<Int>
    fileprivate let size: Int

    fileprivate static func divides(_ count: Int, size: Int) -> Bool { count > size * 3 / 2 }

    mutating func next() -> Range<Int>? {
      guard !rest.isEmpty else { return nil }
      let panel = Self.divides(rest.count, size: size) ? rest.prefix(size) : rest
      rest = panel.upperBound..<rest.upperBound
      return panel
    }
  }
}
