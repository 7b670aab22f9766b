import MartletGraphs

/// A two-dimensional convolution with bias and activation.
///
/// `[N, H, W, C]` → `[N, H', W', filters]` with H' = (H + padding - dilation·(kernel - 1) - 1) / stride + 1,
/// rounded down.
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
  private let origin: LayerOrigin

  /// Creates the layer; only the filters and the kernel's extent are needed.
  public init(
    _ filters: Int, kernelSize: Extent, strides: Extent = 1, padding: Padding = .valid,
    dilation: Extent = 1, groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    kernelInitializer: Initializer? = nil, biasInitializer: Initializer? = nil,
    kernelRegularizer: Regularizer? = nil, name: String? = nil, file: String = #fileID, line: Int = #line
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
    origin = LayerOrigin(name, file, line)
  }

  /// The feature maps `[N, H', W', filters]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.conv2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try check(x, scope)
    let shape = [kernelSize.height, kernelSize.width, x.shape[3] / groups, filters]
    let kernel = scope.kernel(shape, kernelInitializer, kernelRegularizer)
    let margins = padding.margins(
      input: Extent(x.shape[1], x.shape[2]), kernel: kernelSize, stride: strides, dilation: dilation)
    let window = ConvolutionWindow(
      kernel: kernelSize, stride: strides, dilation: dilation, padding: margins, groups: groups)
    var result = scope.graph.apply(.convolution(.forward(window)), [x, kernel])
    if useBias { result = result + scope.bias(filters, kernelShape: shape, biasInitializer) }
    return activation(result)
  }

  private func check(_ x: Value, _ scope: LayerScope) throws(ModelError) {
    try scope.requireImages(x)
    try scope.require(filters > 0, "a positive number of filters", received: "\(filters)")
    try scope.requirePositive(kernelSize, "kernel")
    try scope.requirePositive(strides, "stride")
    try scope.requirePositive(dilation, "dilation")
    try scope.requireValid(padding)
    let channels = x.shape[3]
    try scope.require(
      groups > 0 && channels % groups == 0 && filters % groups == 0,
      "groups that divide \(channels) channels and \(filters) filters", received: "\(groups) groups",
      hint: "Use a common divisor of both numbers.")
  }
}

extension LayerScope {
  /// A kernel with the preset's initializer where none is given.
  package func kernel(_ shape: [Int], _ initializer: Initializer?, _ regularizer: Regularizer?) -> Value {
    let standard: Initializer = preset == .keras ? .glorotUniform : .kaimingUniform()
    let kernel = parameter("kernel", shape: shape, initializer: initializer ?? standard)
    regularize(kernel, "kernel", regularizer)
    return kernel
  }

  /// A bias with the preset's initializer where none is given.
  package func bias(_ units: Int, kernelShape: [Int], _ initializer: Initializer?) -> Value {
    let standard: Initializer = preset == .keras ? .zeros : .fanInUniform
    return parameter(
      "bias", shape: [units], initializer: initializer ?? standard, fans: Fans(shape: kernelShape))
  }
}
