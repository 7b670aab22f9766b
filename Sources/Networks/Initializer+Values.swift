import MartletTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Initializer {
  /// The elements of a tensor: the value at `index` depends on seed, path and index alone.
  package func values(count: Int, fans: Fans, seed: UInt64, path: String) -> [Float] {
    let stream = RandomStream(
      seed: seed, purpose: .initialize, stream: UInt64(RandomStream.streamNumber(for: path)))
    switch distribution(fans) {
    case .constant(let number): return [Float](repeating: Float(number), count: count)
    case .uniform(let low, let high): return Self.uniform(count, low, high, stream)
    case .normal(let mean, let deviation, let bound):
      return (0..<count).map { Float(mean + deviation * Self.normal(at: $0, within: bound, stream)) }
    }
  }

  private enum Distribution {
    case constant(Double)
    case uniform(Double, Double)
    /// Draws further than `bound` deviations are repeated.
    case normal(mean: Double, deviation: Double, bound: Double)
  }

  /// The deviation of a normal distribution truncated at two deviations.
  private static let truncatedDeviation = 0.87962566103423978

  private func distribution(_ fans: Fans) -> Distribution {
    let inputs = Double(max(fans.inputs, 1))
    let mean = Double(max(fans.inputs + fans.outputs, 1)) / 2
    func symmetric(_ bound: Double) -> Distribution { .uniform(-bound, bound) }
    func truncated(variance: Double) -> Distribution {
      .normal(mean: 0, deviation: variance.squareRoot() / Self.truncatedDeviation, bound: 2)
    }
    switch self {
    case .zeros: return .constant(0)
    case .ones: return .constant(1)
    case .constant(let number): return .constant(number)
    case .uniform(let low, let high): return .uniform(low, high)
    case .normal(let mean, let deviation):
      return .normal(mean: mean, deviation: deviation, bound: .infinity)
    case .truncatedNormal(let mean, let deviation):
      return .normal(mean: mean, deviation: deviation, bound: 2)
    case .glorotUniform: return symmetric((3 / mean).squareRoot())
    case .glorotNormal: return truncated(variance: 1 / mean)
    case .heUniform: return symmetric((6 / inputs).squareRoot())
    case .heNormal: return truncated(variance: 2 / inputs)
    case .lecunUniform: return symmetric((3 / inputs).squareRoot())
    case .lecunNormal: return truncated(variance: 1 / inputs)
    case .kaimingUniform(let a): return symmetric((6 / ((1 + a * a) * inputs)).squareRoot())
    case .kaimingNormal:
      return .normal(mean: 0, deviation: (2 / inputs).squareRoot(), bound: .infinity)
    case .fanInUniform: return symmetric(1 / inputs.squareRoot())
    }
  }

  /// Four values from each block of the stream.
  private static func uniform(_ count: Int, _ low: Double, _ high: Double, _ stream: RandomStream) -> [Float]
  {
    let width = high - low
    func place(_ word: UInt32) -> Float { Float(low + width * (Double(word >> 8) * 0x1p-24)) }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      var index = 0
      while index < count {
        let words = stream.block(UInt64(index / 4))
        buffer[index] = place(words.0)
        if index + 1 < count { buffer[index + 1] = place(words.1) }
        if index + 2 < count { buffer[index + 2] = place(words.2) }
        if index + 3 < count { buffer[index + 3] = place(words.3) }
        index += 4
      }
      initialized = count
    }
  }

  /// A standard normal draw within ±bound (Box and Muller 1958); attempts use disjoint blocks.
  private static func normal(at index: Int, within bound: Double, _ stream: RandomStream) -> Double {
    for attempt in UInt64(0)... {
      let words = stream.block(UInt64(index) | attempt << 40)
      // 1 - u lies in (0, 1], where the logarithm is finite.
      let u = 1 - Double((UInt64(words.0) << 32 | UInt64(words.1)) >> 11) * 0x1p-53
      let angle = Double((UInt64(words.2) << 32 | UInt64(words.3)) >> 11) * 0x1p-53 * 2 * .pi
      let radius = (-2 * log(u)).squareRoot()
      let first = radius * cos(angle)
      if abs(first) <= bound { return first }
      let second = radius * sin(angle)
      if abs(second) <= bound { return second }
    }
    preconditionFailure("the attempts of a normal draw are used up")
  }
}
