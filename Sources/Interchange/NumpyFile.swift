import MartletTensors

/// One array as NumPy's `.npy` files hold it: data only, no pickled objects.
package enum NumpyFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// The longest header read, as in NumPy.
  private static let maximumHeader = 10_000

  /// Reads an array; Fortran order is brought to row-major order.
  package static func tensor(
    parsing bytes: ArraySlice<UInt8>, place: String
  ) throws(InterchangeError) -> AnyTensor {
    var reader = ByteReader(bytes, place: place)
    guard try reader.take(6, "an npy file").elementsEqual(magic) else {
      throw reader.fault("an npy file", "other first bytes")
    }
    let major = try reader.uint8("a version")
    _ = try reader.uint8("a version")
    guard (1...3).contains(major) else { throw reader.fault("version 1, 2 or 3", "\(major)") }
    let length = major == 1 ? Int(try reader.uint16("a length")) : Int(try reader.uint32("a length"))
    guard length <= maximumHeader else {
      throw reader.fault("a header of at most \(maximumHeader) bytes", "\(length)")
    }
    let start = reader.offset
    var header = NumpyHeader(try reader.take(length, "a header"), place: place, start: start)
    let (format, isFortran, shape) = try header.parse()
    guard let size = format.byteCount(of: shape), size == reader.remaining else {
      throw reader.fault(
        "\(format.byteCount(of: shape).map { "\($0)" } ?? "fewer") bytes for shape \(shape)",
        "\(reader.remaining)")
    }
    let data = try reader.take(size, "data")
    guard isFortran, shape.count > 1 else { return format.tensor(shape, data) }
    return format.tensor(shape.reversed(), data).transposed(Array((0..<shape.count).reversed()))
  }

  /// The bytes of a file with one array.
  package static func encoding(_ tensor: AnyTensor) -> [UInt8] {
    let shape = tensor.shape.map { "\($0)" }.joined(separator: ", ") + (tensor.shape.count == 1 ? "," : "")
    var header =
      "{'descr': '\(name(of: ScalarFormat(tensor)))', 'fortran_order': False, 'shape': (\(shape)), }"
    // The data begins at a multiple of 64.
    header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    var bytes = magic + [1, 0]
    bytes.append(littleEndian: UInt16(header.utf8.count))
    bytes += Array(header.utf8)
    tensor.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  static func name(of format: ScalarFormat) -> String {
    switch format {
    case .float32: "<f4"
    case .float64: "<f8"
    case .int32: "<i4"
    case .int64: "<i8"
    case .uint8: "|u1"
    case .bool: "|b1"
    }
  }
}

/// The dictionary in the header of an `.npy` file: three keys, in Python's notation.
private struct NumpyHeader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private let place: String
  private let start: Int

  init(_ bytes: ArraySlice<UInt8>, place: String, start: Int) {
    self.bytes = bytes
    self.place = place
    self.start = start
    position = bytes.startIndex
  }

  mutating func parse() throws(InterchangeError) -> (ScalarFormat, isFortran: Bool, shape: [Int]) {
    var format: ScalarFormat?
    var isFortran: Bool?
    var shape: [Int]?
    try expect("{")
    while !take("}") {
      let key = try quoted()
      try expect(":")
      switch key {
      case "descr" where format == nil: format = try element()
      case "fortran_order" where isFortran == nil: isFortran = try truth()
      case "shape" where shape == nil: shape = try extents()
      default: throw fault("the keys descr, fortran_order and shape, each once", "'\(key)'")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == bytes.endIndex else { throw fault("the end of the header", "more") }
    guard let format, let isFortran, let shape else {
      throw fault("the keys descr, fortran_order and shape", "fewer")
    }
    return (format, isFortran, shape)
  }

  private func fault(_ expected: String, _ received: String) -> InterchangeError {
    InterchangeError(
      at: place, offset: start + position - bytes.startIndex, expected: expected, received: received)
  }

  private mutating func skipSpace() {
    while position < bytes.endIndex, [0x20, 0x0a].contains(bytes[position]) { position += 1 }
  }

  private mutating func take(_ letter: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.endIndex, bytes[position] == UInt8(ascii: letter) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ letter: Unicode.Scalar) throws(InterchangeError) {
    guard take(letter) else { throw fault("'\(letter)'", "something else") }
  }

  private mutating func quoted() throws(InterchangeError) -> String {
    let quote: Unicode.Scalar = take("\"") ? "\"" : "'"
    if quote == "'" { try expect("'") }
    let begin = position
    while position < bytes.endIndex, bytes[position] != UInt8(ascii: quote) { position += 1 }
    guard position < bytes.endIndex else { throw fault("a closing quote", "the end") }
    defer { position += 1 }
    return String(decoding: bytes[begin..<position], as: UTF8.self)
  }

  private mutating func element() throws(InterchangeError) -> ScalarFormat {
    let name = try quoted()
    if let format = ScalarFormat.allCases.first(where: { NumpyFile.name(of: $0) == name }) { return format }
    let known = ScalarFormat.allCases.map(NumpyFile.name).joined(separator: ", ")
    throw fault("an element type of \(known)", "'\(name)'")
  }

  private mutating func truth() throws(InterchangeError) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw fault("True or False", "something else")
  }

  private mutating func extents() throws(InterchangeError) -> [Int] {
    var extents: [Int] = []
    try expect("(")
    while !take(")") {
      skipSpace()
      let begin = position
      while position < bytes.endIndex, (0x30...0x39).contains(bytes[position]) { position += 1 }
      guard let extent = Int(String(decoding: bytes[begin..<position], as: UTF8.self)), extents.count < 32
      else { throw fault("at most 32 whole numbers", "something else") }
      extents.append(extent)
      if !take(",") {
        try expect(")")
        break
      }
    }
    return extents
  }
}
