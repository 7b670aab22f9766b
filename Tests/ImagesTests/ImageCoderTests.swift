import Foundation
import MartletImages
import MartletTensors
import Testing

struct ImageCoderTests {
  private func ramp(_ height: Int, _ width: Int, _ channels: Int) -> Tensor<UInt8> {
    Tensor(
      shape: [height, width, channels],
      scalars: (0..<height * width * channels).map { UInt8(truncatingIfNeeded: $0 &* 7) })
  }

  private func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

  /// A PNG header that claims a size, with its right checksum.
  private func header(width: UInt32, height: UInt32) -> [UInt8] {
    let chunk = Array("IHDR".utf8) + bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0]
    var crc = UInt32.max
    for byte in chunk {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + bigEndian(13) + chunk + bigEndian(~crc)
  }

  @Test(arguments: [[1, 1, 1], [5, 3, 1], [28, 28, 1], [7, 9, 3], [100, 1, 3]])
  func pngKeepsEveryPixel(shape: [Int]) throws {
    let image = ramp(shape[0], shape[1], shape[2])
    #expect(try ImageCoder.decode(try ImageCoder.png(image)) == image)
  }

  @Test func everyCutIsRefused() throws {
    let png = try ImageCoder.png(ramp(9, 11, 3))
    for length in 0..<png.count {
      #expect(throws: ImageError.self, "cut at \(length)") {
        try ImageCoder.decode(Array(png.prefix(length)))
      }
    }
    let jpeg = Self.jpeg
    for length in 0..<jpeg.count - 2 {
      #expect(throws: ImageError.self, "cut at \(length)") {
        try ImageCoder.decode(Array(jpeg.prefix(length)))
      }
    }
  }

  @Test func everyFlippedByteIsAnErrorOrAPicture() throws {
    for whole in [try ImageCoder.png(ramp(9, 11, 3)), Self.jpeg] {
      for position in whole.indices {
        var bytes = whole
        bytes[position] ^= 0xFF
        do throws(ImageError) { _ = try ImageCoder.decode(bytes) } catch {
          #expect(error.description.hasPrefix("picture: expected"))
        }
      }
    }
  }

  @Test func hugePicturesAreRefusedByTheirHeader() {
    for (width, height) in [(50_000, 50_000), (1 << 24, 2), (0x7FFF_FFFF, 0x7FFF_FFFF)] as [(UInt32, UInt32)]
    {
      #expect(throws: ImageError.self) { try ImageCoder.decode(header(width: width, height: height)) }
    }
    var jpeg = Self.jpeg
    let frame = jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 } ?? 0
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    let error = #expect(throws: ImageError.self) { try ImageCoder.decode(jpeg) }
    #expect(error?.description.contains("too many pixels") == true)
  }

  @Test func filesAreReadByTheirPath() throws {
    let path = FileManager.default.temporaryDirectory.path + "/martlet-\(UUID().uuidString).png"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let image = ramp(4, 6, 1)
    try AtomicFile.write(try ImageCoder.png(image), to: path)
    #expect(try ImageCoder.decode(file: path) == image)
    #expect(try ImageCoder.decode(file: path, channels: .rgb).shape == [4, 6, 3])
    try AtomicFile.write(Array("GIF89a".utf8), to: path)
    let error = #expect(throws: ImageError.self) { try ImageCoder.decode(file: path) }
    #expect(error?.place == path && error?.description.contains("neither a PNG nor a JPEG") == true)
    #expect(throws: ImageError.self) { try ImageCoder.decode(file: path + "x") }
  }

  @Test func jpegIsDecoded() throws {
    let image = try ImageCoder.decode(Self.jpeg)
    #expect(image.shape == [8, 8, 1])
    // The left half is dark, the right half is light.
    for row in 0..<8 {
      #expect(image.scalars[row * 8 + 1] < 70 && image.scalars[row * 8 + 6] > 180)
    }
    #expect(try ImageCoder.decode(Self.jpeg, channels: .rgb).shape == [8, 8, 3])
  }

  /// An 8x8 gray JPEG, 40 on the left and 210 on the right; written by libjpeg at quality 90.
  static let jpeg: [UInt8] = Array(Data(base64Encoded: jpegText) ?? Data())
  static let jpegText =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQ"
    + "ERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABP/EABgQAAIDAAAAAAAAAAAAAAAA"
    + "AAAJR4XE/9oACAEBAAA/ADrLkit1H//Z"
}
