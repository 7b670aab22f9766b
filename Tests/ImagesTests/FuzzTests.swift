import Foundation
import MartletImages
import MartletTensors
import MartletTestSupport
import Testing

/// Almost right pictures: decoded or refused with an `ImageError`, never more.
@Suite(.serialized) struct FuzzTests {
  @Test func jpeg() { check(fuzz([ImageCoderTests.jpeg], count: 10_000, expecting: ImageError.self, decode)) }

  @Test func png() throws {
    let seeds = try pictures()
    check(fuzz(seeds, count: 10_000, expecting: ImageError.self, decode))
    // With the checksums put right, so that more than these is tried.
    check(
      fuzz(seeds, count: 10_000, expecting: ImageError.self) { try decode(Self.withChecksums($0)) })
  }

  private func pictures() throws -> [[UInt8]] {
    let made = try [[5, 3, 1], [9, 7, 3]].map { shape in
      try ImageCoder.png(
        Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { UInt8(truncatingIfNeeded: $0 &* 7) }))
    }
    return made
      + PictureFormatTests.pictures.keys.sorted().compactMap { name in
        PictureFormatTests.pictures[name].flatMap { Data(base64Encoded: $0.text) }.map { Array($0) }
      }
  }

  private func decode(_ bytes: [UInt8]) throws {
    let image = try ImageCoder.decode(bytes)
    if image.scalars.count > 3 * ImageCoder.mostPixels { throw Beyond(count: image.scalars.count) }
  }

  /// The chunks of a PNG file with their right checksums, as far as the chunks go.
  private static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 12 else { break }
      var crc = UInt32.max
      for byte in bytes[(place + 4)..<(place + 8 + length)] {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
      }
      let sum = withUnsafeBytes(of: (~crc).bigEndian) { Array($0) }
      bytes.replaceSubrange((place + 8 + length)..<(place + 12 + length), with: sum)
      place += 12 + length
    }
    return bytes
  }

  private struct Beyond: Error { let count: Int }

  /// The memory of the largest picture allowed, twice: a header may claim it.
  private func check(_ report: FuzzReport) {
    #expect(report.strange.isEmpty, "\(report.strange)")
    #expect(report.accepted > 0 && report.refused > 0, "\(report)")
    #expect(report.growth < 8 * ImageCoder.mostPixels, "\(report.growth) bytes more")
  }
}
