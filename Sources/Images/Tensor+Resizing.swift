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
    let (lineSize, oldLineSize) = (width * channels, oldWidth * channels)
    let result = scalars.withUnsafeBufferPointer { pixels in
      // First along the rows, for those that are needed, then across them. A row of the result is made of
      // rows that follow each other and repeats at most two of the one before: two lines are kept.
      var lines = [Double](repeating: 0, count: 2 * lineSize)
      var held = [-1, -1]
      var sums = [Double](repeating: 0, count: height * lineSize)
      sums.withUnsafeMutableBufferPointer { sums in
        lines.withUnsafeMutableBufferPointer { lines in
          rows.forEachTap { row, source, weight in
            let line = (source & 1) * lineSize
            if held[source & 1] != source {
              held[source & 1] = source
              for place in line..<line + lineSize { lines[place] = 0 }
              columns.forEachTap { column, pixel, weight in
                let (target, start) = (line + column * channels, source * oldLineSize + pixel * channels)
                for channel in 0..<channels {
                  lines[target &+ channel] += weight * Double(pixels[start &+ channel])
                }
              }
            }
            let target = row * lineSize
            for place in 0..<lineSize { sums[target &+ place] += weight * lines[line &+ place] }
          }
        }
      }
      // The errors of Double must not push an exact half down.
      return sums.map { UInt8(Swift.min(255, ($0 + 0.5 + 1e-9).rounded(.down))) }
    }
    return Tensor(shape: [height, width, channels], scalars: result)
  }
}

/// For each output position of an axis, the input positions it is made of and their weights.
private struct ResizeAxis {
  private let taps: [[(source: Int, weight: Double)]]

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

  /// Calls `body` with each output position and each input position that it is made of, in order.
  @inline(__always)
  func forEachTap(_ body: (_ position: Int, _ source: Int, _ weight: Double) -> Void) {
    for position in taps.indices {
      for (source, weight) in taps[position] { body(position, source, weight) }
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
