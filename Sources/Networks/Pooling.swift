import MartletGraphs

/// The maximum over windows; the gradient goes to the first maximum in scan order.
///
/// `[N, H, W, C]` → `[N, H', W', C]` with H' = (H + padding - size) / stride + 1, rounded down.
public struct MaxPooling2D: Layer {
  /// The extent of a window.
  public let poolSize: Extent
  /// The steps between windows; nil for windows side by side.
  public let strides: Extent?
  /// How the border is treated.
  public let padding: Padding
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    _ poolSize: Extent = 2, strides: Extent? = nil, padding: Padding = .valid, name: String? = nil,
    file: String = #fileID, line: Int = #line
  ) {
    self.poolSize = poolSize
    self.strides = strides
    self.padding = padding
    origin = LayerOrigin(name, file, line)
  }

  /// The maxima `[N, H', W', C]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.maxPooling2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    let window = try scope.poolingWindow(x, poolSize, strides, padding)
    return scope.graph.apply(.pooling(.max(window)), [x])
  }
}

/// The mean over windows.
///
/// `[N, H, W, C]` → `[N, H', W', C]` with H' = (H + padding - size) / stride + 1, rounded down.
public struct AveragePooling2D: Layer {
  /// The extent of a window.
  public let poolSize: Extent
  /// The steps between windows; nil for windows side by side.
  public let strides: Extent?
  /// How the border is treated.
  public let padding: Padding
  /// Whether padding counts as zeros in the mean; nil takes the preset's way (Keras no, PyTorch yes).
  public let countsPadding: Bool?
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    _ poolSize: Extent = 2, strides: Extent? = nil, padding: Padding = .valid, countsPadding: Bool? = nil,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.poolSize = poolSize
    self.strides = strides
    self.padding = padding
    self.countsPadding = countsPadding
    origin = LayerOrigin(name, file, line)
  }

  /// The means `[N, H', W', C]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.averagePooling2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    var window = try scope.poolingWindow(x, poolSize, strides, padding)
    window.countsPadding = countsPadding ?? (scope.preset == .pytorch)
    return scope.graph.apply(.pooling(.average(window)), [x])
  }
}

extension LayerScope {
  fileprivate func poolingWindow(
    _ x: Value, _ size: Extent, _ strides: Extent?, _ padding: Padding
  ) throws(ModelError) -> PoolingWindow {
    try requireImages(x)
    try requirePositive(size, "window")
    let stride = strides ?? size
    try requirePositive(stride, "stride")
    try requireValid(padding)
    if case .explicit(let cells) = padding {
      // More would give windows that lie in the padding alone.
      try require(
        cells <= min(size.height, size.width) / 2, "a padding of at most half the window \(size)",
        received: "\(cells)")
    }
    let margins = padding.margins(
      input: Extent(x.shape[1], x.shape[2]), kernel: size, stride: stride, dilation: 1)
    return PoolingWindow(size: size, stride: stride, padding: margins)
  }
}

/// The maximum of each channel over the whole image; equal maxima share the gradient.
public struct GlobalMaxPooling2D: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The maxima `[N, C]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.globalMaxPooling2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    return x.max(axes: [1, 2])
  }
}

/// The mean of each channel over the whole image.
public struct GlobalAveragePooling2D: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The means `[N, C]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.globalAveragePooling2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    return x.mean(axes: [1, 2])
  }
}
