import MartletTensors

/// Writes a cached file piece by piece; it appears whole or not at all.
package struct CacheFileWriter: ~Copyable {
  private var file: AtomicFile
  private var digest = SHA256()
  private let shape: [Int]
  private let isOfficial: Bool

  /// Begins a file for images of the shape `[H, W, C]`.
  package init(path: String, shape: [Int], isOfficial: Bool) throws(FileError) {
    var file = try AtomicFile(path: path)
    // Count and digest are known at the end.
    try file.write([UInt8](repeating: 0, count: CacheFile.headerSize))
    self.file = file
    self.shape = shape
    self.isOfficial = isOfficial
  }

  /// Appends pixels, `[H, W, C]` for each image.
  package mutating func append(_ pixels: ArraySlice<UInt8>) throws(FileError) {
    try pixels.withUnsafeBufferPointer { (buffer) throws(FileError) in
      digest.update(UnsafeRawBufferPointer(buffer))
      try file.write(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Adds the labels, one for each image at each level, and what is to be remembered, and makes the file
  /// visible.
  package consuming func commit(labelLevels: [[UInt8]], notes: [UInt8] = []) throws(FileError) {
    let count = labelLevels[0].count
    precondition(
      file.count == CacheFile.headerSize + shape.reduce(count, *), "\(file.count) bytes for \(count) images")
    for part in labelLevels + [notes] {
      digest.update(part)
      try file.write(part)
    }
    var header = CacheFile.mark
    for field in [CacheFile.version, count] + shape + [labelLevels.count, isOfficial ? 1 : 0] {
      withUnsafeBytes(of: UInt32(field).littleEndian) { header += $0 }
    }
    header += digest.finalize()
    withUnsafeBytes(of: UInt32(notes.count).littleEndian) { header += $0 }
    try file.overwrite(header, at: 0)
    try file.commit()
  }
}

extension CacheFile {
  /// Writes a cached file; it appears whole or not at all.
  package static func write(
    _ images: DecodedImages, isOfficial: Bool, to path: String
  ) throws(FileError) {
    var writer = try CacheFileWriter(path: path, shape: images.shape, isOfficial: isOfficial)
    for piece in images.pixels { try writer.append(piece) }
    try writer.commit(labelLevels: images.labelLevels)
  }
}
