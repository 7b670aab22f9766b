import MartletGraphs

/// Brings each group of a sample's channels to mean 0 and variance 1, then scales and shifts each channel.
public struct GroupNormalization: Layer {
  /// The number of groups, which divides the channels; -1 for one channel in each (instance normalization).
  public let groups: Int
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

  /// Creates the layer.
  public init(
    groups: Int = 32, epsilon: Double? = nil, center: Bool = true, scale: Bool = true,
    gammaInitializer: Initializer = .ones, betaInitializer: Initializer = .zeros, trainable: Bool = true,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.groups = groups
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    self.gammaInitializer = gammaInitializer
    self.betaInitializer = betaInitializer
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The normalized values, of the input's shape `[N, ..., C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.groupNormalization, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.require(
      x.rank >= 2, "at least [batch, channels]", received: x.shapeText,
      hint: "Use Reshape to add an axis of channels.")
    try scope.requireFloat(x)
    let channels = x.shape[x.rank - 1]
    let groups = groups == -1 ? channels : groups
    try scope.require(
      groups > 0 && channels % groups == 0, "groups that divide \(channels) channels",
      received: "\(groups) groups", hint: "Use a divisor of the channels, or -1 for one channel in each.")
    let positions = x.shape.dropFirst().dropLast().reduce(1, *)
    let grouped = x.reshaped([x.shape[0], positions, groups, channels / groups])
    let standard = try scope.standardized(grouped, axes: [1, 3], epsilon: epsilon).reshaped(x.shape)
    return scope.scaled(
      standard, shape: [channels], gamma: scale ? gammaInitializer : nil,
      beta: center ? betaInitializer : nil)
  }
}
