import MartletInterchange

/// Where a new group with many links has them: in a heap whose blocks grow, and in a tree of their places.
private struct HDF5Heap {
  /// The bytes of a place in the heap, and of what is told there of offset and length.
  var identifierSize = 0
  var offsetSize = 0
  var lengthSize = 0
  /// Blocks in a row, and the bytes of the first row's.
  var width = 0
  var firstSize = 0
  /// The largest block that holds objects; rows of larger ones hold further tables.
  var largestSize = 0
  var root: UInt64 = 0
  /// The rows of the root table; 0 where the root is a block of objects.
  var rootRows = 0

  /// The bytes of a block in a row.
  func size(row: Int) -> Int { row == 0 ? firstSize : firstSize << (row - 1) }
  /// How many rows hold objects.
  var objectRows: Int { largestSize.trailingZeroBitCount - firstSize.trailingZeroBitCount + 2 }
}

extension HDF5Reader {
  /// The links that a group's header does not hold itself; none where it has no heap.
  mutating func addDenseLinks(
    _ message: ByteReader, to links: inout [HDF5Link]
  ) throws(InterchangeError) {
    var body = message
    let version = try body.uint8("a version")
    guard version == 0 else { throw body.fault("links of version 0", "version \(version)") }
    let flags = try body.uint8("flags")
    if flags & 1 != 0 { _ = try body.uint64("an order") }
    let address = try body.uint64("a heap")
    guard address != Self.nowhere else { return }
    let tree = try body.uint64("a tree")
    let heap = try heap(at: address)
    for identifier in try records(ofTree: tree, heap) {
      links.append(try link(try object(identifier, heap)))
    }
  }

  private mutating func heap(at address: UInt64) throws(InterchangeError) -> HDF5Heap {
    var reader = try checkedBlock(at: address, count: 146, marked: "FRHP", "a heap of links")
    let version = try reader.uint8("a version")
    guard version == 0 else { throw reader.fault("a heap of version 0", "version \(version)") }
    var heap = HDF5Heap()
    heap.identifierSize = Int(try reader.uint16("a size"))
    guard try reader.uint16("a size") == 0 else { throw reader.fault("a heap without filters", "filtered") }
    _ = try reader.uint8("flags")
    let largestObject = try reader.uint32("a size")
    _ = try reader.take(96, "counts")
    heap.width = Int(try reader.uint16("a width"))
    let (first, largest) = (try reader.uint64("a size"), try reader.uint64("a size"))
    let bits = Int(try reader.uint16("a size"))
    _ = try reader.uint16("rows")
    heap.root = try reader.uint64("a block")
    heap.rootRows = Int(try reader.uint16("rows"))
    guard 1...1024 ~= heap.width, heap.width.nonzeroBitCount == 1, 1...64 ~= bits,
      16...UInt64(1 << 31) ~= first, first.nonzeroBitCount == 1,
      first...UInt64(1 << 31) ~= largest, largest.nonzeroBitCount == 1, heap.rootRows <= 64
    else {
      throw reader.fault(
        "blocks of sizes that are powers of two",
        "\(first) to \(largest) bytes, \(heap.width) in each of \(heap.rootRows) rows")
    }
    (heap.firstSize, heap.largestSize) = (Int(first), Int(largest))
    heap.offsetSize = (bits + 7) / 8
    heap.lengthSize = Self.byteCount(for: min(largest, UInt64(largestObject)))
    return heap
  }

  /// The bytes that hold numbers up to `limit`.
  private static func byteCount(for limit: UInt64) -> Int {
    limit == 0 ? 1 : (63 - limit.leadingZeroBitCount) / 8 + 1
  }

  /// An object of a heap, by its place there.
  private mutating func object(
    _ identifier: ArraySlice<UInt8>, _ heap: HDF5Heap
  ) throws(InterchangeError) -> ByteReader {
    var reader = ByteReader(identifier, place: place, origin: 0)
    let kind = try reader.uint8("a kind")
    guard kind == 0 else { throw reader.fault("a link in a block of its heap", "kind \(kind)") }
    let offset = Int(clamping: try integer(heap.offsetSize, &reader, "a place"))
    let length = Int(clamping: try integer(heap.lengthSize, &reader, "a length"))
    let (block, start) = try objectBlock(with: offset, heap)
    guard length <= block.size - (offset - start) else {
      throw reader.fault("a link in a block of \(block.size) bytes", "\(length) bytes at \(offset - start)")
    }
    _ = try self.block(at: block.address, count: 4, marked: "FHDB", "a block of links")
    let (position, overflow) = block.address.addingReportingOverflow(UInt64(offset - start))
    guard !overflow else { throw reader.fault("a link in the file", "one beyond") }
    return try self.block(at: position, count: length, "a link")
  }

  /// The block that holds the byte `offset` of a heap, and its own first byte's offset.
  private mutating func objectBlock(
    with offset: Int, _ heap: HDF5Heap
  ) throws(InterchangeError) -> (block: (address: UInt64, size: Int), start: Int) {
    var (address, rows, start) = (heap.root, heap.rootRows, 0)
    guard rows > 0 else {
      guard offset < heap.firstSize else {
        throw fault("a heap of \(heap.firstSize) bytes", "byte \(offset)")
      }
      return ((address, heap.firstSize), 0)
    }
    // Every table below another has fewer rows.
    while true {
      let rest = offset - start
      let perRow = heap.firstSize * heap.width
      let row = rest < perRow ? 0 : Int.bitWidth - (rest / perRow).leadingZeroBitCount
      guard row < rows else { throw fault("a table of \(rows) rows of links", "row \(row)") }
      let size = heap.size(row: row)
      let rowStart = row == 0 ? 0 : perRow << (row - 1)
      let column = (rest - rowStart) / size
      start += rowStart + column * size
      // Mark, version and heap come first, then where the table's bytes begin.
      let head = 13 + heap.offsetSize
      var table = try checkedBlock(
        at: address, count: head + 8 * rows * heap.width + 4, marked: "FHIB", "a table of links")
      _ = try table.take(head - 4 + 8 * (row * heap.width + column), "a table of links")
      address = try table.uint64("a block")
      guard row >= heap.objectRows else { return ((address, size), start) }
      let below = size.trailingZeroBitCount - perRow.trailingZeroBitCount + 1
      guard below >= 1, below < rows else { throw fault("tables that become smaller", "\(below) rows") }
      rows = below
    }
  }
}

extension HDF5Reader {
  /// The places in a heap that a tree of links by name lists.
  private mutating func records(
    ofTree address: UInt64, _ heap: HDF5Heap
  ) throws(InterchangeError) -> [ArraySlice<UInt8>] {
    var head = try checkedBlock(at: address, count: 38, marked: "BTHD", "a tree of links")
    let (version, kind) = (try head.uint8("a version"), try head.uint8("a kind"))
    let nodeSize = Int(try head.uint32("a size"))
    let recordSize = Int(try head.uint16("a size"))
    let depth = Int(try head.uint16("a depth"))
    guard version == 0, kind == 5, heap.identifierSize >= 1, recordSize == 4 + heap.identifierSize,
      depth <= 16, nodeSize <= bytes.count
    else {
      throw head.fault(
        "a tree of links by name", "kind \(kind), version \(version), records of \(recordSize) bytes")
    }
    _ = try head.uint16("percentages")
    let root = try head.uint64("a node")
    let count = Int(try head.uint16("a count"))
    guard count > 0 else { return [] }
    // How many records nodes at each level can have decides the bytes of the numbers in them.
    var counts = [UInt64(max(0, nodeSize - 10) / recordSize)]
    let countSize = Self.byteCount(for: counts[0])
    var pointerSizes = [0]
    for level in 0..<depth {
      let pointer = 8 + countSize + (level > 0 ? Self.byteCount(for: counts[level]) : 0)
      pointerSizes.append(pointer)
      let most = UInt64(max(0, nodeSize - 10 - pointer) / (recordSize + pointer))
      let (product, overflow) = (most + 1).multipliedReportingOverflow(by: counts[level])
      let (sum, beyond) = product.addingReportingOverflow(most)
      guard !overflow, !beyond else { throw head.fault("a tree of links", "one of depth \(depth)") }
      counts.append(sum)
    }
    var found: [ArraySlice<UInt8>] = []
    try add(
      recordsOfNode: root, count, depth, recordSize, countSize: countSize, pointerSizes, to: &found)
    return found
  }

  private mutating func add(
    recordsOfNode address: UInt64, _ count: Int, _ level: Int, _ recordSize: Int, countSize: Int,
    _ pointerSizes: [Int], to found: inout [ArraySlice<UInt8>]
  ) throws(InterchangeError) {
    let size = 10 + count * recordSize + (level > 0 ? (count + 1) * pointerSizes[level] : 0)
    var node = try checkedBlock(
      at: address, count: size, marked: level > 0 ? "BTIN" : "BTLF", "a node of a tree of links")
    _ = try node.uint16("a kind")
    for _ in 0..<count {
      _ = try node.uint32("a name's digest")
      found.append(try node.take(recordSize - 4, "a place"))
    }
    guard level > 0 else { return }
    for _ in 0...count {
      let child = try node.uint64("a node")
      let records = Int(clamping: try integer(countSize, &node, "a count"))
      _ = try node.take(pointerSizes[level] - 8 - countSize, "a sum")
      guard records <= bytes.count else { throw node.fault("records in the file", "\(records)") }
      try add(
        recordsOfNode: child, records, level - 1, recordSize, countSize: countSize, pointerSizes, to: &found)
    }
  }
}
