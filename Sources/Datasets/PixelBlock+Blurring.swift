import Foundation

extension PixelBlock {
  /// Blurs the image by a Gaussian, as SciPy's `gaussian_filter` with the mode `nearest`: four deviations to
  /// each side, edges repeated; results are rounded half up.
  ///
  /// - Parameter deviation: The Gaussian's, in pixels; 0 changes nothing.
  package func blur(deviation: Double) {
    guard deviation > 0 else { return }
    let radius = Int(4 * deviation + 0.5)
    var weights = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (deviation * deviation)) }
    let sum = weights.reduce(0, +)
    weights = weights.map { $0 / sum }
    // Down the columns first, then along the rows.
    var columns = [Double](repeating: 0, count: count)
    for row in 0..<height {
      for (offset, weight) in weights.enumerated() {
        let source = max(0, min(height - 1, row + offset - radius)) * line
        for place in 0..<line { columns[row * line + place] += weight * Double(pixels[source + place]) }
      }
    }
    for row in 0..<height {
      for column in 0..<width {
        for channel in 0..<channels {
          var sum = 0.0
          for (offset, weight) in weights.enumerated() {
            let source = max(0, min(width - 1, column + offset - radius))
            sum += weight * columns[row * line + source * channels + channel]
          }
          // The errors of Double must not push an exact half down.
          let rounded = UInt8(min(255, (sum + 0.5 + 1e-9).rounded(.down)))
          pixels[row * line + column * channels + channel] = rounded
        }
      }
    }
  }
}
