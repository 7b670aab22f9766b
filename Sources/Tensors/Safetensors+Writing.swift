extension TensorFile {
  /// Writes the file whole or not at all; equal tensors and notes give equal bytes.
  ///
  /// Tensors stand in the order of their names' bytes. The names must differ.
  package func write(to path: String) throws(FileError) {
    let sorted = tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let zeros = String(repeating: "0", count: 64)
    var digest = SHA256()
    digest.update(header(of: sorted, digest: zeros))
    for tensor in sorted { tensor.value.withUnsafeBytes { digest.update($0) } }

    let header = header(of: sorted, digest: digest.hexDigest())
    var file = try AtomicFile(path: path)
    try file.write(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) })
    try file.write(header)
    for tensor in sorted {
      try tensor.value.withUnsafeBytes { (bytes) throws(FileError) in try file.write(bytes) }
    }
    try file.commit()
  }

  /// The header's JSON, filled with spaces so that the data starts at a multiple of eight.
  private func header(of sorted: [(name: String, value: AnyTensor)], digest: String) -> [UInt8] {
    var names: Set<String> = [Self.metadataKey]
    var notes = metadata
    notes[Self.digestKey] = digest
    let noteMembers = notes.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { JSON.Member($0.key, .string($0.value)) }
    var members = [JSON.Member(Self.metadataKey, .object(noteMembers))]
    var offset = 0
    for (name, value) in sorted {
      precondition(names.insert(name).inserted, "a tensor file with the name \"\(name)\" twice or reserved")
      let end = offset + value.withUnsafeBytes { $0.count }
      members.append(
        JSON.Member(
          name,
          [
            "dtype": .string(SafetensorsElement(value).rawValue),
            "shape": .array(value.shape.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(end)],
          ]))
      offset = end
    }
    var bytes = Array(JSON.object(members).text.utf8)
    bytes.append(contentsOf: repeatElement(0x20, count: (8 - bytes.count % 8) % 8))
    return bytes
  }
}
