import MartletGraphs

/// Brings each sample to mean 0 and variance 1 over some axes, then scales and shifts along these axes.
public struct LayerNormalization: Layer {
  /// The axes that are normalized together, the batch not among them; negative ones count from the end.
  public let axes: [Int]
  /// What is added to the variance; nil takes the preset's (1e-3, PyTorch 1e-5).
  public let epsilon: Double?
  /// Whether a trained shift is added.
  public let center: Bool
  /// Whether a trained factor is applied.
  public let scale: Bool
  /// How the factor starts.
  public let gammaInitializer: Initializer
  /// How the shift starts.
  public let betaInitializer: Initializer
  private let origin: LayerOrigin

  /// Creates the layer; the last axis is Keras's default, PyTorch's layer names its trailing axes.
  public init(
    axes: [Int] = [-1], epsilon: Double? = nil, center: Bool = true, scale: Bool = true,
    gammaInitializer: Initializer = .ones, betaInitializer: Initializer = .zeros, trainable: Bool = true,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.axes = axes
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    self.gammaInitializer = gammaInitializer
    self.betaInitializer = betaInitializer
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The normalized values, of the input's shape `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.layerNormalization, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireFloat(x)
    let chosen = axes.map { $0 < 0 ? $0 + x.rank : $0 }.sorted()
    try scope.require(
      !chosen.isEmpty && Set(chosen).count == chosen.count
        && chosen.allSatisfy { $0 > 0 && $0 < x.rank },
      "different axes of \(x.shapeText) without the batch", received: "\(axes)",
      hint: "-1 is the last axis; [1, 2, 3] are all of an image's.")
    let first = chosen[0]
    let shape = (first..<x.rank).map { chosen.contains($0) ? x.shape[$0] : 1 }
    return scope.scaled(
      try scope.standardized(x, epsilon: epsilon) { $0.mean(axes: chosen, keepsAxes: true) },
      shape: shape,
      gamma: scale ? gammaInitializer : nil, beta: center ? betaInitializer : nil)
  }
}

extension LayerScope {
  /// (x - mean) / √(variance + epsilon) with the population's moments.
  ///
  /// - Parameters:
  ///   - epsilon: nil takes the preset's (1e-3, PyTorch 1e-5).
  ///   - mean: The means of a value of the input's shape, of a shape that broadcasts to it.
  func standardized(
    _ x: Value, epsilon: Double?, mean: (Value) -> Value
  ) throws(ModelError) -> Value {
    let epsilon = epsilon ?? (preset == .keras ? 1e-3 : 1e-5)
    try requireEpsilon(epsilon)
    let centered = x - mean(x)
    let variance = mean(centered.squared())
    return centered * (variance + epsilon).squareRoot().reciprocal()
  }

  /// The values times a trained factor plus a trained shift, each where it has an initializer.
  func scaled(_ x: Value, shape: [Int], gamma: Initializer?, beta: Initializer?) -> Value {
    var result = x
    if let gamma { result = result * parameter("gamma", shape: shape, initializer: gamma) }
    if let beta { result = result + parameter("beta", shape: shape, initializer: beta) }
    return result
  }

  /// Requires an epsilon that keeps a variance of 0 from being divided by.
  func requireEpsilon(_ epsilon: Double) throws(ModelError) {
    try require(epsilon > 0 && epsilon.isFinite, "a positive epsilon", received: "\(epsilon)")
  }
}
