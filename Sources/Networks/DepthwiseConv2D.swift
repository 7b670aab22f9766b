import MartletGraphs

/// A convolution of each channel on its own, with bias and activation.
///
/// `[N, H, W, C]` → `[N, H', W', C · depthMultiplier]`, H' as in `Conv2D`. The kernel is
/// `[kh, kw, 1, C · depthMultiplier]`: channel c becomes the channels from c · depthMultiplier. Keras's
/// kernel `[kh, kw, C, depthMultiplier]` holds the same numbers in the same order.
public struct DepthwiseConv2D: Layer {
  /// The extent of the kernel.
  public let kernelSize: Extent
  /// The steps between windows.
  public let strides: Extent
  /// How the border is treated.
  public let padding: Padding
  /// The number of results for each channel.
  public let depthMultiplier: Int
  /// The distance between the kernel's cells.
  public let dilation: Extent
  /// What is applied to the result.
  public let activation: ActivationFunction
  /// Whether a bias is added.
  public let useBias: Bool
  /// How the kernel starts; nil takes the preset's initializer.
  public let depthwiseInitializer: Initializer?
  /// How the bias starts; nil takes the preset's initializer.
  public let biasInitializer: Initializer?
  /// What the kernel adds to the loss.
  public let depthwiseRegularizer: Regularizer?
  /// What the bias adds to the loss.
  public let biasRegularizer: Regularizer?
  /// What the kernel must keep to.
  public let depthwiseConstraint: Constraint?
  /// What the bias must keep to.
  public let biasConstraint: Constraint?
  private let origin: LayerOrigin

  /// Creates the layer; only the kernel's extent is needed.
  public init(
    kernelSize: Extent, strides: Extent = 1, padding: Padding = .valid, depthMultiplier: Int = 1,
    dilation: Extent = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    depthwiseInitializer: Initializer? = nil, biasInitializer: Initializer? = nil,
    depthwiseRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    depthwiseConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, trainable: Bool = true,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.kernelSize = kernelSize
    self.strides = strides
    self.padding = padding
    self.depthMultiplier = depthMultiplier
    self.dilation = dilation
    self.activation = activation
    self.useBias = useBias
    self.depthwiseInitializer = depthwiseInitializer
    self.biasInitializer = biasInitializer
    self.depthwiseRegularizer = depthwiseRegularizer
    self.biasRegularizer = biasRegularizer
    self.depthwiseConstraint = depthwiseConstraint
    self.biasConstraint = biasConstraint
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The feature maps `[N, H', W', C · depthMultiplier]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.depthwiseConv2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.requireWindow(kernel: kernelSize, strides: strides, dilation: dilation, padding: padding)
    let channels = x.shape[3]
    let kernel = try scope.depthwiseKernel(
      "kernel", kernelSize, channels: channels, multiplier: depthMultiplier,
      WeightRules(depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint))
    var result = scope.convolution(
      x, kernel, size: kernelSize, strides: strides, padding: padding, dilation: dilation, groups: channels)
    if useBias {
      let filters = channels * depthMultiplier
      result =
        result
        + (try scope.bias(
          filters, kernelShape: [kernelSize.height, kernelSize.width, 1, filters],
          WeightRules(biasInitializer, biasRegularizer, biasConstraint)))
    }
    return activation(result)
  }
}

extension LayerScope {
  /// A kernel `[kh, kw, 1, channels · multiplier]` for a convolution of as many groups as channels.
  func depthwiseKernel(
    _ name: String, _ size: Extent, channels: Int, multiplier: Int, _ rules: WeightRules
  ) throws(ModelError) -> Value {
    try require(
      multiplier > 0, "a positive depth multiplier", received: "\(multiplier)",
      hint: "It is the number of results for each channel.")
    // Keras draws for a kernel [kh, kw, C, multiplier], PyTorch for each group's own inputs.
    let field = size.height * size.width
    let fans = preset == .keras ? Fans(inputs: field * channels, outputs: field * multiplier) : nil
    return try kernel(
      [size.height, size.width, 1, channels * multiplier], rules, name: name, fans: fans)
  }
}
