import MartletGraphs

/// A function applied element by element (softmax: to each row of scores).
public enum ActivationFunction: Sendable, Hashable {
  /// x.
  case linear
  /// max(x, 0).
  case relu
  /// x where positive, else slope · x; nil takes the preset's slope (Keras 0.2, PyTorch 0.01).
  ///
  /// The layer `LeakyReLU` has 0.3 in Keras's preset, as Keras has it.
  case leakyReLU(negativeSlope: Double? = nil)
  /// 1 / (1 + e^-x).
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// Probabilities of each row `[N, classes]`.
  case softmax
  /// log(1 + e^x).
  case softplus
  /// x · sigmoid(x).
  case silu
  /// x · Φ(x), with the error function.
  case gelu
  /// x where positive, else e^x - 1.
  case elu

  /// The function of a value.
  package func callAsFunction(_ x: Value) -> Value {
    switch self {
    case .linear: return x
    case .relu: return x.relu()
    case .leakyReLU(let slope):
      return x.leakyReLU(slope: slope ?? (x.graph.settings.preset == .keras ? 0.2 : 0.01))
    case .sigmoid: return x.sigmoid()
    case .tanh: return x.tanh()
    case .softmax: return x.softmax()
    case .softplus: return x.softplus()
    case .silu: return x * x.sigmoid()
    case .gelu: return x * (((x * 0.5.squareRoot()).erf() + 1) * 0.5)
    case .elu: return x.elu(alpha: 1)
    }
  }
}

extension Value {
  /// x where positive, else alpha · (e^x - 1).
  func elu(alpha: Double) -> Value {
    // x - relu(x) is x for negative x and 0 elsewhere, so no large e^x can overflow; at 0, where the gradient of
    // relu is 0, that of the result is alpha, as in Keras and PyTorch.
    let above = relu()
    let below = (self - above).exp() + -1
    return above + (alpha == 1 ? below : below * alpha)
  }
}
