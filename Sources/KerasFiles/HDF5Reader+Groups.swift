import MartletInterchange
import MartletTensors

/// A name in a group, and what it stands for.
struct HDF5Link {
  let name: String
  /// The object's header; nil where the link leads out of the file or is a path.
  let address: UInt64?
}

extension HDF5Reader {
  /// The most bytes of a name.
  static let longestName = 1023

  /// The links of a group, sorted by their names' bytes.
  mutating func links(of group: [HDF5Message]) throws(InterchangeError) -> [HDF5Link] {
    var links: [HDF5Link] = []
    for message in group {
      switch message.kind {
      case .symbolTable:
        var body = message.body
        let tree = try body.uint64("a tree")
        let heap = try nameHeap(at: try body.uint64("a heap"))
        try addLinks(inTree: tree, level: nil, heap, to: &links)
      case .link: links.append(try link(message.body))
      case .linkInfo: try addDenseLinks(message.body, to: &links)
      default: continue
      }
    }
    links.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    for (one, other) in zip(links, links.dropFirst()) where one.name == other.name {
      throw fault("each name once in a group", "\"\(one.name)\" twice")
    }
    return links
  }

  /// A name as it may be shown and be a part of a path.
  private func checkedName(_ letters: some Sequence<UInt8>) throws(InterchangeError) -> String {
    guard let name = String(validating: letters, as: UTF8.self), !name.isEmpty,
      name.utf8.count <= Self.longestName, !name.contains("/"), !name.hasControlCharacters
    else { throw fault("names of 1 to \(Self.longestName) bytes without control characters", "another") }
    return name
  }

  /// A link message, as new groups have them in their header or in a heap.
  func link(_ message: ByteReader) throws(InterchangeError) -> HDF5Link {
    var body = message
    let version = try body.uint8("a version")
    guard version == 1 else { throw body.fault("a link of version 1", "version \(version)") }
    let flags = try body.uint8("flags")
    let kind = flags & 8 != 0 ? try body.uint8("a kind") : 0
    _ = try body.take((flags & 4 != 0 ? 8 : 0) + (flags & 16 != 0 ? 1 : 0), "an order")
    let length = Int(clamping: try integer(1 << Int(flags & 3), &body, "a length"))
    let name = try checkedName(try body.take(length, "a name"))
    return HDF5Link(name: name, address: kind == 0 ? try body.uint64("an address") : nil)
  }

  /// The names of an old group.
  private mutating func nameHeap(at address: UInt64) throws(InterchangeError) -> Range<Int> {
    var heap = try block(at: address, count: 32, marked: "HEAP", "a heap of names")
    _ = try heap.take(4, "a version")
    let size = Int(clamping: try heap.uint64("a size"))
    _ = try heap.uint64("free space")
    let start = Int(clamping: try heap.uint64("an address"))
    guard start <= bytes.count, size <= bytes.count - start else {
      throw heap.fault("names within the file's \(bytes.count) bytes", "\(size) bytes at byte \(start)")
    }
    return start..<start + size
  }

  /// Walks a tree of an old group; below the root each node must be one level lower.
  private mutating func addLinks(
    inTree address: UInt64, level: UInt8?, _ heap: Range<Int>, to links: inout [HDF5Link]
  ) throws(InterchangeError) {
    let what = "a tree of names"
    var head = try block(at: address, count: 24, marked: "TREE", what)
    let kind = try head.uint8("a kind")
    let found = try head.uint8("a level")
    guard kind == 0, found == level ?? found else {
      throw head.fault(
        "\(what) at level \(level.map { "\($0)" } ?? "0 or above")", "kind \(kind), level \(found)")
    }
    let count = Int(try head.uint16("a count"))
    // Keys and children take turns.
    var reader = try block(at: address + 24, count: 16 * count, what)
    for _ in 0..<count {
      _ = try reader.uint64("a key")
      let child = try reader.uint64("a child")
      if found > 0 {
        try addLinks(inTree: child, level: found - 1, heap, to: &links)
      } else {
        try addSymbols(at: child, heap, to: &links)
      }
    }
  }

  private mutating func addSymbols(
    at address: UInt64, _ heap: Range<Int>, to links: inout [HDF5Link]
  ) throws(InterchangeError) {
    let what = "a table of names"
    var head = try block(at: address, count: 8, marked: "SNOD", what)
    _ = try head.uint16("a version")
    let count = Int(try head.uint16("a count"))
    var reader = try block(at: address + 8, count: 40 * count, what)
    for _ in 0..<count {
      let offset = Int(clamping: try reader.uint64("a name's place"))
      let object = try reader.uint64("an address")
      let kind = try reader.uint32("a kind")
      _ = try reader.take(20, "what is remembered")
      guard offset < heap.count else {
        throw reader.fault("a name among \(heap.count) bytes", "one at byte \(offset) of them")
      }
      // One more than allowed, so that a longer one is noticed.
      let letters = bytes[heap][(heap.lowerBound + offset)...].prefix(Self.longestName + 1).prefix { $0 != 0 }
      _ = try block(at: UInt64(letters.startIndex), count: letters.count, "a name")
      // Kind 2 is a path to another object.
      links.append(HDF5Link(name: try checkedName(letters), address: kind == 2 ? nil : object))
    }
  }
}
