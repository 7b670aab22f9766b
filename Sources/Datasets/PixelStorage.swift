import Foundation

/// The bytes behind data sets: an array or a mapped file, shared by all views.
package struct PixelStorage: Sendable {
  private let data: Data
  private let range: Range<Int>
  /// The cached file that is mapped; nil for bytes in memory.
  package let cached: CacheFile?

  /// Keeps bytes in memory.
  package init(_ bytes: [UInt8]) { self.init(Data(bytes)) }

  /// Keeps bytes in memory, without a copy.
  package init(_ bytes: Data) {
    data = bytes
    range = 0..<bytes.count
    cached = nil
  }

  /// The part of a mapped file that holds pixels.
  package init(_ file: CacheFile) {
    data = file.data
    range = file.pixels
    cached = file
  }

  package var count: Int { range.count }

  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try data.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }
}
