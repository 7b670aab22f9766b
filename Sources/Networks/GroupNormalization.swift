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
    let standard = try scope.standardized(x, epsilon: epsilon) { groupMeans($0, groups) }
    return scope.scaled(
      standard, shape: [channels], gamma: scale ? gammaInitializer : nil,
      beta: center ? betaInitializer : nil)
  }

  /// The mean of each group, repeated for each of its channels: `[N, 1, ..., C]` of `[N, ..., C]`.
  ///
  /// First over the positions: with groups as an axis of the whole image every step would be slow.
  private func groupMeans(_ x: Value, _ groups: Int) -> Value {
    let (samples, channels) = (x.shape[0], x.shape[x.rank - 1])
    let means = x.rank == 2 ? x : x.mean(axes: Array(1..<(x.rank - 1)))
    let grouped = means.reshaped([samples, groups, channels / groups])
    let ones = [Int](repeating: 1, count: x.rank - 2)
    return grouped.mean(axes: [2], keepsAxes: true).broadcast(to: grouped.shape)
      .reshaped([samples] + ones + [channels])
  }
}
