import CMartletImages
import MartletTensors

/// Reads PNG and JPEG pictures and writes PNG.
public enum ImageCoder {
  /// The most pixels of a picture that is decoded; larger ones are refused before memory is taken.
  public static let mostPixels = 1 << 24
  /// The most bytes of a file that is read.
  package static let mostBytes = 1 << 28

  /// The number of values of a pixel.
  public enum Channels: Int, Sendable {
    /// One gray value; color is converted with the weights 0.299, 0.587 and 0.114.
    case gray = 1
    /// Red, green and blue; gray is repeated.
    case rgb = 3

    /// The channels of data with so many values a pixel; nil where pictures have no such number.
    public init?(count: Int) {
      self.init(rawValue: count)
    }
  }

  /// Decodes a PNG or JPEG file.
  ///
  /// Transparency is dropped, 16 bits are rounded to 8, palettes become colors, and a JPEG is turned upright
  /// by the orientation that the camera noted (Exif). CMYK is refused.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - channels: What is wanted; nil for what the picture has.
  /// - Returns: The pixels, `[H, W, C]`.
  /// - Throws: `ImageError`.
  public static func decode(file path: String, channels: Channels? = nil) throws(ImageError) -> Tensor<UInt8>
  {
    try decode(try contents(of: path), name: path, channels: channels)
  }

  /// The shape `[H, W, C]` that a file will have once decoded, by its header alone.
  package static func shape(ofFile path: String) throws(ImageError) -> [Int] {
    let bytes = try contents(of: path)
    let picture = try header(of: bytes, name: path)
    let extents = [Int(picture.height), Int(picture.width)]
    return (Orientation(of: bytes).isTransposed ? extents.reversed() : extents) + [Int(picture.channels)]
  }

  private static func contents(of path: String) throws(ImageError) -> [UInt8] {
    do { return try InputFile.contents(of: path, limit: mostBytes) } catch {
      throw ImageError(
        at: path, expected: "a PNG or JPEG file", received: "none that can be read (\(error))")
    }
  }

  private static func header(of bytes: [UInt8], name: String) throws(ImageError) -> martlet_picture {
    var picture = martlet_picture()
    try check(name) {
      martlet_picture_probe(bytes, bytes.count, UInt64(mostPixels), &picture, $0)
    }
    return picture
  }

  /// Decodes the bytes of a PNG or JPEG file.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What errors call it.
  ///   - channels: What is wanted; nil for what the picture has.
  /// - Returns: The pixels, `[H, W, C]`.
  /// - Throws: `ImageError`.
  public static func decode(
    _ bytes: [UInt8], name: String = "picture", channels: Channels? = nil
  ) throws(ImageError) -> Tensor<UInt8> {
    var picture = try header(of: bytes, name: name)
    let shape = [Int(picture.height), Int(picture.width), Int(picture.channels)]
    var pixels = [UInt8](repeating: 0, count: shape.reduce(1, *))
    try check(name) { martlet_picture_decode(bytes, bytes.count, &picture, &pixels, $0) }
    let image = Tensor(shape: shape, scalars: pixels).upright(from: Orientation(of: bytes))
    return channels.map { image.converted(to: $0) } ?? image
  }

  /// Encodes an image as PNG.
  ///
  /// - Parameter image: The pixels, `[H, W, C]` with C = 1 or 3.
  /// - Returns: The bytes of the file.
  public static func png(_ image: Tensor<UInt8>) throws(ImageError) -> [UInt8] {
    precondition(
      image.shape.count == 3 && Channels(count: image.shape[2]) != nil,
      "an image [H, W, 1 or 3] is needed, received \(image.shape)")
    guard !image.scalars.isEmpty, image.shape[0] * image.shape[1] <= mostPixels else {
      throw ImageError(
        at: "PNG", expected: "from 1 to \(mostPixels) pixels",
        received: "\(image.shape[1])x\(image.shape[0])", hint: "choose fewer or smaller images")
    }
    var picture = martlet_picture(
      width: UInt32(image.shape[1]), height: UInt32(image.shape[0]), channels: UInt32(image.shape[2]))
    var bytes: [UInt8] = []
    try check("PNG") { message in
      // An array passed as `&bytes` would give its elements; the writer needs the array itself.
      withUnsafeMutablePointer(to: &bytes) { sink in
        martlet_png_encode(
          image.scalars, &picture,
          { context, piece, count in
            guard let context, let piece else { return }
            context.assumingMemoryBound(to: [UInt8].self).pointee
              .append(contentsOf: UnsafeBufferPointer(start: piece, count: count))
          }, sink, message)
      }
    }
    return bytes
  }

  /// Calls C code that returns 0, or another number and a message.
  private static func check(
    _ name: String, _ body: (UnsafeMutablePointer<CChar>) -> Int32
  ) throws(ImageError) {
    var message = [CChar](repeating: 0, count: Int(MARTLET_MESSAGE_SIZE))
    let status = message.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map(body) ?? 0
    }
    guard status == 0 else {
      let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw ImageError(
        at: name, expected: "a whole PNG or JPEG picture of at most \(mostPixels) pixels, grey or RGB",
        received: text, hint: "save it anew with a picture program, or leave it out")
    }
  }
}
