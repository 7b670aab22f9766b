import MartletGraphs

/// Divides each value by the activity of the channels around it: x / (bias + alpha · Σ x²)^beta.
///
/// Settings left open take the preset's: 11 channels, alpha 1, beta 0.5, bias 1 in Keras's manner; 5
/// channels, alpha 1e-4 divided by the window, beta 0.75, bias 1 in PyTorch's.
public struct LocalResponseNormalization: Layer {
  /// The number of neighbouring channels, the own one included; of an even size one more lies before it.
  public let size: Int?
  /// The factor of the sum of squares; PyTorch's preset divides it by the size.
  public let alpha: Double?
  /// The exponent.
  public let beta: Double?
  /// What is added to the sum.
  public let bias: Double?
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    size: Int? = nil, alpha: Double? = nil, beta: Double? = nil, bias: Double? = nil, name: String? = nil,
    file: String = #fileID, line: Int = #line
  ) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
    origin = LayerOrigin(name, file, line)
  }

  /// The normalized images, of the input's shape `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.localResponseNormalization, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    let keras = scope.preset == .keras
    let size = size ?? (keras ? 11 : 5)
    let alpha = alpha ?? (keras ? 1 : 1e-4)
    let bias = bias ?? 1
    let beta = beta ?? (keras ? 0.5 : 0.75)
    try scope.require(
      size > 0, "a positive number of channels", received: "\(size)",
      hint: "The size counts the channel itself and its neighbours.")
    try scope.require(
      bias > 0 && alpha >= 0, "a positive bias and an alpha of 0 or more", received: "\(bias) and \(alpha)")
    let attributes = LocalResponse(
      size: size, alpha: keras ? alpha : alpha / Double(size), beta: beta, bias: bias)
    guard size % 2 == 1 else { return evenWindow(x, attributes) }
    return scope.graph.apply(.normalization(.localResponse(attributes)), [x])
  }

  /// The formula in steps: the operation knows only windows with the channel in their middle.
  private func evenWindow(_ x: Value, _ attributes: LocalResponse) -> Value {
    let half = attributes.size / 2
    let channels = x.shape[3]
    let squares = x.squared().padded(axis: 3, before: half, after: half - 1)
    let sums = (1..<attributes.size).reduce(squares.slice(axis: 3, start: 0, count: channels)) {
      $0 + squares.slice(axis: 3, start: $1, count: channels)
    }
    let base = sums * attributes.alpha + attributes.bias
    return x * base.power(x.graph.constant(-attributes.beta))
  }
}
