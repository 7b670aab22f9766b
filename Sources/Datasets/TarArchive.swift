/// Reads chosen members of a gzip-compressed tar archive into memory; nothing is ever created on disk.
///
/// A member counts by the last part of its name alone. Links, devices, climbing or absolute names and
/// members given twice are refused, wanted or not.
package enum TarArchive {
  private static let blockSize = 512
  private static let mostEntries = 1000

  /// The contents of the members in `wanted`, which names them and their greatest sizes.
  package static func members(
    of path: String, wanted: [String: Int]
  ) throws(DatasetError) -> [String: [UInt8]] {
    // Besides the members: their padding, and small texts and headers.
    let budget = wanted.values.reduce(0, +) + mostEntries * blockSize * 4
    let reader = try GzipReader(path: path, budget: budget)
    var found: [String: [UInt8]] = [:]
    var offset = 0
    for _ in 0..<mostEntries {
      let block = try read(reader, count: blockSize, path: path, offset: offset)
      if block.allSatisfy({ $0 == 0 }) {
        try drain(reader)
        return found
      }
      let entry = try TarEntry(block, file: path, offset: offset)
      offset += blockSize
      if entry.isFile, let limit = wanted[entry.lastName] {
        guard entry.size <= limit, found[entry.lastName] == nil else {
          throw .malformed(
            path, offset: offset - blockSize, expected: "\(entry.lastName) once, of at most \(limit) bytes",
            received: found[entry.lastName] == nil ? "\(entry.size) bytes" : "it a second time")
        }
        found[entry.lastName] = try read(reader, count: entry.size, path: path, offset: offset)
      } else {
        try skip(reader, count: entry.size, path: path, offset: offset)
      }
      let padding = (blockSize - entry.size % blockSize) % blockSize
      try skip(reader, count: padding, path: path, offset: offset + entry.size)
      offset += entry.size + padding
    }
    throw .malformed(
      path, offset: offset, expected: "at most \(mostEntries) members", received: "more")
  }

  private static func read(
    _ reader: GzipReader, count: Int, path: String, offset: Int
  ) throws(DatasetError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let received = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(DatasetError) -> Int in
      try reader.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    guard received == count else {
      throw .malformed(
        path, offset: offset + received, expected: "\(count - received) more bytes of the archive",
        received: "its end", hint: "copy or fetch it again")
    }
    return bytes
  }

  private static func skip(
    _ reader: GzipReader, count: Int, path: String, offset: Int
  ) throws(DatasetError) {
    var rest = count
    while rest > 0 {
      let part = min(rest, 1 << 16)
      _ = try read(reader, count: part, path: path, offset: offset + count - rest)
      rest -= part
    }
  }

  /// Reads to the end, so that the checksum of the whole file has been seen.
  private static func drain(_ reader: GzipReader) throws(DatasetError) {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while try chunk.withUnsafeMutableBufferPointer({ (buffer) throws(DatasetError) -> Int in
      try reader.read(into: UnsafeMutableRawBufferPointer(buffer))
    }) == chunk.count {}
  }
}

/// The header of a member of a tar archive.
private struct TarEntry {
  let lastName: String
  let size: Int
  let isFile: Bool

  init(_ block: [UInt8], file: String, offset: Int) throws(DatasetError) {
    // The checksum counts its own eight bytes as blanks.
    let sum = block.indices.reduce(0) { $0 + (148..<156 ~= $1 ? 32 : Int(block[$1])) }
    guard Self.octal(block[148..<156]) == sum else {
      throw .malformed(
        file, offset: offset, expected: "a tar header with the checksum \(sum)", received: "another",
        hint: "copy or fetch it again")
    }
    guard let size = Self.octal(block[124..<136]) else {
      throw .malformed(
        file, offset: offset + 124, expected: "a size in octal digits", received: "something else")
    }
    let name = String(decoding: block[..<100].prefix { $0 != 0 }, as: UTF8.self)
    let prefix = String(decoding: block[345..<500].prefix { $0 != 0 }, as: UTF8.self)
    let isUstar = block[257..<262].elementsEqual("ustar".utf8)
    let parts = (isUstar && !prefix.isEmpty ? prefix + "/" + name : name)
      .split(separator: "/", omittingEmptySubsequences: true)
    guard !name.hasPrefix("/"), !prefix.hasPrefix("/"), !parts.contains(".."), !name.contains("\\"),
      let last = parts.last
    else {
      throw .malformed(
        file, offset: offset, expected: "a member inside the archive's folder", received: "\"\(name)\"")
    }
    let type = block[156]
    // Plain files; folders; and the remarks (x, g) that some programs write before a member.
    let isFile = type == UInt8(ascii: "0") || type == 0
    guard isFile || [UInt8(ascii: "5"), UInt8(ascii: "x"), UInt8(ascii: "g")].contains(type) else {
      throw .malformed(
        file, offset: offset + 156, expected: "files and folders only",
        received: "\"\(name)\" of type \(type), such as a link or a device")
    }
    lastName = String(last)
    self.size = size
    self.isFile = isFile
  }

  /// A number of at most 11 octal digits, between blanks.
  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
    guard !digits.isEmpty, digits.count <= 11, digits.allSatisfy({ 48...55 ~= $0 }) else { return nil }
    return digits.reduce(0) { $0 << 3 | Int($1 - 48) }
  }
}
