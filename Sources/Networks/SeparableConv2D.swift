import MartletGraphs

/// A convolution of each channel on its own, then a 1x1 convolution that mixes them, bias and activation.
///
/// `[N, H, W, C]` → `[N, H', W', filters]`, H' as in `Conv2D`. The kernels are
/// `[kh, kw, 1, C · depthMultiplier]` (see `DepthwiseConv2D`) and `[1, 1, C · depthMultiplier, filters]`.
public struct SeparableConv2D: Layer {
  /// The number of output channels.
  public let filters: Int
  /// The extent of the first kernel.
  public let kernelSize: Extent
  /// The steps between windows.
  public let strides: Extent
  /// How the border is treated.
  public let padding: Padding
  /// The distance between the first kernel's cells.
  public let dilation: Extent
  /// The number of results for each channel of the first convolution.
  public let depthMultiplier: Int
  /// What is applied to the result.
  public let activation: ActivationFunction
  /// Whether a bias is added.
  public let useBias: Bool
  /// How the first kernel starts; nil takes the preset's initializer.
  public let depthwiseInitializer: Initializer?
  /// How the second kernel starts; nil takes the preset's initializer.
  public let pointwiseInitializer: Initializer?
  /// How the bias starts; nil takes the preset's initializer.
  public let biasInitializer: Initializer?
  /// What the first kernel adds to the loss.
  public let depthwiseRegularizer: Regularizer?
  /// What the second kernel adds to the loss.
  public let pointwiseRegularizer: Regularizer?
  /// What the bias adds to the loss.
  public let biasRegularizer: Regularizer?
  /// What the first kernel must keep to.
  public let depthwiseConstraint: Constraint?
  /// What the second kernel must keep to.
  public let pointwiseConstraint: Constraint?
  /// What the bias must keep to.
  public let biasConstraint: Constraint?
  private let origin: LayerOrigin

  /// Creates the layer; only the filters and the first kernel's extent are needed.
  public init(
    _ filters: Int, kernelSize: Extent, strides: Extent = 1, padding: Padding = .valid,
    dilation: Extent = 1, depthMultiplier: Int = 1, activation: ActivationFunction = .linear,
    useBias: Bool = true, depthwiseInitializer: Initializer? = nil,
    pointwiseInitializer: Initializer? = nil, biasInitializer: Initializer? = nil,
    depthwiseRegularizer: Regularizer? = nil, pointwiseRegularizer: Regularizer? = nil,
    biasRegularizer: Regularizer? = nil, depthwiseConstraint: Constraint? = nil,
    pointwiseConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, trainable: Bool = true,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.strides = strides
    self.padding = padding
    self.dilation = dilation
    self.depthMultiplier = depthMultiplier
    self.activation = activation
    self.useBias = useBias
    self.depthwiseInitializer = depthwiseInitializer
    self.pointwiseInitializer = pointwiseInitializer
    self.biasInitializer = biasInitializer
    self.depthwiseRegularizer = depthwiseRegularizer
    self.pointwiseRegularizer = pointwiseRegularizer
    self.biasRegularizer = biasRegularizer
    self.depthwiseConstraint = depthwiseConstraint
    self.pointwiseConstraint = pointwiseConstraint
    self.biasConstraint = biasConstraint
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The feature maps `[N, H', W', filters]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.separableConv2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.requireFilters(filters)
    try scope.requireWindow(kernel: kernelSize, strides: strides, dilation: dilation, padding: padding)
    let channels = x.shape[3]
    let depthwise = try scope.depthwiseKernel(
      "depthwise_kernel", kernelSize, channels: channels, multiplier: depthMultiplier,
      WeightRules(depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint))
    let shape = [1, 1, channels * depthMultiplier, filters]
    let pointwise = try scope.kernel(
      shape, WeightRules(pointwiseInitializer, pointwiseRegularizer, pointwiseConstraint),
      name: "pointwise_kernel")
    let parts = scope.convolution(
      x, depthwise, size: kernelSize, strides: strides, padding: padding, dilation: dilation,
      groups: channels)
    var result = scope.convolution(parts, pointwise, size: 1)
    if useBias {
      let rules = WeightRules(biasInitializer, biasRegularizer, biasConstraint)
      result = result + (try scope.bias(filters, kernelShape: shape, rules))
    }
    return activation(result)
  }
}
