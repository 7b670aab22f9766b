import MartletGraphs

/// Two convolutions with batch normalization around which the input is led (He and others 2015, basic block).
///
/// activation(normalized conv(activation(normalized conv(x))) + shortcut(x)); the shortcut is the input
/// itself, or a 1x1 convolution with batch normalization where the shape changes. `[N, H, W, C]` →
/// `[N, ⌈H / stride⌉, ⌈W / stride⌉, filters]`. Convolutions have no bias. With strides the odd cell of
/// padding lies as the preset has it: after the image in Keras's, on both sides in PyTorch's.
public struct ResidualBlock: Layer {
  /// The number of output channels.
  public let filters: Int
  /// The side of both kernels, odd.
  public let kernelSize: Int
  /// The steps of the first convolution and of the shortcut.
  public let strides: Extent
  /// What is applied after the first normalization and to the result.
  public let activation: ActivationFunction
  /// Whether the shortcut is a convolution; nil where the shape changes.
  public let projection: Bool?
  /// How the kernels start; nil takes the preset's initializer.
  public let kernelInitializer: Initializer?
  /// What the kernels add to the loss.
  public let kernelRegularizer: Regularizer?
  /// What the kernels must keep to.
  public let kernelConstraint: Constraint?
  private let origin: LayerOrigin

  /// Creates the block; only the filters are needed.
  public init(
    _ filters: Int, kernelSize: Int = 3, strides: Extent = 1, activation: ActivationFunction = .relu,
    projection: Bool? = nil, kernelInitializer: Initializer? = nil, kernelRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, trainable: Bool = true, name: String? = nil,
    file: String = #fileID, line: Int = #line
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.strides = strides
    self.activation = activation
    self.projection = projection
    self.kernelInitializer = kernelInitializer
    self.kernelRegularizer = kernelRegularizer
    self.kernelConstraint = kernelConstraint
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The feature maps `[N, H', W', filters]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.residualBlock, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.requireFilters(filters)
    try scope.requirePositive(strides, "stride")
    try scope.require(
      kernelSize > 0 && kernelSize % 2 == 1, "an odd kernel size", received: "\(kernelSize)",
      hint: "Only then both branches have one shape.")
    let changesShape = strides != 1 || x.shape[3] != filters
    try scope.require(
      !changesShape || projection != false, "\(filters) channels and a stride of 1x1 without projection",
      received: "\(x.shape[3]) channels and a stride of \(strides)", hint: "Leave projection open.")
    let padding: Padding = scope.preset == .keras ? .same : .explicit(kernelSize / 2)
    let first = normalized(x, Extent(kernelSize), strides, padding)
    let second = normalized(activation(first), Extent(kernelSize), 1, padding)
    let shortcut = projection ?? changesShape ? normalized(x, 1, strides, .valid) : x
    return activation(second + shortcut)
  }

  private func normalized(_ x: Value, _ size: Extent, _ strides: Extent, _ padding: Padding) -> Value {
    let convolution = Conv2D(
      filters, kernelSize: size, strides: strides, padding: padding, useBias: false,
      kernelInitializer: kernelInitializer, kernelRegularizer: kernelRegularizer,
      kernelConstraint: kernelConstraint)
    return BatchNormalization()(convolution(x))
  }
}
