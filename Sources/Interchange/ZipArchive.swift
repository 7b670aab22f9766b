import CMartletZlib
import MartletTensors

/// The members of a zip archive in memory: stored or deflated, none encrypted, none larger than allowed.
package struct ZipArchive: Sendable {
  /// What is read at most.
  package struct Limits: Sendable {
    /// The members.
    package var members = 10_000
    /// The bytes of all members together after inflating.
    package var bytes = 1 << 31

    package init() {}
  }

  package private(set) var members: [(name: String, bytes: [UInt8])] = []

  /// The contents of a member, nil where there is none of the name.
  package subscript(name: String) -> [UInt8]? { members.first { $0.name == name }?.bytes }

  /// Reads an archive; every number is compared with the bytes there are before anything is allocated.
  package init(
    parsing bytes: [UInt8], place: String, limits: Limits = Limits()
  ) throws(InterchangeError) {
    let entries = try Self.directory(bytes, place, limits)
    var left = limits.bytes
    var ranges: [Range<Int>] = []
    for entry in entries {
      let start = try Self.dataStart(of: entry, bytes, place)
      let range = start..<start + entry.compressed
      ranges.append(entry.headerOffset..<range.upperBound)
      guard entry.size <= left else {
        throw InterchangeError(
          at: place, offset: entry.headerOffset, expected: "at most \(limits.bytes) bytes after inflating",
          received: "more with \"\(entry.name)\" of \(entry.size)")
      }
      left -= entry.size
      members.append((entry.name, try entry.contents(bytes[range], place)))
    }
    ranges.sort { $0.lowerBound < $1.lowerBound }
    for (first, second) in zip(ranges, ranges.dropFirst()) where first.upperBound > second.lowerBound {
      throw InterchangeError(
        at: place, offset: second.lowerBound, expected: "members one after another",
        received: "two that overlap")
    }
  }

  /// An archive of stored members; equal members give equal bytes.
  package static func encoding(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in members {
      let offset = file.count
      let letters = Array(name.utf8)
      precondition(bytes.count < 1 << 32 && offset < 1 << 32, "\(name): zip members end at 4 GB")
      var common: [UInt8] = []
      // Version 2.0, names in UTF-8, stored, the first of January 1980.
      for number in [20, 0x0800, 0, 0, 0x21] as [UInt16] { common.append(littleEndian: number) }
      common.append(littleEndian: crc(bytes[...]))
      common.append(littleEndian: UInt32(bytes.count))
      common.append(littleEndian: UInt32(bytes.count))
      common.append(littleEndian: UInt16(letters.count))
      common.append(littleEndian: UInt16(0))
      file.append(littleEndian: localSignature)
      file += common + letters + bytes
      directory.append(littleEndian: entrySignature)
      directory.append(littleEndian: UInt16(20))
      directory += common
      // No comment, first disk, no attributes; a regular file that its owner may write.
      for number in [0, 0, 0] as [UInt16] { directory.append(littleEndian: number) }
      directory.append(littleEndian: UInt32(0o100644) << 16)
      directory.append(littleEndian: UInt32(offset))
      directory += letters
    }
    let start = file.count
    file += directory
    file.append(littleEndian: endSignature)
    for number in [0, 0, UInt16(members.count), UInt16(members.count)] as [UInt16] {
      file.append(littleEndian: number)
    }
    file.append(littleEndian: UInt32(directory.count))
    file.append(littleEndian: UInt32(start))
    file.append(littleEndian: UInt16(0))
    return file
  }

  private static let localSignature: UInt32 = 0x0403_4b50
  private static let entrySignature: UInt32 = 0x0201_4b50
  private static let endSignature: UInt32 = 0x0605_4b50

  static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
  }
}

extension ZipArchive {
  /// What the directory says of a member.
  fileprivate struct Entry {
    var name: String
    var method: UInt16
    var crc: UInt32
    var compressed: Int
    var size: Int
    var headerOffset: Int
  }

  /// The entries of the directory at the archive's end.
  private static func directory(
    _ bytes: [UInt8], _ place: String, _ limits: Limits
  ) throws(InterchangeError) -> [Entry] {
    guard let end = endRecord(bytes) else {
      throw InterchangeError(
        at: place, offset: bytes.count, expected: "a zip archive with its directory at the end",
        received: "\(bytes.count) bytes without", hint: "is the file cut off?")
    }
    var reader = ByteReader(bytes[end...], place: place, origin: 0)
    _ = try reader.uint32("the end record")
    let disks = (try reader.uint16("a disk"), try reader.uint16("a disk"))
    let counts = (try reader.uint16("a count"), try reader.uint16("a count"))
    let size = Int(try reader.uint32("the directory's size"))
    let start = Int(try reader.uint32("the directory's place"))
    guard disks == (0, 0), counts.0 == counts.1, Int(counts.0) <= limits.members, start != 0xffff_ffff else {
      throw reader.fault("one disk and at most \(limits.members) members", "\(counts.1) members, or zip64")
    }
    guard start + size == end else {
      throw reader.fault("a directory of \(size) bytes that ends at \(end)", "one that begins at \(start)")
    }
    var entries: [Entry] = []
    var names: Set<String> = []
    reader = ByteReader(bytes[start..<end], place: place, origin: 0)
    for _ in 0..<Int(counts.0) {
      let entry = try entry(&reader)
      guard names.insert(entry.name).inserted else {
        throw reader.fault("each name once", "\"\(entry.name)\" twice")
      }
      entries.append(entry)
    }
    guard reader.isAtEnd else { throw reader.fault("the end of the directory", "\(reader.remaining) bytes") }
    return entries
  }

  /// Where the end record stands: its comment must reach exactly to the end.
  private static func endRecord(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 22 else { return nil }
    for start in stride(from: bytes.count - 22, through: max(bytes.count - 22 - 0xffff, 0), by: -1)
    where bytes[start] == 0x50 && bytes[start + 1] == 0x4b && bytes[start + 2] == 5 && bytes[start + 3] == 6 {
      let comment = Int(bytes[start + 20]) | Int(bytes[start + 21]) << 8
      if start + 22 + comment == bytes.count { return start }
    }
    return nil
  }

  private static func entry(_ reader: inout ByteReader) throws(InterchangeError) -> Entry {
    guard try reader.uint32("an entry") == entrySignature else {
      throw reader.fault("an entry of the directory", "something else")
    }
    _ = try reader.take(4, "versions")
    let flags = try reader.uint16("flags")
    let method = try reader.uint16("a method")
    _ = try reader.take(4, "a date")
    let crc = try reader.uint32("a checksum")
    let compressed = Int(try reader.uint32("a size"))
    let size = Int(try reader.uint32("a size"))
    let lengths = (
      try reader.uint16("a length"), try reader.uint16("a length"), try reader.uint16("a length")
    )
    _ = try reader.take(8, "attributes")
    let offset = Int(try reader.uint32("a place"))
    let letters = try reader.take(Int(lengths.0), "a name")
    guard let name = String(validating: letters, as: UTF8.self), isSafe(name) else {
      throw reader.fault("a relative name inside the archive", "\(String(decoding: letters, as: UTF8.self))")
    }
    guard flags & 1 == 0 else { throw reader.fault("no encryption", "\"\(name)\" encrypted") }
    guard method == 0 || method == 8 else {
      throw reader.fault("a stored or deflated member", "\"\(name)\" by method \(method)")
    }
    guard compressed != 0xffff_ffff, size != 0xffff_ffff, method == 8 || compressed == size else {
      throw reader.fault("a member below 4 GB", "\"\(name)\" of \(compressed) and \(size) bytes")
    }
    _ = try reader.take(Int(lengths.1) + Int(lengths.2), "notes")
    return Entry(
      name: name, method: method, crc: crc, compressed: compressed, size: size, headerOffset: offset)
  }

  /// Whether a name can be no path out of a folder.
  static func isSafe(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("/") && !name.contains("\\") && !name.contains(":")
      && !name.hasControlCharacters
      && !name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
  }

  /// Where the bytes of a member begin: its own header must agree with the directory.
  private static func dataStart(
    of entry: Entry, _ bytes: [UInt8], _ place: String
  ) throws(InterchangeError) -> Int {
    guard entry.headerOffset <= bytes.count else {
      throw InterchangeError(
        at: place, expected: "\"\(entry.name)\" inside the file of \(bytes.count) bytes",
        received: "byte \(entry.headerOffset)")
    }
    var reader = ByteReader(bytes[entry.headerOffset...], place: place, origin: 0)
    guard try reader.uint32("a member's header") == localSignature else {
      throw reader.fault("the header of \"\(entry.name)\"", "something else")
    }
    _ = try reader.take(22, "a member's header")
    let lengths = (try reader.uint16("a length"), try reader.uint16("a length"))
    guard try reader.take(Int(lengths.0), "a name").elementsEqual(entry.name.utf8) else {
      throw reader.fault("the name \"\(entry.name)\" as in the directory", "another")
    }
    _ = try reader.take(Int(lengths.1), "notes")
    let start = reader.position
    _ = try reader.take(entry.compressed, "\"\(entry.name)\"")
    return start
  }
}

extension ZipArchive.Entry {
  /// The member's bytes, inflated where needed and compared with their checksum.
  fileprivate func contents(
    _ bytes: ArraySlice<UInt8>, _ place: String
  ) throws(InterchangeError) -> [UInt8] {
    func fault(_ expected: String, _ received: String) -> InterchangeError {
      InterchangeError(
        at: place, offset: bytes.startIndex, expected: "\(expected) of \"\(name)\"", received: received,
        hint: "copy the file again")
    }
    var contents = [UInt8](bytes)
    if method == 8 {
      // Deflate makes at most 1032 bytes of one.
      guard size <= bytes.count * 1032 + 64 else {
        throw fault("at most 1032 bytes for each byte", "\(size) for \(bytes.count)")
      }
      guard let inflated = inflated(bytes) else { throw fault("\(size) deflated bytes", "damaged data") }
      contents = inflated
    }
    let found = ZipArchive.crc(contents[...])
    guard found == crc else { throw fault("the checksum \(crc)", "\(found)") }
    return contents
  }

  private func inflated(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var stream = z_stream()
    guard martlet_raw_inflate_begin(&stream) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    // One more than it should be, so that a longer member is noticed.
    var output = [UInt8](repeating: 0, count: size + 1)
    let status = output.withUnsafeMutableBufferPointer { room in
      bytes.withUnsafeBufferPointer { source in
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.avail_in = UInt32(source.count)
        stream.next_out = room.baseAddress
        stream.avail_out = UInt32(room.count)
        return inflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END, Int(stream.total_out) == size, stream.avail_in == 0 else { return nil }
    output.removeLast()
    return output
  }
}
