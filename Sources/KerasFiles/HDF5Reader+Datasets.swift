import MartletInterchange
import MartletTensors

extension HDF5Reader {
  /// The most axes of a dataset.
  private static let highestRank = 32

  /// The elements of a dataset that stand as they are in this file.
  mutating func tensor(of dataset: [HDF5Message], named name: String) throws(InterchangeError) -> AnyTensor {
    let described: [HDF5Message.Kind] = [.dataspace, .datatype, .layout]
    guard !dataset.contains(where: { $0.isShared && described.contains($0.kind) }) else {
      throw fault("a dataset that describes itself", "one whose type stands elsewhere", in: name)
    }
    guard let space = dataset.body(.dataspace), let shape = try extents(space) else {
      throw fault("a dataset with extents", "none", in: name)
    }
    guard let type = dataset.body(.datatype), let (format, isSwapped) = try format(type) else {
      throw fault("float32, float64, int32, int64 or uint8", "another element type", in: name)
    }
    guard let size = format.byteCount(of: shape), size <= bytes.count else {
      throw fault("at most the file's \(bytes.count) bytes", "shape \(shape)", in: name)
    }
    guard !dataset.has(.filters), !dataset.has(.externalFiles), let layout = dataset.body(.layout),
      let range = try range(layout)
    else {
      throw fault("elements stored as they are in this file", "filtered, chunked or outer ones", in: name)
    }
    guard range.count == size else {
      throw fault("\(size) bytes for shape \(shape)", "\(range.count)", in: name)
    }
    // Datasets that share their elements could make a small file a large one in memory.
    guard size <= elementsLeft else {
      throw fault("elements of its own", "those of other datasets", in: name)
    }
    elementsLeft -= size
    guard isSwapped else { return format.tensor(shape, bytes[range]) }
    var swapped = Array(bytes[range])
    for start in stride(from: 0, to: size, by: format.byteCount) {
      swapped[start..<start + format.byteCount].reverse()
    }
    return format.tensor(shape, swapped[...])
  }

  /// The extents of a dataspace; nil where it has none.
  private func extents(_ message: ByteReader) throws(InterchangeError) -> [Int]? {
    var body = message
    let version = try body.uint8("a version")
    let rank = Int(try body.uint8("a rank"))
    guard 1...2 ~= version, rank <= Self.highestRank else {
      throw body.fault(
        "extents of version 1 or 2 and at most \(Self.highestRank) axes", "version \(version), \(rank) axes")
    }
    _ = try body.uint8("flags")
    if version == 1 {
      _ = try body.take(5, "nothing")
    } else if try body.uint8("a kind") == 2 {
      return nil
    }
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(Int(clamping: try body.uint64("an extent"))) }
    return shape
  }

  /// An element type that other programs share, and whether its bytes stand in the other order; nil for others.
  private func format(
    _ message: ByteReader
  ) throws(InterchangeError) -> (ScalarFormat, isSwapped: Bool)? {
    var body = message
    let kind = try body.uint8("a type") & 15
    let bits = try integer(3, &body, "a type")
    let size = Int(try body.uint32("a size"))
    switch (kind, size) {
    case (0, 1), (0, 4), (0, 8):
      let (offset, precision) = (try body.uint16("an offset"), try body.uint16("a precision"))
      let isSigned = bits & 8 != 0
      guard offset == 0, Int(precision) == 8 * size, isSigned == (size > 1) else { return nil }
      return (size == 1 ? .uint8 : size == 4 ? .int32 : .int64, bits & 1 != 0)
    case (1, 4), (1, 8):
      // The mantissa without its first bit, the exponent, the sign: as IEEE 754 has them.
      let parts = Array(try body.take(12, "a type"))
      let ieee: [UInt8] =
        size == 4 ? [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0] : [0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0]
      guard parts == ieee, bits >> 8 == 8 * size - 1, bits & 0x70 == 0x20 else { return nil }
      return (size == 4 ? .float32 : .float64, bits & 1 != 0)
    default: return nil
    }
  }

  /// Where the elements stand; nil where they stand otherwise than as they are and together.
  private func range(_ message: ByteReader) throws(InterchangeError) -> Range<Int>? {
    var body = message
    let version = try body.uint8("a version")
    guard 3...4 ~= version else {
      throw body.fault(
        "a layout of version 3 or 4", "version \(version)", hint: "write it again for HDF5 1.10")
    }
    switch try body.uint8("a layout") {
    case 0:
      let size = Int(try body.uint16("a size"))
      let start = body.offset
      _ = try body.take(size, "elements")
      return start..<start + size
    case 1:
      let (address, size) = (try body.uint64("an address"), try body.uint64("a size"))
      // Without an address nothing has been stored.
      guard address != Self.nowhere else { return 0..<0 }
      guard size <= bytes.count, address <= UInt64(bytes.count) - size else {
        throw body.fault(
          "elements within the file's \(bytes.count) bytes", "\(size) bytes at byte \(address)",
          hint: "is it cut off? copy it again")
      }
      return Int(address)..<Int(address) + Int(size)
    default: return nil
    }
  }

  /// The text of an attribute; nil where there is none, or one of another type.
  mutating func text(_ name: String, of object: [HDF5Message]) throws(InterchangeError) -> String? {
    for message in object where message.kind == .attribute && !message.isShared {
      var body = message.body
      let version = try body.uint8("a version")
      guard 1...3 ~= version else {
        throw body.fault("an attribute of version 1 to 3", "version \(version)")
      }
      let flags = try body.uint8("flags")
      let sizes = [try body.uint16("a size"), try body.uint16("a size"), try body.uint16("a size")]
      if version == 3 { _ = try body.uint8("an alphabet") }
      // The first version fills each part up to a multiple of eight.
      var parts: [ArraySlice<UInt8>] = []
      for size in sizes.map({ Int($0) }) {
        let part = try body.take(size, "an attribute")
        if version == 1 { _ = try body.take(-size & 7, "nothing") }
        parts.append(part)
      }
      guard parts[0].prefix(while: { $0 != 0 }).elementsEqual(name.utf8) else { continue }
      var type = ByteReader(parts[1], place: place, origin: 0)
      // A type or an extent that stands elsewhere, or anything but one text of any length.
      guard version == 1 || flags & 3 == 0, try type.uint8("a type") & 15 == 9,
        try type.uint8("a type") & 15 == 1,
        let shape = try extents(ByteReader(parts[2], place: place, origin: 0)),
        shape.allSatisfy({ $0 == 1 })
      else { return nil }
      let length = Int(try body.uint32("a length"))
      let heap = try body.uint64("a heap")
      let letters = try heapText(Int(try body.uint32("a number")), at: heap, length).prefix { $0 != 0 }
      let text = String(decoding: letters, as: UTF8.self)
      return text.hasControlCharacters ? nil : text
    }
    return nil
  }

  /// A text in a heap that the whole file shares, without what is too long for a name.
  private mutating func heapText(
    _ number: Int, at address: UInt64, _ length: Int
  ) throws(InterchangeError) -> ArraySlice<UInt8> {
    let what = "a heap of texts"
    var head = try block(at: address, count: 16, marked: "GCOL", what)
    _ = try head.take(4, "a version")
    var left = Int(clamping: try head.uint64("a size")) - 16
    var place = address + 16
    while left >= 16 {
      var object = try block(at: place, count: 16, what)
      let found = Int(try object.uint16("a number"))
      _ = try object.take(6, "a count")
      let size = Int(clamping: try object.uint64("a size"))
      guard size <= left - 16 else { throw object.fault("at most \(left - 16) bytes", "\(size)") }
      if found == number, found > 0 {
        guard length <= size else { throw object.fault("a text of \(length) bytes", "\(size)") }
        return try block(at: place + 16, count: min(length, Self.longestName), "a text").bytes
      }
      let step = 16 + (size + 7) / 8 * 8
      // Number 0 is the free space behind the last one.
      guard found > 0, step <= left else { break }
      left -= step
      place += UInt64(step)
    }
    throw fault("the text of an attribute", "none in its heap")
  }
}
