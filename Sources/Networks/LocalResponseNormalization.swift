import MartletGraphs

/// Divides each value by the activity of the channels around it: x / (bias + alpha · Σ x²)^beta.
///
/// Settings left open take the preset's: 11 channels, alpha 1, beta 0.5, bias 1 in Keras's manner; 5
/// channels, alpha 1e-4 divided by the window, beta 0.75, bias 1 in PyTorch's.
public struct LocalResponseNormalization: Layer {
  /// The number of neighbouring channels, the own one included; odd.
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
    try scope.require(size > 0 && size % 2 == 1, "an odd number of channels", received: "\(size)")
    try scope.require(
      bias > 0 && alpha >= 0, "a positive bias and an alpha of 0 or more", received: "\(bias) and \(alpha)")
    let attributes = LocalResponse(
      size: size, alpha: keras ? alpha : alpha / Double(size), beta: beta ?? (keras ? 0.5 : 0.75), bias: bias)
    return scope.graph.apply(.normalization(.localResponse(attributes)), [x])
  }
}
