import MartletGraphs

/// A fully connected layer: activation(x · kernel + bias).
///
/// A layer that is not `trainable` is frozen; see `Frozen`.
public struct Dense: Layer {
  /// The number of outputs.
  public let units: Int
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

  /// Creates the layer; only the number of outputs is needed.
  public init(
    _ units: Int, activation: ActivationFunction = .linear, useBias: Bool = true,
    kernelInitializer: Initializer? = nil, biasInitializer: Initializer? = nil,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, trainable: Bool = true,
    name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.units = units
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

  /// The outputs `[N, units]` of features `[N, inputs]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.dense, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.require(
      x.rank == 2, "[batch, features]", received: x.shapeText, hint: "Put Flatten() before it.")
    try scope.requireFloat(x)
    try scope.require(units > 0, "a positive number of units", received: "\(units)")
    let shape = [x.shape[1], units]
    let rules = WeightRules(kernelInitializer, kernelRegularizer, kernelConstraint)
    var result = x.matrixProduct(try scope.kernel(shape, rules))
    if useBias {
      let rules = WeightRules(biasInitializer, biasRegularizer, biasConstraint)
      result = result + (try scope.bias(units, kernelShape: shape, rules))
    }
    return activation(result)
  }
}
