extension TensorFile {
  /// Reads a file and checks everything before it allocates; with a digest in its notes, every byte too.
  ///
  /// Files of other programs carry no digest; with `requiringDigest` they are refused.
  package init(reading path: String, requiringDigest: Bool = false) throws(FileError) {
    let file = try InputFile(path: path)
    let first = try file.read(count: min(8, file.size))
    let header = try file.read(count: try Self.headerLength(first, size: file.size, path))
    try self.init(header, size: file.size, path, requiringDigest: requiringDigest) {
      (entry) throws(FileError) in try entry.read(from: file)
    }
  }

  /// Reads a file that is in memory, with the same checks.
  ///
  /// - Parameter place: What errors call the file.
  package init(parsing bytes: [UInt8], place: String) throws(FileError) {
    let first = Array(bytes.prefix(8))
    let length = try Self.headerLength(first, size: bytes.count, place)
    let data = bytes[(8 + length)...]
    try self.init(Array(bytes[8..<8 + length]), size: bytes.count, place, requiringDigest: false) {
      (entry) throws(FileError) in
      entry.tensor(of: data[data.startIndex + entry.start..<data.startIndex + entry.end])
    }
  }

  /// Checks the header against the file's size, then reads each tensor in the order of their bytes.
  private init(
    _ header: [UInt8], size: Int, _ path: String, requiringDigest: Bool,
    read: (SafetensorsEntry) throws(FileError) -> AnyTensor
  ) throws(FileError) {
    guard header.first == UInt8(ascii: "{") else {
      throw .badData(path, "its header must begin with '{' at byte 8; is this a safetensors file?")
    }
    let root = try Self.parsed(header, path)
    var notes = try Self.notes(in: root, path)
    let entries = try Self.entries(in: root, dataBytes: size - 8 - header.count, path)

    let expected = notes.removeValue(forKey: Self.digestKey)
    if requiringDigest, expected == nil {
      throw .badData(path, "its digest is missing; expected a file that Martlet wrote")
    }
    var digest = SHA256()
    if let expected { digest.update(Self.blanking(expected, in: header)) }
    var tensors: [(name: String, value: AnyTensor)] = []
    tensors.reserveCapacity(entries.count)
    for entry in entries {
      let value = try read(entry)
      if expected != nil { value.withUnsafeBytes { digest.update($0) } }
      tensors.append((entry.name, value))
    }
    if let expected, digest.hexDigest() != expected {
      throw .badData(
        path,
        "the contents do not match their digest (expected SHA-256 \(expected.escapingControls), "
          + "found \(digest.hexDigest())); the file was changed or damaged, use another copy")
    }
    self.init(tensors: tensors, metadata: notes)
  }

  /// The length of the header that the file's first eight bytes give, compared with the file's size.
  private static func headerLength(_ first: [UInt8], size: Int, _ path: String) throws(FileError) -> Int {
    guard first.count == 8 else {
      throw .badData(
        path, "expected a safetensors file of at least 8 bytes, found \(size); is it cut off?")
    }
    let length = first.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= maximumHeaderBytes else {
      throw .badData(
        path,
        "its header claims \(length) bytes, at most \(maximumHeaderBytes) are allowed; "
          + "is this a safetensors file?")
    }
    guard length <= size - 8 else {
      throw .badData(
        path,
        "its header claims \(length) bytes, the file has only \(size - 8) after it; is it cut off?")
    }
    return Int(length)
  }

  private static func parsed(_ header: [UInt8], _ path: String) throws(FileError) -> [JSON.Member] {
    do {
      return try JSON(parsing: header).members ?? []
    } catch {
      throw .badData(path, "its header is not proper JSON: \(error)".escapingControls)
    }
  }

  private static func notes(in root: [JSON.Member], _ path: String) throws(FileError) -> [String: String] {
    guard let member = root.first(where: { $0.key == metadataKey }) else { return [:] }
    guard let members = member.value.members else {
      throw .badData(path, "\(metadataKey) must be an object")
    }
    var notes: [String: String] = [:]
    for member in members {
      guard let text = member.value.stringValue else {
        let key = member.key.escapingControls
        throw .badData(path, "\(metadataKey): the value of \"\(key)\" must be a string")
      }
      notes[member.key] = text
    }
    return notes
  }

  /// The tensors in the order of their bytes, which must fill the data without hole or overlap.
  private static func entries(
    in root: [JSON.Member], dataBytes: Int, _ path: String
  ) throws(FileError) -> [SafetensorsEntry] {
    var entries: [SafetensorsEntry] = []
    for member in root where member.key != metadataKey {
      entries.append(try SafetensorsEntry(member, path))
    }
    entries.sort { ($0.start, $0.end) < ($1.start, $1.end) }
    var offset = 0
    for entry in entries {
      guard entry.start == offset else {
        let name = entry.name.escapingControls
        throw .badData(
          path,
          "tensor \"\(name)\" begins at byte \(entry.start) of the data, expected \(offset): "
            + (entry.start > offset ? "there is a hole before it" : "it overlaps another"))
      }
      offset = entry.end
    }
    guard offset == dataBytes else {
      throw .badData(
        path,
        "its tensors take \(offset) bytes, the file holds \(dataBytes) bytes of data; "
          + (offset > dataBytes ? "is it cut off?" : "something was appended"))
    }
    return entries
  }

  /// The header as it was when its digest was taken.
  private static func blanking(_ digest: String, in header: [UInt8]) -> [UInt8] {
    let digits = Array(digest.utf8)
    guard !digits.isEmpty, let found = header.firstRange(of: digits) else { return header }
    var blanked = header
    blanked.replaceSubrange(found, with: repeatElement(UInt8(ascii: "0"), count: digits.count))
    return blanked
  }
}

/// What the header says of one tensor.
struct SafetensorsEntry {
  let name: String
  let element: SafetensorsElement
  let shape: [Int]
  let start: Int
  let end: Int

  init(_ member: JSON.Member, _ path: String) throws(FileError) {
    let name = member.key
    func fault(_ reason: String) -> FileError {
      .badData(path, "tensor \"\(name)\": \(reason)".escapingControls)
    }

    guard member.value.members != nil else { throw fault("its entry must be an object") }
    guard let type = member.value["dtype"]?.stringValue else { throw fault("its dtype is missing") }
    guard let element = SafetensorsElement(rawValue: type) else {
      throw fault("its element type \(type) is not one of F32, F64, I32, I64, U8, BOOL")
    }
    guard let shape = member.value["shape"]?.naturals else {
      throw fault("its shape must be a list of whole numbers from 0")
    }
    guard let offsets = member.value["data_offsets"]?.naturals, offsets.count == 2 else {
      throw fault("its data_offsets must be two whole numbers from 0")
    }
    guard offsets[0] <= offsets[1] else {
      throw fault("its data ends at \(offsets[1]), before it begins at \(offsets[0])")
    }
    guard let size = shape.byteCount(ofElements: element.bytes) else {
      throw fault("its shape \(shape) is too large")
    }
    guard size == offsets[1] - offsets[0] else {
      throw fault(
        "its shape \(shape) of \(type) takes \(size) bytes, data_offsets give \(offsets[1] - offsets[0])")
    }
    self.name = name
    self.element = element
    self.shape = shape
    start = offsets[0]
    end = offsets[1]
  }

  /// Reads the tensor where the file stands.
  func read(from file: borrowing InputFile) throws(FileError) -> AnyTensor {
    switch element {
    case .float32: .float32(try tensor(of: Float(0), file))
    case .float64: .float64(try tensor(of: Double(0), file))
    case .int32: .int32(try tensor(of: Int32(0), file))
    case .int64: .int64(try tensor(of: Int64(0), file))
    case .uint8: .uint8(try tensor(of: UInt8(0), file))
    case .bool:
      // A byte that is neither 0 nor 1 must never become a `Bool` by reinterpretation.
      .bool(Tensor(shape: shape, scalars: try tensor(of: UInt8(0), file).scalars.map { $0 != 0 }))
    }
  }

  /// The tensor of its bytes, which `start` and `end` delimit.
  func tensor(of bytes: ArraySlice<UInt8>) -> AnyTensor {
    func scalars<Scalar>(_ zero: Scalar) -> Tensor<Scalar> {
      var tensor = Tensor(repeating: zero, shape: shape)
      tensor.scalars.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
      return tensor
    }
    return switch element {
    case .float32: .float32(scalars(Float(0)))
    case .float64: .float64(scalars(Double(0)))
    case .int32: .int32(scalars(Int32(0)))
    case .int64: .int64(scalars(Int64(0)))
    case .uint8: .uint8(scalars(UInt8(0)))
    case .bool: .bool(Tensor(shape: shape, scalars: bytes.map { $0 != 0 }))
    }
  }

  private func tensor<Scalar>(
    of zero: Scalar, _ file: borrowing InputFile
  ) throws(FileError) -> Tensor<Scalar> {
    var tensor = Tensor(repeating: zero, shape: shape)
    try tensor.scalars.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      try file.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    return tensor
  }
}

extension JSON {
  /// The elements of a list of whole numbers from 0, nil where this is anything else.
  fileprivate var naturals: [Int]? {
    guard let values = arrayValue else { return nil }
    let numbers = values.compactMap(\.intValue)
    return numbers.count == values.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
  }
}
