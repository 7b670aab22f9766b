import Foundation
import MartletImages
import MartletTensors
import Testing

/// Kinds of PNG and JPEG beyond 8-bit gray and color.
struct PictureFormatTests {
  private static func bytes(_ text: String) -> [UInt8] { Array(Data(base64Encoded: text) ?? Data()) }

  /// Each with the pixels expected; written chunk by chunk with Python's zlib and struct.
  static let pictures: [String: (text: String, shape: [Int], pixels: [UInt8])] = [
    "gray of 16 bits": (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABEAAAAABuG5crAAAAD0lEQVR42mNgYGhg+P8fAAUEAn9a+/enAAAAAElFTkSuQmCC",
      [1, 3, 1], [0, 128, 255]
    ),
    "gray with transparency": (
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR42mPg+n+CAQAEugHSfk9NuAAAAABJRU5ErkJggg==",
      [1, 2, 1], [10, 200]
    ),
    "palette": (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEX/AAAA/wABAgOqtXsIAAAACklEQVR42mOQAAAAGgAZgACO"
        + "uwAAAABJRU5ErkJggg==",
      [1, 3, 3], [255, 0, 0, 0, 255, 0, 1, 2, 3]
    ),
    "color with transparency": (
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNgZGJmAAAAFQAH8/QyXgAAAABJRU5ErkJggg==",
      [1, 1, 3], [1, 2, 3]
    ),
    "one bit": (
      "iVBORw0KGgoAAAANSUhEUgAAAAQAAAABAQAAAADRRzJgAAAACklEQVR42mMIAAAAUgBRWqmjOgAAAABJRU5ErkJggg==",
      [1, 4, 1], [0, 255, 0, 255]
    ),
  ]

  @Test(arguments: pictures.keys.sorted())
  func otherKindsOfPNGAreDecoded(_ name: String) throws {
    let picture = try #require(Self.pictures[name])
    let image = try ImageCoder.decode(Self.bytes(picture.text))
    #expect(image == Tensor(shape: picture.shape, scalars: picture.pixels))
  }

  @Test func cmykIsRefusedByName() {
    // 8x8, written by libjpeg from JCS_CMYK.
    let text =
      "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUV"
      + "FQwPFxgWFBgSFBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABQAAQAAAAAAAAAAAAAAAAAAAAj/xAAUEAEAAAAAAAAAAAAAAAAA"
      + "AAAA/9oADgRDAE0AWQBLAAA/AG2bZtm2/9k="
    let error = #expect(throws: ImageError.self) { try ImageCoder.decode(Self.bytes(text)) }
    #expect(error?.description.contains("CMYK is not supported") == true)
  }

  /// 24x16 and gray: 210 in the 8x8 pixels above on the left, 40 elsewhere; written by libjpeg.
  private static let corner = bytes(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMU"
      + "FRUVDA8XGBYUGBIUFRT/wAALCAAQABgBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAAAAgJ/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/a"
      + "AAgBAQAAPwC22HIA/9k=")

  /// The picture with an Exif note of an orientation.
  private func noted(_ orientation: UInt8, littleEndian: Bool, fill: Int = 0) -> [UInt8] {
    let tiff: [UInt8] =
      littleEndian
      ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
      : [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
    let content = Array("Exif\0\0".utf8) + tiff
    return Self.corner.prefix(2) + [UInt8](repeating: 0xFF, count: fill)
      + [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content + Self.corner.dropFirst(2)
  }

  @Test(arguments: 1...8, [true, false])
  func cameraOrientationsAreHonored(_ orientation: Int, littleEndian: Bool) throws {
    // Where the bright corner is seen: above or below, left or right.
    let corners: [(top: Bool, left: Bool)] = [
      (true, true), (true, false), (false, false), (false, true),
      (true, true), (true, false), (false, false), (false, true),
    ]
    let image = try ImageCoder.decode(noted(UInt8(orientation), littleEndian: littleEndian))
    let isTurned = orientation >= 5
    #expect(image.shape == (isTurned ? [24, 16, 1] : [16, 24, 1]))
    let (height, width) = (image.shape[0], image.shape[1])
    func value(_ top: Bool, _ left: Bool) -> UInt8 {
      image.scalars[(top ? 3 : height - 4) * width + (left ? 3 : width - 4)]
    }
    for (top, left) in [(true, true), (true, false), (false, true), (false, false)] {
      let isBright = (top, left) == corners[orientation - 1]
      #expect(isBright ? value(top, left) > 190 : value(top, left) < 60, "\(top) \(left)")
    }
  }

  @Test func fillBytesBeforeTheNoteAreSkipped() throws {
    let plain = try ImageCoder.decode(noted(6, littleEndian: true))
    #expect(plain.shape == [24, 16, 1])
    for fill in 1...3 {
      #expect(try ImageCoder.decode(noted(6, littleEndian: true, fill: fill)) == plain)
    }
  }

  @Test func brokenNotesAreIgnored() throws {
    let plain = try ImageCoder.decode(Self.corner)
    for orientation: UInt8 in [0, 9, 255] {
      #expect(try ImageCoder.decode(noted(orientation, littleEndian: true)) == plain)
    }
    let good = noted(6, littleEndian: false)
    for position in 2..<40 {
      var bytes = good
      bytes[position] ^= 0xFF
      // Whatever it says, it is a picture or an error, and never a crash.
      _ = try? ImageCoder.decode(bytes)
    }
  }
}
