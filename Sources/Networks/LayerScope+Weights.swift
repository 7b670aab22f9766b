import MartletGraphs

/// What a layer asks of one of its tensors: how it starts, what it adds to the loss, what it must keep to.
package struct WeightRules: Sendable {
  package var initializer: Initializer?
  package var regularizer: Regularizer?
  package var constraint: Constraint?

  package init(
    _ initializer: Initializer? = nil, _ regularizer: Regularizer? = nil, _ constraint: Constraint? = nil
  ) {
    self.initializer = initializer
    self.regularizer = regularizer
    self.constraint = constraint
  }
}

extension LayerScope {
  /// A trained tensor of the layer that follows rules.
  ///
  /// - Parameters:
  ///   - standard: How it starts where the rules leave that open.
  ///   - fans: The inputs and outputs of one unit; nil for those that the shape tells.
  package func weight(
    _ name: String, shape: [Int], _ rules: WeightRules, standard: Initializer, fans: Fans? = nil
  ) throws(ModelError) -> Value {
    try rules.constraint?.check(shape, name, self)
    let weight = parameter(
      name, shape: shape, initializer: rules.initializer ?? standard, fans: fans,
      constraint: rules.constraint)
    try regularize(weight, name, rules.regularizer)
    return weight
  }

  /// A kernel with the preset's initializer where none is given.
  package func kernel(
    _ shape: [Int], _ rules: WeightRules, name: String = "kernel", fans: Fans? = nil
  ) throws(ModelError) -> Value {
    try weight(
      name, shape: shape, rules, standard: preset == .keras ? .glorotUniform : .kaimingUniform(), fans: fans)
  }

  /// A bias with the preset's initializer where none is given.
  package func bias(_ units: Int, kernelShape: [Int], _ rules: WeightRules) throws(ModelError) -> Value {
    try weight(
      "bias", shape: [units], rules, standard: preset == .keras ? .zeros : .fanInUniform,
      fans: Fans(shape: kernelShape))
  }
}
