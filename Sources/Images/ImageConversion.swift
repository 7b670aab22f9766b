import MartletDatasets
import MartletTensors

/// What becomes of an image whose sides are in another proportion than wanted.
public enum ImageFit: String, Sendable, CaseIterable {
  /// Rows and columns are scaled by factors of their own.
  case stretch
  /// The largest middle part of the wanted proportion is cut out and scaled.
  case crop
  /// The whole image is scaled to fit inside, in the middle; the rest is black.
  case pad
}

/// How pictures of any size become images of one size, for a data set or for predicting.
///
/// As text, in checkpoints for instance, it is `32x32x3 automatic stretch`.
public struct ImageConversion: Sendable, Equatable, CustomStringConvertible {
  /// Rows of the result, in pixels.
  public let height: Int
  /// Columns of the result, in pixels.
  public let width: Int
  /// Values of a pixel.
  public let channels: ImageCoder.Channels
  /// How pixels are weighted.
  public let method: ResizeMethod
  /// What becomes of other proportions.
  public let fit: ImageFit

  /// The largest height and width, in pixels.
  private static let greatestEdge = 4096

  /// Creates a conversion to images `[height, width, channels]`.
  ///
  /// - Parameters:
  ///   - height: Rows of the result, in pixels, at most 4096.
  ///   - width: Columns of the result, in pixels, at most 4096.
  ///   - channels: Values of a pixel.
  ///   - method: How pixels are weighted.
  ///   - fit: What becomes of other proportions.
  /// - Throws: `DatasetError` of kind `badArgument` for a size out of range.
  public init(
    height: Int, width: Int, channels: ImageCoder.Channels, method: ResizeMethod = .automatic,
    fit: ImageFit = .stretch
  ) throws(DatasetError) {
    guard 1...Self.greatestEdge ~= height, 1...Self.greatestEdge ~= width else {
      throw DatasetError(
        .badArgument, at: "image size", expected: "rows and columns from 1 to \(Self.greatestEdge)",
        received: "\(height)x\(width)")
    }
    self.height = height
    self.width = width
    self.channels = channels
    self.method = method
    self.fit = fit
  }

  /// Reads the text that `description` gives.
  ///
  /// - Parameter text: Rows, columns and channels, the method and the fit, such as `32x32x3 area pad`.
  /// - Throws: `DatasetError` of kind `badArgument` that says what is allowed.
  public init(parsing text: String) throws(DatasetError) {
    let words = text.split(separator: " ").map(String.init)
    let extents = (words.first ?? "").split(separator: "x").compactMap { Int($0) }
    guard words.count == 3, extents.count == 3, let channels = ImageCoder.Channels(count: extents[2]),
      let method = ResizeMethod(rawValue: words[1]), let fit = ImageFit(rawValue: words[2])
    else {
      let methods = ResizeMethod.allCases.map(\.rawValue).joined(separator: ", ")
      let fits = ImageFit.allCases.map(\.rawValue).joined(separator: ", ")
      throw DatasetError(
        .badArgument, at: "image conversion",
        expected: "ROWSxCOLUMNSxCHANNELS, a method (\(methods)) and a fit (\(fits))", received: "\"\(text)\"",
        hint: "for instance 32x32x3 automatic stretch")
    }
    try self.init(height: extents[0], width: extents[1], channels: channels, method: method, fit: fit)
  }

  /// The text that `init(parsing:)` reads.
  public var description: String {
    "\(height)x\(width)x\(channels.rawValue) \(method.rawValue) \(fit.rawValue)"
  }

  /// The shape `[H, W, C]` of the results.
  public var shape: [Int] { [height, width, channels.rawValue] }

  /// Converts an image.
  ///
  /// - Parameter image: The pixels, `[H, W, C]` with C = 1 or 3.
  /// - Returns: The pixels, `[height, width, channels]`.
  public func callAsFunction(_ image: Tensor<UInt8>) -> Tensor<UInt8> {
    let image = image.converted(to: channels)
    switch fit {
    case .stretch: return image.resized(height: height, width: width, method: method)
    case .crop:
      // In whole numbers: the proportion of the result within the image.
      let rows = min(image.shape[0], max(1, image.shape[1] * height / width))
      let columns = min(image.shape[1], max(1, image.shape[0] * width / height))
      return image.cropped(
        top: (image.shape[0] - rows) / 2, left: (image.shape[1] - columns) / 2, height: rows, width: columns
      ).resized(height: height, width: width, method: method)
    case .pad:
      let scale = min(
        Double(height) / Double(image.shape[0]), Double(width) / Double(image.shape[1]))
      let rows = min(height, max(1, Int((Double(image.shape[0]) * scale).rounded())))
      let columns = min(width, max(1, Int((Double(image.shape[1]) * scale).rounded())))
      return image.resized(height: rows, width: columns, method: method).padded(
        top: (height - rows) / 2, left: (width - columns) / 2, height: height, width: width)
    }
  }

  /// Decodes and converts a PNG or JPEG file.
  ///
  /// - Parameter path: The file.
  /// - Returns: The pixels, `[height, width, channels]`.
  /// - Throws: `ImageError` where the file cannot be decoded.
  public func image(file path: String) throws(ImageError) -> Tensor<UInt8> {
    self(try ImageCoder.decode(file: path))
  }
}

extension Tensor<UInt8> {
  /// A part of an image `[H, W, C]`.
  fileprivate func cropped(top: Int, left: Int, height: Int, width: Int) -> Tensor<UInt8> {
    let channels = shape[2]
    var result: [UInt8] = []
    result.reserveCapacity(height * width * channels)
    for row in top..<top + height {
      let start = (row * shape[1] + left) * channels
      result += scalars[start..<start + width * channels]
    }
    return Tensor(shape: [height, width, channels], scalars: result)
  }

  /// An image `[H, W, C]` on a larger black one.
  fileprivate func padded(top: Int, left: Int, height: Int, width: Int) -> Tensor<UInt8> {
    if shape[0] == height, shape[1] == width { return self }
    let line = shape[1] * shape[2]
    var result = Tensor(repeating: 0, shape: [height, width, shape[2]])
    for row in 0..<shape[0] {
      let start = ((top + row) * width + left) * shape[2]
      result.scalars.replaceSubrange(start..<start + line, with: scalars[row * line..<(row + 1) * line])
    }
    return result
  }
}
