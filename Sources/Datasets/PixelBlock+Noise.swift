import Foundation
import MartletTensors

extension PixelBlock {
  /// Adds an independent normal number to each value; the results are rounded, half up, and stay within 0
  /// and 255.
  ///
  /// - Parameters:
  ///   - deviation: The numbers' standard deviation, in levels of 255.
  ///   - stream: Where they come from; for another deviation they are the same, scaled.
  package func addNoise(deviation: Double, _ stream: RandomStream) {
    guard deviation > 0 else { return }
    for index in stride(from: 0, to: count, by: 2) {
      let (first, second) = stream.normalPair(at: UInt64(index / 2))
      add(deviation * first, at: index)
      if index + 1 < count { add(deviation * second, at: index + 1) }
    }
  }

  private func add(_ number: Double, at index: Int) {
    let changed = (Double(pixels[index]) + number + 0.5).rounded(.down)
    pixels[index] = UInt8(max(0, min(255, changed)))
  }
}

extension RandomStream {
  /// Two independent numbers of mean 0 and variance 1 (Box and Muller 1958).
  package func normalPair(at index: UInt64) -> (Double, Double) {
    // 1 - u is never 0.
    let radius = (-2 * log(1 - uniformDouble(at: 2 * index))).squareRoot()
    let angle = 2 * Double.pi * uniformDouble(at: 2 * index + 1)
    return (radius * cos(angle), radius * sin(angle))
  }
}
