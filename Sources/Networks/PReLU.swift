import MartletGraphs

/// x where positive, else alpha · x with trained slopes.
///
/// The gradient of x at 0 is 0, as Keras's formula has it (PyTorch: alpha).
public struct PReLU: Layer {
  /// The axes along which slopes are shared; nil takes the preset's.
  ///
  /// The batch counts as axis 0: `[1, 2]` gives one slope to each channel of images. Keras's preset has a
  /// slope for each element, PyTorch's one for all.
  public let sharedAxes: [Int]?
  /// How the slopes start; nil takes the preset's (0, PyTorch 0.25).
  public let alphaInitializer: Initializer?
  /// What the slopes add to the loss.
  public let alphaRegularizer: Regularizer?
  /// What the slopes must keep to.
  public let alphaConstraint: Constraint?
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    sharedAxes: [Int]? = nil, alphaInitializer: Initializer? = nil, alphaRegularizer: Regularizer? = nil,
    alphaConstraint: Constraint? = nil, trainable: Bool = true, name: String? = nil,
    file: String = #fileID, line: Int = #line
  ) {
    self.sharedAxes = sharedAxes
    self.alphaInitializer = alphaInitializer
    self.alphaRegularizer = alphaRegularizer
    self.alphaConstraint = alphaConstraint
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The function of every element of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.prelu, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireFloat(x)
    try scope.require(
      x.rank >= 2, "at least [batch, features]", received: x.shapeText,
      hint: "Use LeakyReLU where there is nothing to train slopes for.")
    let keras = scope.preset == .keras
    let shared = sharedAxes ?? (keras ? [] : Array(1..<x.rank))
    try scope.require(
      shared.allSatisfy { $0 > 0 && $0 < x.rank }, "shared axes of \(x.shapeText) without the batch",
      received: "\(shared)", hint: "[1, 2] shares the slopes of each channel of images.")
    let shape = (1..<x.rank).map { shared.contains($0) ? 1 : x.shape[$0] }
    let alpha = try scope.weight(
      "alpha", shape: shape, WeightRules(alphaInitializer, alphaRegularizer, alphaConstraint),
      standard: keras ? .zeros : .constant(0.25))
    return x.relu() - alpha * (-x).relu()
  }
}
