import MartletGraphs

/// A term that a kernel adds to the loss.
public enum Regularizer: Sendable, Hashable {
  /// factor · Σ |w|.
  case l1(Double)
  /// factor · Σ w² (Keras: no half).
  case l2(Double)

  /// The term of a parameter, a scalar.
  package func penalty(_ parameter: Value) -> Value {
    switch self {
    case .l1(let factor): return parameter.l1Norm() * factor
    case .l2(let factor): return parameter.squared().sum() * factor
    }
  }
}

extension LayerScope {
  /// Notes the regularizer's term for one of the layer's tensors.
  package func regularize(_ parameter: Value, _ name: String, _ regularizer: Regularizer?) {
    guard let regularizer, parameter.isValid else { return }
    graph.penalize("\(path)/\(name)", regularizer.penalty(parameter))
  }
}
