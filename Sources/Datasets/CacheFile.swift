import Foundation
import MartletTensors

/// A cached file, mapped: a header of one page, the pixels `[N, H, W, C]`, the labels level by level, then what
/// else is to be remembered.
///
/// The header holds, in this order: the mark, then as little-endian 32-bit numbers the version, the count,
/// height, width, channels, levels of labels and whether the bytes are official, then the SHA-256 digest of
/// everything after the header, then the bytes of what is to be remembered.
package struct CacheFile: Sendable {
  package let path: String
  package let data: Data
  package let count: Int
  /// The shape `[H, W, C]` of an image.
  package let shape: [Int]
  package let levels: Int
  package let isOfficial: Bool
  /// What is to be remembered besides, behind the labels.
  package let notes: [UInt8]
  private let digest: [UInt8]

  static let mark = Array("MARTLETD".utf8)
  static let version = 1
  static let headerSize = 4096
  static let digestRange = 36..<68
  static let notesRange = 68..<72

  /// Maps a cached file; nil where there is none or it is not whole, so that it is made again.
  package init?(path: String) {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped),
      data.count > Self.headerSize, data.prefix(Self.mark.count).elementsEqual(Self.mark)
    else { return nil }
    func number(at start: Int) -> Int {
      data[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let fields = (0..<7).map { number(at: Self.mark.count + 4 * $0) }
    guard fields[0] == Self.version, fields[1] > 0, fields[5] > 0 else { return nil }
    self.path = path
    self.data = data
    count = fields[1]
    shape = Array(fields[2..<5])
    levels = fields[5]
    isOfficial = fields[6] == 1
    digest = Array(data[Self.digestRange])
    var size = count
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard extent > 0, !overflow else { return nil }
      size = product
    }
    let (labels, labelOverflow) = count.multipliedReportingOverflow(by: levels)
    let (payload, overflow) = size.addingReportingOverflow(labels)
    let noted = number(at: Self.notesRange.lowerBound)
    guard !labelOverflow, !overflow, data.count - Self.headerSize - noted == payload else { return nil }
    notes = Array(data.suffix(noted))
  }

  /// Where the pixels lie in `data`.
  package var pixels: Range<Int> {
    Self.headerSize..<Self.headerSize + shape.reduce(count, *)
  }

  /// The labels of one level.
  package func labels(level: Int) -> [Int32] {
    let start = pixels.upperBound + level * count
    return data.withUnsafeBytes { bytes in bytes[start..<start + count].map { Int32($0) } }
  }

  /// Recomputes the digest of everything after the header.
  package func verify() throws(DatasetError) {
    var digest = SHA256()
    data.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[Self.headerSize...])) }
    let received = digest.finalize()
    guard received == self.digest else {
      // Only a cache: without the file the next run makes it again.
      unlink(path)
      throw DatasetError(
        .badData, at: path, expected: "SHA-256 \(Self.hex(self.digest))",
        received: Self.hex(received), hint: "the damaged cache file has been removed; run again")
    }
  }

  private static func hex(_ digest: [UInt8]) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
