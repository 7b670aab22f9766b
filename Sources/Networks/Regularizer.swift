import MartletGraphs

/// A term that a weight adds to the loss.
///
/// Weights of a frozen layer add none, as in Keras; a step's `frozen` set leaves the terms in the loss.
public enum Regularizer: Sendable, Hashable {
  /// factor · Σ |w|.
  case l1(Double)
  /// factor · Σ w² (Keras: no half).
  case l2(Double)
  /// l1 · Σ |w| + l2 · Σ w².
  case l1l2(l1: Double, l2: Double)

  /// The factors by their names.
  private var factors: [(name: String, value: Double)] {
    switch self {
    case .l1(let factor): [("l1", factor)]
    case .l2(let factor): [("l2", factor)]
    case .l1l2(let l1, let l2): [("l1", l1), ("l2", l2)]
    }
  }

  /// Throws where a factor is negative or not finite.
  func require(at path: String) throws(ModelError) {
    try factors.map { Requirement.atLeast0($0.name, $0.value) }.require(at: path)
  }

  /// The term of a parameter, a scalar.
  package func penalty(_ parameter: Value) -> Value {
    switch self {
    case .l1(let factor): return parameter.l1Norm() * factor
    case .l2(let factor): return parameter.squared().sum() * factor
    case .l1l2(let l1, let l2): return Self.l1(l1).penalty(parameter) + Self.l2(l2).penalty(parameter)
    }
  }
}

extension LayerScope {
  /// Notes the regularizer's term for one of the layer's tensors.
  func regularize(_ parameter: Value, _ name: String, _ regularizer: Regularizer?) throws(ModelError) {
    try regularizer?.require(at: "\(path)/\(name)")
    guard let regularizer, parameter.isValid, !graph.settings.isInFrozenLayer(path) else { return }
    graph.penalize("\(path)/\(name)", regularizer.penalty(parameter))
  }
}
