import MartletGraphs

/// x where positive, else alpha · (e^x - 1).
public struct ELU: Layer {
  /// What the result tends to, negated, for very negative x.
  public let alpha: Double
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(alpha: Double = 1, name: String? = nil, file: String = #fileID, line: Int = #line) {
    self.alpha = alpha
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value {
    origin.trace(.elu, x) { (x: Value, scope: LayerScope) throws(ModelError) -> Value in
      try scope.requireFloat(x)
      try scope.require(
        alpha.isFinite, "a finite alpha", received: "\(alpha)", hint: "Leave it out for 1.")
      return x.elu(alpha: alpha)
    }
  }
}

/// x · Φ(x), Φ the normal distribution's function.
public struct GELU: Layer {
  /// Whether Φ is replaced by (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2.
  public let approximate: Bool
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    approximate: Bool = false, name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.approximate = approximate
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value {
    guard approximate else { return origin.traceActivation(.gelu, .gelu, x) }
    return origin.trace(.gelu, x) { (x: Value, scope: LayerScope) throws(ModelError) -> Value in
      try scope.requireFloat(x)
      // Hendrycks and Gimpel 2016: √(2/π) = 0.7978845608028654.
      let inner = x * (x.squared() * 0.044715 + 1) * 0.7978845608028654
      return x * ((inner.tanh() + 1) * 0.5)
    }
  }
}

/// x · sigmoid(x).
public struct SiLU: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.traceActivation(.silu, .silu, x) }
}

/// log(1 + e^x).
public struct Softplus: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.traceActivation(.softplus, .softplus, x) }
}
