import MartletInterchange

/// Reads the structures of an HDF5 file by the published format, never through libhdf5: damaged files can end
/// a process in there.
///
/// Every place and size is compared with the file before it is used, and all structures together may take no
/// more than a multiple of the file's bytes, so that links in a circle and structures that many others point
/// to cost no more than time linear in the file's size.
///
/// Source: HDF5 File Format Specification, version 3.0.
struct HDF5Reader {
  let bytes: [UInt8]
  let place: String
  /// Where the root group's object header stands.
  private(set) var root: UInt64 = 0
  /// The bytes of structures that may still be read.
  private var left: Int
  /// The bytes of elements that may still be read: each is read once.
  var elementsLeft: Int

  /// An address that leads nowhere.
  static let nowhere = UInt64.max

  init(_ bytes: [UInt8], place: String) throws(InterchangeError) {
    self.bytes = bytes
    self.place = place
    left = 16 * bytes.count + 1 << 16
    elementsLeft = bytes.count
    root = try rootAddress()
  }

  /// A mistake, in an object where its path is given.
  func fault(
    _ expected: String, _ received: String, in object: String = "", hint: String = ""
  ) -> InterchangeError {
    InterchangeError(
      at: object.isEmpty ? place : "\(place): \(object)", expected: expected, received: received, hint: hint)
  }

  /// A part of the file.
  mutating func block(
    at address: UInt64, count: Int, _ what: String
  ) throws(InterchangeError) -> ByteReader {
    guard let start = Int(exactly: address), count >= 0, start <= bytes.count, count <= bytes.count - start
    else {
      throw fault(
        "\(what) within the file's \(bytes.count) bytes", "\(count) bytes at byte \(address)",
        hint: "is it cut off? copy it again")
    }
    guard count <= left else { throw fault("structures one after another", "some that lead back to others") }
    left -= count
    return ByteReader(bytes[start..<start + count], place: place, origin: 0)
  }

  /// A part of the file that begins with a mark of four letters, which are taken.
  mutating func block(
    at address: UInt64, count: Int, marked mark: String, _ what: String
  ) throws(InterchangeError) -> ByteReader {
    var block = try block(at: address, count: count, what)
    guard try block.take(mark.utf8.count, what).elementsEqual(mark.utf8) else {
      throw InterchangeError(
        at: place, offset: Int(clamping: address), expected: "\(what), which begins with \(mark)",
        received: "other bytes")
    }
    return block
  }

  /// A part with a mark at its beginning and a checksum at its end, both checked and taken.
  mutating func checkedBlock(
    at address: UInt64, count: Int, marked mark: String, _ what: String
  ) throws(InterchangeError) -> ByteReader {
    var whole = try block(at: address, count: count, what)
    let body = try whole.take(max(0, count - 4), what)
    let sum = try whole.uint32("a checksum")
    guard body.starts(with: mark.utf8) else {
      throw InterchangeError(
        at: place, offset: body.startIndex, expected: "\(what), which begins with \(mark)",
        received: "other bytes")
    }
    guard sum == Self.checksum(body) else {
      throw InterchangeError(
        at: place, offset: body.startIndex, expected: "\(what) with the checksum \(sum)",
        received: "\(Self.checksum(body))", hint: "it is damaged; copy it again")
    }
    return ByteReader(body.dropFirst(mark.utf8.count), place: place, origin: 0)
  }

  /// A number of so many bytes.
  func integer(_ count: Int, _ reader: inout ByteReader, _ what: String) throws(InterchangeError) -> UInt64 {
    try reader.take(count, what).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The root group's address, from the superblock.
  private mutating func rootAddress() throws(InterchangeError) -> UInt64 {
    guard bytes.starts(with: HDF5File.signature) else {
      throw InterchangeError(at: place, offset: 0, expected: "an HDF5 file", received: "other first bytes")
    }
    var reader = try block(at: 8, count: min(96, bytes.count - 8), "a superblock")
    let version = try reader.uint8("a version")
    guard version <= 3 else {
      throw reader.fault(
        "a superblock of version 0 to 3", "\(version)", hint: "write it again for HDF5 1.10")
    }
    if version < 2 { _ = try reader.take(4, "versions") }
    let sizes = (try reader.uint8("a size"), try reader.uint8("a size"))
    guard sizes == (8, 8) else {
      throw reader.fault("addresses and lengths of 8 bytes", "\(sizes.0) and \(sizes.1)")
    }
    _ = try reader.take(version == 0 ? 9 : version == 1 ? 13 : 1, "flags")
    let base = try reader.uint64("a base address")
    _ = try reader.uint64("an address")
    let end = try reader.uint64("the end of the file")
    guard base == 0 else { throw reader.fault("addresses from the file's beginning", "from \(base)") }
    guard end <= bytes.count else {
      throw reader.fault(
        "the \(end) bytes of an HDF5 file", "\(bytes.count)", hint: "is it cut off? copy it again")
    }
    guard version < 2 else {
      let root = try reader.uint64("the root group")
      _ = try checkedBlock(at: 0, count: 48, marked: "", "a superblock")
      return root
    }
    _ = try reader.take(16, "addresses")
    return try reader.uint64("the root group")
  }
}

/// What an object's header says about it.
struct HDF5Message {
  enum Kind: UInt16 {
    case dataspace = 1
    case linkInfo = 2
    case datatype = 3
    case link = 6
    case externalFiles = 7
    case layout = 8
    case groupInfo = 10
    case filters = 11
    case attribute = 12
    case continuation = 16
    case symbolTable = 17
  }

  let kind: Kind
  /// Whether the message stands elsewhere and only its place here.
  let isShared: Bool
  let body: ByteReader
}

extension [HDF5Message] {
  func body(_ kind: HDF5Message.Kind) -> ByteReader? { first { $0.kind == kind }?.body }
  func has(_ kind: HDF5Message.Kind) -> Bool { contains { $0.kind == kind } }
}

extension HDF5Reader {
  /// What the header of an object says, without what is of no use here.
  mutating func messages(of address: UInt64) throws(InterchangeError) -> [HDF5Message] {
    let first = try block(at: address, count: 1, "an object")
    return first.bytes.first == UInt8(ascii: "O")
      ? try newMessages(of: address) : try oldMessages(of: address)
  }

  /// Of a header of version 1.
  private mutating func oldMessages(of address: UInt64) throws(InterchangeError) -> [HDF5Message] {
    var prefix = try block(at: address, count: 16, "an object's header")
    let version = try prefix.uint8("a version")
    guard version == 1 else {
      throw InterchangeError(
        at: place, offset: Int(clamping: address), expected: "an object's header of version 1 or 2",
        received: "version \(version)")
    }
    _ = try prefix.take(7, "counts")
    var blocks = [(address: address + 16, count: Int(try prefix.uint32("a header's size")))]
    var messages: [HDF5Message] = []
    while let next = blocks.popLast() {
      var reader = try block(at: next.address, count: next.count, "an object's header")
      while reader.remaining >= 8 {
        let kind = try reader.uint16("a message")
        let size = Int(try reader.uint16("a size"))
        let flags = try reader.uint8("flags")
        _ = try reader.take(3, "nothing")
        try add(kind, flags, try reader.take(size, "a message"), &messages, &blocks)
      }
    }
    return messages
  }

  /// Of a header of version 2.
  private mutating func newMessages(of address: UInt64) throws(InterchangeError) -> [HDF5Message] {
    let what = "an object's header"
    var prefix = try block(at: address, count: min(64, bytes.count - Int(address)), marked: "OHDR", what)
    let version = try prefix.uint8("a version")
    guard version == 2 else { throw prefix.fault("an object's header of version 2", "version \(version)") }
    let flags = try prefix.uint8("flags")
    _ = try prefix.take((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0), "times")
    let size = Int(clamping: try integer(1 << Int(flags & 3), &prefix, "a header's size"))
    let start = prefix.offset - Int(address)
    guard size <= bytes.count else { throw prefix.fault("a header in the file", "\(size) bytes") }
    var reader = try checkedBlock(at: address, count: start + size + 4, marked: "OHDR", what)
    _ = try reader.take(start - 4, what)
    var blocks: [(address: UInt64, count: Int)] = []
    var messages: [HDF5Message] = []
    let hasOrder = flags & 4 != 0
    while true {
      // What is shorter than a message is a gap.
      while reader.remaining >= (hasOrder ? 6 : 4) {
        let kind = UInt16(try reader.uint8("a message"))
        let size = Int(try reader.uint16("a size"))
        let flags = try reader.uint8("flags")
        if hasOrder { _ = try reader.uint16("an order") }
        try add(kind, flags, try reader.take(size, "a message"), &messages, &blocks)
      }
      guard let next = blocks.popLast() else { return messages }
      reader = try checkedBlock(at: next.address, count: next.count, marked: "OCHK", what)
    }
  }

  private func add(
    _ kind: UInt16, _ flags: UInt8, _ bytes: ArraySlice<UInt8>, _ messages: inout [HDF5Message],
    _ blocks: inout [(address: UInt64, count: Int)]
  ) throws(InterchangeError) {
    guard let kind = HDF5Message.Kind(rawValue: kind) else { return }
    var body = ByteReader(bytes, place: place, origin: 0)
    guard kind == .continuation else {
      messages.append(HDF5Message(kind: kind, isShared: flags & 2 != 0, body: body))
      return
    }
    let address = try body.uint64("an address")
    blocks.append((address, Int(clamping: try body.uint64("a size"))))
  }

  /// Bob Jenkins's lookup3, as the format has it.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
    var (a, b, c) = (0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count), UInt32(0), UInt32(0))
    (b, c) = (a, a)
    var rest = bytes
    func word(_ index: Int) -> UInt32 {
      rest.dropFirst(4 * index).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    while rest.count > 12 {
      (a, b, c) = (a &+ word(0), b &+ word(1), c &+ word(2))
      a = (a &- c) ^ rotated(c, 4)
      c = c &+ b
      b = (b &- a) ^ rotated(a, 6)
      a = a &+ c
      c = (c &- b) ^ rotated(b, 8)
      b = b &+ a
      a = (a &- c) ^ rotated(c, 16)
      c = c &+ b
      b = (b &- a) ^ rotated(a, 19)
      a = a &+ c
      c = (c &- b) ^ rotated(b, 4)
      b = b &+ a
      rest = rest.dropFirst(12)
    }
    guard !rest.isEmpty else { return c }
    (a, b, c) = (a &+ word(0), b &+ word(1), c &+ word(2))
    c = (c ^ b) &- rotated(b, 14)
    a = (a ^ c) &- rotated(c, 11)
    b = (b ^ a) &- rotated(a, 25)
    c = (c ^ b) &- rotated(b, 16)
    a = (a ^ c) &- rotated(c, 4)
    b = (b ^ a) &- rotated(a, 14)
    return (c ^ b) &- rotated(b, 24)
  }
}
