import MartletGraphs

/// Weighs the channels: "what" matters in the image.
///
/// Global mean, dense C / ratio with ReLU, dense C with sigmoid; the channels are multiplied by the result.
public struct ChannelAttention: Layer {
  /// By what the bottleneck is smaller than the channels.
  public let ratio: Int
  /// The least number of units in the bottleneck; nil makes fewer channels than the ratio an error.
  public let minimumUnits: Int?
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    ratio: Int = 16, minimumUnits: Int? = nil, trainable: Bool = true, name: String? = nil,
    file: String = #fileID, line: Int = #line
  ) {
    self.ratio = ratio
    self.minimumUnits = minimumUnits
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The weighed images, of the input's shape `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.channelAttention, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.require(ratio > 0, "a positive ratio", received: "\(ratio)")
    let channels = x.shape[3]
    let units = max(channels / ratio, minimumUnits ?? 0)
    try scope.require(
      units > 0, "at least \(ratio) channels for ratio \(ratio)", received: "\(channels)",
      hint: "Use a smaller ratio or give minimumUnits: 1.")
    var weights = x.mean(axes: [1, 2])
    weights = Dense(units, activation: .relu)(weights)
    weights = Dense(channels, activation: .sigmoid)(weights)
    return x * weights.reshaped([x.shape[0], 1, 1, channels])
  }
}

/// Weighs the positions: "where" in the image to look.
///
/// Mean and maximum over the channels, one convolution to a single map, sigmoid; the positions are
/// multiplied by the result.
public struct SpatialAttention: Layer {
  /// The extent of the convolution's kernel.
  public let kernelSize: Extent
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    kernelSize: Extent = 7, trainable: Bool = true, name: String? = nil, file: String = #fileID,
    line: Int = #line
  ) {
    self.kernelSize = kernelSize
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The weighed images, of the input's shape `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.spatialAttention, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.requirePositive(kernelSize, "kernel")
    let maps = concatenate([x.mean(axes: [3], keepsAxes: true), x.max(axes: [3], keepsAxes: true)])
    let convolution = Conv2D(
      1, kernelSize: kernelSize, padding: .same, activation: .sigmoid, kernelInitializer: .heNormal)
    return x * convolution(maps)
  }
}
