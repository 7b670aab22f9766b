import MartletGraphs

/// Applies an activation function as a layer of its own.
public struct Activation: Layer {
  /// The function.
  public let function: ActivationFunction
  private let origin: LayerOrigin

  /// Creates the layer from its function.
  public init(_ function: ActivationFunction, name: String? = nil, file: String = #fileID, line: Int = #line)
  {
    self.function = function
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.traceActivation(.activation, function, x) }
}

/// max(x, 0).
public struct ReLU: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.traceActivation(.relu, .relu, x) }
}

/// x where positive, else slope · x.
public struct LeakyReLU: Layer {
  /// The slope for negative x; nil takes the preset's (Keras 0.3, where the activation function has 0.2; PyTorch
  /// 0.01).
  public let negativeSlope: Double?
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    negativeSlope: Double? = nil, name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.negativeSlope = negativeSlope
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value {
    let slope = negativeSlope ?? (x.graph.settings.preset == .keras ? 0.3 : nil)
    return origin.traceActivation(.leakyReLU, .leakyReLU(negativeSlope: slope), x)
  }
}

/// 1 / (1 + e^-x).
public struct Sigmoid: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.traceActivation(.sigmoid, .sigmoid, x) }
}

/// The hyperbolic tangent.
public struct Tanh: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.traceActivation(.tanh, .tanh, x) }
}

/// Probabilities of each row of scores `[N, classes]`.
public struct Softmax: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The probabilities `[N, classes]` of the scores `[N, classes]`.
  public func callAsFunction(_ x: Value) -> Value { origin.traceActivation(.softmax, .softmax, x) }
}

extension LayerOrigin {
  func traceActivation(_ kind: LayerKind, _ function: ActivationFunction, _ x: Value) -> Value {
    trace(kind, x) { (x: Value, scope: LayerScope) throws(ModelError) -> Value in
      try scope.requireFloat(x)
      return function(x)
    }
  }
}
