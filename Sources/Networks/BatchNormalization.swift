import MartletGraphs

/// Brings each channel of a batch to mean 0 and variance 1, then scales and shifts it.
///
/// Training uses the whole batch's moments and moves the running statistics towards them; inference uses
/// the running statistics. Keras's preset keeps the population variance and runs a frozen layer in
/// inference mode; PyTorch's keeps the unbiased variance and trains a frozen layer's statistics on. A layer
/// that is not `trainable` is frozen; see `Frozen`.
public struct BatchNormalization: Layer {
  /// The part of the running statistics that one step keeps; nil takes the preset's (0.99, PyTorch 0.9).
  public let momentum: Double?
  /// What is added to the variance; nil takes the preset's (1e-3, PyTorch 1e-5).
  public let epsilon: Double?
  /// Whether a trained shift is added.
  public let center: Bool
  /// Whether a trained factor is applied.
  public let scale: Bool
  /// How the factor starts; 0 lets a residual block begin as the identity.
  public let gammaInitializer: Initializer
  /// How the shift starts.
  public let betaInitializer: Initializer
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    momentum: Double? = nil, epsilon: Double? = nil, center: Bool = true, scale: Bool = true,
    gammaInitializer: Initializer = .ones, betaInitializer: Initializer = .zeros, trainable: Bool = true,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.momentum = momentum
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    self.gammaInitializer = gammaInitializer
    self.betaInitializer = betaInitializer
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The normalized values, of the input's shape `[N, ..., C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.batchNormalization, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.require(x.rank >= 2, "at least [batch, channels]", received: x.shapeText)
    try scope.requireFloat(x)
    let keras = scope.preset == .keras
    let momentum = momentum ?? (keras ? 0.99 : 0.9)
    let epsilon = epsilon ?? (keras ? 1e-3 : 1e-5)
    try scope.require(
      momentum >= 0 && momentum <= 1, "a momentum between 0 and 1", received: "\(momentum)")
    try scope.requireEpsilon(epsilon)
    let graph = scope.graph
    let channels = [x.shape[x.rank - 1]]
    let gamma =
      scale
      ? scope.parameter("gamma", shape: channels, initializer: gammaInitializer)
      : graph.constant(1, shape: channels)
    let beta =
      center
      ? scope.parameter("beta", shape: channels, initializer: betaInitializer)
      : graph.constant(0, shape: channels)
    let mean = scope.statistic("moving_mean", channels, .zeros)
    let variance = scope.statistic("moving_variance", channels, .ones)

    let isFrozen = keras && graph.settings.isFrozen(scope.path)
    guard graph.purpose == .training, !isFrozen else {
      let factor = gamma / (variance + epsilon).squareRoot()
      return x * factor + (beta - mean * factor)
    }
    let moments = graph.apply(.normalization(.batchMoments), [x])
    try moveStatistics(moments, count: x.shape.dropLast().reduce(1, *), momentum, scope)
    return graph.apply(
      .normalization(.batchNormalize(epsilon: epsilon)), [x, moments, gamma, beta])
  }

  private func moveStatistics(
    _ moments: Value, count: Int, _ momentum: Double, _ scope: LayerScope
  ) throws(ModelError) {
    let unbiased = scope.preset == .pytorch
    try scope.require(
      !unbiased || count > 1, "more than one value for each channel while training", received: "one",
      hint: "The unbiased variance needs a batch of at least 2 samples.")
    let factors = [1, unbiased ? Double(count) / Double(count - 1) : 1]
    for (row, name) in ["moving_mean", "moving_variance"].enumerated() {
      let path = "\(scope.path)/\(name)"
      let batch = moments.slice(axis: 0, start: row, count: 1).reshaped([moments.shape[1]])
      guard let current = scope.graph.currentValue(path) else { continue }
      scope.graph.assign(path, current * momentum + batch * ((1 - momentum) * factors[row]))
    }
  }
}

extension LayerScope {
  fileprivate func statistic(_ name: String, _ shape: [Int], _ initializer: Initializer) -> Value {
    parameter(name, shape: shape, initializer: initializer, role: .state, isTrainable: false)
  }
}
