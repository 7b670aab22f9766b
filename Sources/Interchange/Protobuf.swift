/// Reads the fields of one message in the wire format of protocol buffers.
///
/// See https://protobuf.dev/programming-guides/encoding: a field is a key (number and wire type), then a
/// varint, four or eight bytes, or a length and that many bytes. Groups are refused.
struct ProtobufReader {
  /// What a field holds.
  enum Field {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private var reader: ByteReader
  private let depth: Int

  /// The most messages that lie in one another.
  static let maximumDepth = 32

  init(_ bytes: ArraySlice<UInt8>, place: String, depth: Int = 0) throws(InterchangeError) {
    reader = ByteReader(bytes, place: place, origin: 0)
    self.depth = depth
    guard depth <= Self.maximumDepth else {
      throw reader.fault("messages at most \(Self.maximumDepth) deep", "deeper ones")
    }
  }

  /// The next field with its number, nil at the message's end.
  mutating func next() throws(InterchangeError) -> (number: Int, field: Field)? {
    guard !reader.isAtEnd else { return nil }
    let key = try varint()
    guard let number = Int(exactly: key >> 3), number > 0, number < 1 << 29 else {
      throw fault("a field", "the number \(key >> 3)")
    }
    switch key & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed64(try reader.uint64("a number")))
    case 2:
      guard let length = Int(exactly: try varint()) else { throw fault("a length", "one beyond 2^63") }
      return (number, .bytes(try reader.take(length, "field \(number)")))
    case 5: return (number, .fixed32(try reader.uint32("a number")))
    default: throw fault("a varint, four or eight bytes, or bytes", "wire type \(key & 7)")
    }
  }

  func fault(_ expected: String, _ received: String, hint: String = "") -> InterchangeError {
    reader.fault(expected, received, hint: hint)
  }

  private mutating func varint() throws(InterchangeError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      let byte = try reader.uint8("a number")
      guard shift < 63 || byte <= 1 else { throw fault("a number of at most 64 bits", "a longer one") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw fault("a number of at most 64 bits", "a longer one")
  }

  // MARK: What a field is expected to be

  func integer(_ field: Field) throws(InterchangeError) -> Int {
    guard case .varint(let value) = field else { throw fault("a whole number", "another field") }
    return Int(truncatingIfNeeded: value)
  }

  func bytes(_ field: Field) throws(InterchangeError) -> ArraySlice<UInt8> {
    guard case .bytes(let value) = field else { throw fault("bytes", "another field") }
    return value
  }

  func text(_ field: Field) throws(InterchangeError) -> String {
    guard let text = String(validating: try bytes(field), as: UTF8.self) else {
      throw fault("text in UTF-8", "other bytes")
    }
    return text
  }

  func message(_ field: Field) throws(InterchangeError) -> ProtobufReader {
    try ProtobufReader(try bytes(field), place: reader.place, depth: depth + 1)
  }

  /// Whole numbers, one or a packed run of them.
  func integers(_ field: Field) throws(InterchangeError) -> [Int] {
    guard case .bytes(let run) = field else { return [try integer(field)] }
    var packed = try ProtobufReader(run, place: reader.place, depth: depth + 1)
    var values: [Int] = []
    while !packed.reader.isAtEnd { values.append(Int(truncatingIfNeeded: try packed.varint())) }
    return values
  }

  /// Numbers of four bytes, one or a packed run of them.
  func floats(_ field: Field) throws(InterchangeError) -> [Float] {
    switch field {
    case .fixed32(let bits): return [Float(bitPattern: bits)]
    case .bytes(let run):
      guard run.count % 4 == 0 else { throw fault("numbers of four bytes", "\(run.count) bytes") }
      var packed = ByteReader(run, place: reader.place, origin: 0)
      var values: [Float] = []
      while !packed.isAtEnd { values.append(Float(bitPattern: try packed.uint32("a number"))) }
      return values
    case .varint, .fixed64: throw fault("numbers of four bytes", "another field")
    }
  }
}

/// Writes one message in the wire format of protocol buffers.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func integer(_ number: Int, _ value: Int) {
    varint(UInt64(number) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func float(_ number: Int, _ value: Float) {
    varint(UInt64(number) << 3 | 5)
    bytes.append(littleEndian: value.bitPattern)
  }

  mutating func bytes(_ number: Int, _ value: [UInt8]) {
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func text(_ number: Int, _ value: String) { bytes(number, Array(value.utf8)) }

  mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    body(&inner)
    bytes(number, inner.bytes)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
