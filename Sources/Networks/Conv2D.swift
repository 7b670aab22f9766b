import MartletGraphs

/// A two-dimensional convolution with bias and activation.
///
/// `[N, H, W, C]` → `[N, H', W', filters]` with H' = (H + padding - dilation·(kernel - 1) - 1) / stride + 1,
/// rounded down. A layer that is not `trainable` is frozen; see `Frozen`.
public struct Conv2D: Layer {
  /// The number of output channels.
  public let filters: Int
  /// The extent of the kernel.
  public let kernelSize: Extent
  /// The steps between windows.
  public let strides: Extent
  /// How the border is treated.
  public let padding: Padding
  /// The distance between the kernel's cells.
  public let dilation: Extent
  /// The number of groups that channels and filters are divided into.
  public let groups: Int
  /// What is applied to the result.
  public let activation: ActivationFunction
  /// Whether a bias is added.
  public let useBias: Bool
  /// How the kernel starts; nil takes the preset's initializer.
  public let kernelInitializer: Initializer?
  /// How the bias starts; nil takes the preset's initializer.
  public let biasInitializer: Initializer?
  /// What the kernel adds to the loss.
  public let kernelRegularizer: Regularizer?
  /// What the bias adds to the loss.
  public let biasRegularizer: Regularizer?
  /// What the kernel must keep to.
  public let kernelConstraint: Constraint?
  /// What the bias must keep to.
  public let biasConstraint: Constraint?
  private let origin: LayerOrigin

  /// Creates the layer; only the filters and the kernel's extent are needed.
  public init(
    _ filters: Int, kernelSize: Extent, strides: Extent = 1, padding: Padding = .valid,
    dilation: Extent = 1, groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    kernelInitializer: Initializer? = nil, biasInitializer: Initializer? = nil,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, trainable: Bool = true,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.strides = strides
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.activation = activation
    self.useBias = useBias
    self.kernelInitializer = kernelInitializer
    self.biasInitializer = biasInitializer
    self.kernelRegularizer = kernelRegularizer
    self.biasRegularizer = biasRegularizer
    self.kernelConstraint = kernelConstraint
    self.biasConstraint = biasConstraint
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The feature maps `[N, H', W', filters]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.conv2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try check(x, scope)
    let shape = [kernelSize.height, kernelSize.width, x.shape[3] / groups, filters]
    let kernel = try scope.kernel(
      shape, WeightRules(kernelInitializer, kernelRegularizer, kernelConstraint))
    var result = scope.convolution(
      x, kernel, size: kernelSize, strides: strides, padding: padding, dilation: dilation, groups: groups)
    if useBias {
      let rules = WeightRules(biasInitializer, biasRegularizer, biasConstraint)
      result = result + (try scope.bias(filters, kernelShape: shape, rules))
    }
    return activation(result)
  }

  private func check(_ x: Value, _ scope: LayerScope) throws(ModelError) {
    try scope.requireImages(x)
    try scope.requireFilters(filters)
    try scope.requireWindow(kernel: kernelSize, strides: strides, dilation: dilation, padding: padding)
    let channels = x.shape[3]
    try scope.require(
      groups > 0 && channels % groups == 0 && filters % groups == 0,
      "groups that divide \(channels) channels and \(filters) filters", received: "\(groups) groups",
      hint: "Use a common divisor of both numbers.")
  }
}
