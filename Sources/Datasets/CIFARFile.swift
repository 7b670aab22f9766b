/// A file in the binary format of CIFAR: records of label bytes and three planes of 32x32 pixels.
package enum CIFARFile {
  package static let side = 32
  private static let planeSize = side * side

  /// The bytes of a record with so many label bytes.
  package static func recordSize(labelBytes: Int) -> Int { labelBytes + 3 * planeSize }

  /// Checks length and labels, and brings the planes into the order `[N, H, W, C]`.
  ///
  /// - Parameter classes: The number of classes of each label byte.
  package static func decode(
    _ bytes: [UInt8], file: String, classes: [Int]
  ) throws(DatasetError) -> DecodedImages {
    let recordSize = recordSize(labelBytes: classes.count)
    let rest = bytes.count % recordSize
    guard !bytes.isEmpty, rest == 0 else {
      // Protocol 2 and later of Python's pickle begin so; a label of 128 does not exist.
      let isPickle = bytes.first == 0x80
      throw .malformed(
        file, offset: bytes.count - rest, expected: "whole records of \(recordSize) bytes",
        received: bytes.isEmpty ? "an empty file" : "\(rest) bytes",
        hint: isPickle ? "this is the Python version; get the binary version" : "copy or fetch it again")
    }
    let count = bytes.count / recordSize
    var levels = classes.map { _ in [UInt8](repeating: 0, count: count) }
    for record in 0..<count {
      for level in classes.indices {
        let offset = record * recordSize + level
        guard Int(bytes[offset]) < classes[level] else {
          throw .malformed(
            file, offset: offset, expected: "a label from 0 to \(classes[level] - 1)",
            received: "\(bytes[offset])", hint: "check that this is the binary version of this data set")
        }
        levels[level][record] = bytes[offset]
      }
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: count * 3 * planeSize) { output, initialized in
      bytes.withUnsafeBufferPointer { input in
        for record in 0..<count {
          interleave(
            input, from: record * recordSize + classes.count, into: output, at: record * 3 * planeSize)
        }
      }
      initialized = count * 3 * planeSize
    }
    return DecodedImages(shape: [side, side, 3], pixels: [pixels[...]], labelLevels: levels)
  }

  private static func interleave(
    _ input: UnsafeBufferPointer<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>,
    at position: Int
  ) {
    for pixel in 0..<planeSize {
      let target = position &+ 3 &* pixel
      output[target] = input[start &+ pixel]
      output[target &+ 1] = input[start &+ planeSize &+ pixel]
      output[target &+ 2] = input[start &+ 2 &* planeSize &+ pixel]
    }
  }
}
