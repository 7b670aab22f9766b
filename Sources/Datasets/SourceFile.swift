import MartletTensors

/// Reads the files of data sets whole, compressed or not, within a limit.
package enum SourceFile {
  private static let gzipMagic: [UInt8] = [0x1f, 0x8b]

  /// The bytes of a file, inflated where it begins as a gzip file does.
  package static func contents(of path: String, limit: Int) throws(DatasetError) -> [UInt8] {
    if try isCompressed(path) { return try GzipReader.contents(of: path, budget: limit) }
    do { return try InputFile.contents(of: path, limit: limit) } catch { throw DatasetError(error) }
  }

  package static func isCompressed(_ path: String) throws(DatasetError) -> Bool {
    do {
      let file = try InputFile(path: path)
      guard file.size > gzipMagic.count else { return false }
      return try file.read(count: gzipMagic.count) == gzipMagic
    } catch {
      throw DatasetError(error)
    }
  }

  package static func digest(of bytes: [UInt8]) -> String {
    var digest = SHA256()
    digest.update(bytes)
    return digest.hexDigest()
  }
}
