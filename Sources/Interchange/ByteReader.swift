/// Reads numbers and runs of bytes in little-endian order, never beyond its end.
package struct ByteReader {
  package let bytes: ArraySlice<UInt8>
  package private(set) var position: Int
  /// The file and part, as errors name it.
  package let place: String
  /// What `offset` in errors counts from.
  private let origin: Int

  /// Creates a reader of a part of a file; offsets in errors count from `origin`, the slice's own
  /// beginning where nothing is given.
  package init(_ bytes: ArraySlice<UInt8>, place: String, origin: Int? = nil) {
    self.bytes = bytes
    self.place = place
    self.origin = origin ?? bytes.startIndex
    position = bytes.startIndex
  }

  package var isAtEnd: Bool { position == bytes.endIndex }
  package var remaining: Int { bytes.endIndex - position }
  /// The byte that is read next, as errors count.
  package var offset: Int { position - origin }

  package func fault(_ expected: String, _ received: String, hint: String = "") -> InterchangeError {
    InterchangeError(at: place, offset: offset, expected: expected, received: received, hint: hint)
  }

  /// The next `count` bytes.
  package mutating func take(_ count: Int, _ what: String) throws(InterchangeError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else {
      throw fault("\(count) bytes of \(what)", "\(remaining) to the end", hint: "is the file cut off?")
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  package mutating func uint8(_ what: String) throws(InterchangeError) -> UInt8 {
    let part = try take(1, what)
    return part[part.startIndex]
  }

  package mutating func uint16(_ what: String) throws(InterchangeError) -> UInt16 {
    UInt16(truncatingIfNeeded: try integer(2, what))
  }

  package mutating func uint32(_ what: String) throws(InterchangeError) -> UInt32 {
    UInt32(truncatingIfNeeded: try integer(4, what))
  }

  package mutating func uint64(_ what: String) throws(InterchangeError) -> UInt64 {
    try integer(8, what)
  }

  private mutating func integer(_ count: Int, _ what: String) throws(InterchangeError) -> UInt64 {
    try take(count, what).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension [UInt8] {
  /// Appends a number in little-endian order.
  package mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
