import MartletGraphs

/// Which parameters an optimizer's weight decay pulls towards zero.
public enum WeightDecayScope: Sendable, Hashable {
  /// All trained parameters, as Keras and PyTorch do unless told otherwise.
  case all
  /// The parameters whose name ends with `kernel`: no biases, no scales and offsets of normalizations.
  case kernels
  /// All but these: names of parameters such as `bias`, paths of layers or parameters such as
  /// `encoder/conv2d`.
  case excluding(Set<String>)

  /// Whether the parameter at a path such as `conv2d/kernel` decays.
  public func includes(_ path: String) -> Bool {
    switch self {
    case .all: return true
    case .kernels: return path.hasSuffix("kernel")
    case .excluding(let names):
      return !names.contains { path == $0 || path.hasPrefix("\($0)/") || path.hasSuffix("/\($0)") }
    }
  }
}

extension WeightDecayScope: CustomStringConvertible {
  /// The scope in words, the same for equal scopes.
  public var description: String {
    switch self {
    case .all: "all parameters"
    case .kernels: "kernels"
    case .excluding(let names): "all but \(names.sorted().joined(separator: ", "))"
    }
  }
}

/// The two ways in which weight decay is computed.
struct WeightDecay {
  let factor: Double
  /// Whether factor·p joins the gradient (PyTorch's rules but AdamW); else p shrinks by rate·factor·p
  /// before the step.
  let joinsGradient: Bool

  /// The name of the step's number that parameters outside the rule's scope are not given.
  static let scalar = "decay"

  /// The factor that joins the gradient, or by which parameters shrink at a rate.
  func scalars(rate: Double) -> StepScalars {
    factor == 0 ? StepScalars() : StepScalars(Self.scalar, joinsGradient ? factor : 1 - rate * factor)
  }

  /// Parameter and gradient as the rule sees them.
  func applied(
    to parameter: Value, _ gradient: Value, _ scalars: [String: Value]
  ) -> (parameter: Value, gradient: Value) {
    guard let decay = scalars[Self.scalar] else { return (parameter, gradient) }
    return joinsGradient ? (parameter, gradient + parameter * decay) : (parameter * decay, gradient)
  }
}
