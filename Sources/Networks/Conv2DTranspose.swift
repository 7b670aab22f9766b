import MartletGraphs

/// A transposed convolution with bias and activation: the way back of a `Conv2D` with the same settings.
///
/// `[N, H, W, C]` → `[N, H', W', filters]`. With k = dilation · (kernel - 1) + 1, H' is
/// (H - 1) · stride + k + outputPadding for `.valid`, less twice the padding for an explicit one;
/// H · stride for `.same`, or with an output padding (H - 1) · stride + k mod 2 + outputPadding (Keras).
/// Without an output padding Keras's preset fills `.valid` up to H · stride where k is smaller than the
/// stride; PyTorch's takes 0. The kernel is `[kh, kw, filters, C]`, as in Keras.
public struct Conv2DTranspose: Layer {
  /// The number of output channels.
  public let filters: Int
  /// The extent of the kernel.
  public let kernelSize: Extent
  /// The pixels of the result for each pixel of the image.
  public let strides: Extent
  /// How the border of the result is cut off.
  public let padding: Padding
  /// The rows and columns added at the bottom and right; nil takes the preset's way.
  public let outputPadding: Extent?
  /// The distance between the kernel's cells.
  public let dilation: Extent
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
    outputPadding: Extent? = nil, dilation: Extent = 1, activation: ActivationFunction = .linear,
    useBias: Bool = true, kernelInitializer: Initializer? = nil, biasInitializer: Initializer? = nil,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, trainable: Bool = true,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.strides = strides
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
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
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.conv2DTranspose, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.requireFilters(filters)
    try scope.requireWindow(kernel: kernelSize, strides: strides, dilation: dilation, padding: padding)
    let output = try outputExtent(x, scope)
    let shape = [kernelSize.height, kernelSize.width, filters, x.shape[3]]
    let kernel = try scope.kernel(
      shape, WeightRules(kernelInitializer, kernelRegularizer, kernelConstraint))
    let margins = padding.margins(input: output, kernel: kernelSize, stride: strides, dilation: dilation)
    let window = ConvolutionWindow(
      kernel: kernelSize, stride: strides, dilation: dilation, padding: margins)
    let resultShape = [x.shape[0], output.height, output.width, filters]
    var result = scope.graph.apply(
      .convolution(.inputGradient(window, inputShape: resultShape)), [x, kernel])
    if useBias {
      let rules = WeightRules(biasInitializer, biasRegularizer, biasConstraint)
      result = result + (try scope.bias(filters, kernelShape: shape, rules))
    }
    return activation(result)
  }

  private func outputExtent(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Extent {
    func extent(
      _ input: Int, _ size: Int, _ stride: Int, _ dilation: Int, _ added: Int?
    ) throws(ModelError) -> Int {
      let kernel = (size - 1) * dilation + 1
      let base = (input - 1) * stride
      // Whatever is added, a convolution of the result must have exactly the input's extent again.
      let isOddSame = padding == .same && kernel % 2 == 1
      let least = padding == .same && !isOddSame ? 1 : 0
      let most = isOddSame || padding != .same ? stride - 1 : stride
      if let added {
        try scope.require(
          added >= least && added <= most, "an output padding from \(least) to \(most)",
          received: "\(added)", hint: "It must be smaller than the stride.")
      }
      switch padding {
      case .valid:
        let missing = scope.preset == .keras ? max(stride - kernel, 0) : 0
        return base + kernel + (added ?? missing)
      case .same: return added.map { base + kernel % 2 + $0 } ?? input * stride
      case .explicit(let cells):
        let result = base + kernel + (added ?? 0) - 2 * cells
        try scope.require(
          result > 0, "an explicit padding that leaves at least one pixel", received: "\(cells)",
          hint: "The result is \(base + kernel) pixels wide or high before it is cut off.")
        return result
      }
    }
    return Extent(
      try extent(
        x.shape[1], kernelSize.height, strides.height, dilation.height, outputPadding?.height),
      try extent(x.shape[2], kernelSize.width, strides.width, dilation.width, outputPadding?.width))
  }
}
