import MartletTensors

/// How an image gets another size.
public enum ResizeMethod: String, Sendable, CaseIterable {
  /// Interpolates between the four nearest pixel centers; edges are repeated.
  ///
  /// The center of output pixel i lies at (i + 1/2) · input/output - 1/2. Shrinking by more than 2 skips
  /// pixels.
  case bilinear
  /// Averages the area that an output pixel covers, with exact weights for pixels cut by its border.
  case area
  /// `area` for an axis that shrinks, `bilinear` for one that grows.
  case automatic
}

extension Tensor<UInt8> {
  /// An image `[H, W, C]` stretched or shrunk to `[height, width, C]`.
  ///
  /// Both axes are weighted in Double and rounded once, half up.
  ///
  /// - Parameters:
  ///   - height: Rows of the result, in pixels.
  ///   - width: Columns of the result, in pixels.
  ///   - method: How pixels are weighted.
  /// - Returns: The new image, `[height, width, C]`.
  public func resized(height: Int, width: Int, method: ResizeMethod = .automatic) -> Tensor<UInt8> {
    precondition(
      shape.count == 3 && count > 0 && height > 0 && width > 0,
      "an image [H, W, C] resized to \(height)x\(width), received \(shape)")
    if height == shape[0], width == shape[1] { return self }
    let rows = ResizeAxis(from: shape[0], to: height, method: method)
    let columns = ResizeAxis(from: shape[1], to: width, method: method)
    let (oldWidth, channels) = (shape[1], shape[2])
    // First along the rows, for the lines that are needed, then across them.
    var lines = [Double](repeating: 0, count: shape[0] * width * channels)
    for row in 0..<shape[0] {
      for (column, taps) in columns.taps.enumerated() {
        for channel in 0..<channels {
          var sum = 0.0
          for (source, weight) in taps {
            sum += weight * Double(scalars[(row * oldWidth + source) * channels + channel])
          }
          lines[(row * width + column) * channels + channel] = sum
        }
      }
    }
    let lineSize = width * channels
    var result = [UInt8](repeating: 0, count: height * lineSize)
    for (row, taps) in rows.taps.enumerated() {
      for position in 0..<lineSize {
        var sum = 0.0
        for (source, weight) in taps { sum += weight * lines[source * lineSize + position] }
        // The errors of Double must not push an exact half down.
        result[row * lineSize + position] = UInt8(Swift.min(255, (sum + 0.5 + 1e-9).rounded(.down)))
      }
    }
    return Tensor(shape: [height, width, channels], scalars: result)
  }
}

/// For each output position of an axis, the input positions it is made of and their weights.
private struct ResizeAxis {
  let taps: [[(source: Int, weight: Double)]]

  init(from input: Int, to output: Int, method: ResizeMethod) {
    let averages =
      switch method {
      case .area: true
      case .bilinear: false
      case .automatic: output < input
      }
    let scale = Double(input) / Double(output)
    taps = (0..<output).map { position in
      averages
        ? Self.average(position, input: input, scale: scale)
        : Self.interpolation(position, input: input, scale: scale)
    }
  }

  private static func average(
    _ position: Int, input: Int, scale: Double
  ) -> [(source: Int, weight: Double)] {
    let begin = Double(position) * scale
    let end = min(begin + scale, Double(input))
    let last = min(Int(end.rounded(.up)), input)
    return (Int(begin)..<last).compactMap { source in
      let covered = min(end, Double(source + 1)) - max(begin, Double(source))
      return covered > 1e-12 ? (source, covered / (end - begin)) : nil
    }
  }

  private static func interpolation(
    _ position: Int, input: Int, scale: Double
  ) -> [(source: Int, weight: Double)] {
    let center = max(0, min((Double(position) + 0.5) * scale - 0.5, Double(input - 1)))
    let first = Int(center)
    let weight = center - Double(first)
    return weight == 0 ? [(first, 1)] : [(first, 1 - weight), (first + 1, weight)]
  }
}
