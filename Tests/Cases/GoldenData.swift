/// The batches and the initial weights of the goldens, which their makers compute as well.
package enum GoldenData {
  package static let classes = 10

  /// The labels `[size]` of a step, counted from 0.
  package static func labels(step: Int, size: Int) -> [Int32] {
    let seed = Hash.seed("labels")
    return (0..<size).map { Int32((Hash.word(seed, step * size + $0) >> 32) % UInt64(classes)) }
  }

  /// The bytes `[size, height, width, channels]` of a step: stripes that depend on the class, plus noise.
  ///
  /// - Parameter shape: `[height, width, channels]`.
  package static func images(step: Int, size: Int, shape: [Int]) -> [UInt8] {
    let labels = labels(step: step, size: size).map { Int($0) }
    let (width, channels) = (shape[1], shape[2])
    let count = shape.reduce(1, *)
    let seed = Hash.seed("images")
    return (0..<size * count).map { index in
      let noise = Int(Hash.word(seed, step * size * count + index) >> 57)
      let row = index % count / (width * channels)
      let column = index / channels % width
      return UInt8(noise + 128 * ((row + labels[index / count] * column) / 5 % 2))
    }
  }

  /// The initial elements of a weight or statistic; the last part of its path says what it is.
  package static func initial(_ path: String, shape: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    func uniform(_ limit: Double, around center: Double = 0) -> [Float] {
      let seed = Hash.seed(path)
      return (0..<count).map { Float(center + Double(Float((Hash.unit(seed, $0) * 2 - 1) * limit))) }
    }
    switch path.split(separator: "/").last {
    case "kernel":
      let area = shape.dropLast(2).reduce(1, *)
      let fans = area * shape[shape.count - 2] + area * shape[shape.count - 1]
      return uniform((6 / Double(fans)).squareRoot())
    case "bias", "beta": return uniform(0.1)
    case "gamma": return uniform(0.25, around: 1)
    case "moving_mean": return [Float](repeating: 0, count: count)
    case "moving_variance": return [Float](repeating: 1, count: count)
    default: preconditionFailure("the goldens know no tensor \(path)")
    }
  }
}
