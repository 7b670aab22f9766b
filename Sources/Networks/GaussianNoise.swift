import MartletGraphs

/// Adds normal random numbers of mean 0 while training.
///
/// Each number comes from 16 random bits; its distribution function is within 1.5e-4 of the normal one
/// (Bowling and others 2009, "A logistic approximation to the cumulative normal distribution").
public struct GaussianNoise: Layer {
  /// The standard deviation of what is added, 0 or more.
  public let stddev: Double
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(_ stddev: Double, name: String? = nil, file: String = #fileID, line: Int = #line) {
    self.stddev = stddev
    origin = LayerOrigin(name, file, line)
  }

  /// The noisy values, of the input's shape `[N, ...]`; the input itself at inference.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.gaussianNoise, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireFloat(x)
    try scope.require(
      stddev >= 0 && stddev.isFinite, "a standard deviation of 0 or more", received: "\(stddev)",
      hint: "0 adds nothing.")
    guard scope.graph.purpose == .training, stddev > 0 else { return x }
    return x + scope.normalNumbers(shape: x.shape) * stddev
  }
}

extension LayerScope {
  /// Numbers from the normal distribution, by inverting Φ(z) ≈ 1 / (1 + e^-(a·z³ + b·z)).
  fileprivate func normalNumbers(shape: [Int]) -> Value {
    let (cubic, linear) = (0.07056, 1.5976)
    // Masks are 0 or 2, so this is evenly spread over ±(1 - 2^-16), symmetric and never at the ends.
    var even = graph.constant(0x1p-16 - 1)
    var weight = 1.0
    for bit in 1...16 {
      weight /= 2
      even = even + keepMask(rate: 0.5, shape: shape, part: bit) * weight
    }
    let logit = (1 + even).log() - (1 - even).log()
    // The cubic's real root is 2√p · sinh(asinh(s) / 3) with p = b / 3a and s = logit / (2a·p^(3/2)).
    let p = linear / (3 * cubic)
    let root = p.squareRoot()
    let scaled = logit * (1 / (2 * cubic * p * root))
    let third = (scaled + (scaled.squared() + 1).squareRoot()).log() * (1.0 / 3)
    return (third.exp() - (-third).exp()) * root
  }
}
