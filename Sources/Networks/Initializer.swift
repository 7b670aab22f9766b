/// How a tensor's first elements are drawn; a function of seed, path and index.
public enum Initializer: Sendable, Hashable {
  /// All zero.
  case zeros
  /// All one.
  case ones
  /// One number everywhere.
  case constant(Double)
  /// Evenly between two bounds.
  case uniform(Double, Double)
  /// Normal, not truncated.
  case normal(mean: Double = 0, deviation: Double = 0.05)
  /// Normal, values beyond two deviations drawn again; the deviation is not rescaled.
  case truncatedNormal(mean: Double = 0, deviation: Double = 0.05)
  /// Uniform in ±sqrt(6 / (inputs + outputs)).
  case glorotUniform
  /// Truncated normal of variance 2 / (inputs + outputs).
  case glorotNormal
  /// Uniform in ±sqrt(6 / inputs).
  case heUniform
  /// Truncated normal of variance 2 / inputs.
  case heNormal
  /// Uniform in ±sqrt(3 / inputs).
  case lecunUniform
  /// Truncated normal of variance 1 / inputs.
  case lecunNormal
  /// Uniform in ±sqrt(6 / ((1 + a²) · inputs)), PyTorch's default with a = sqrt(5).
  case kaimingUniform(a: Double = 2.23606797749979)
  /// Normal, not truncated, of variance 2 / inputs (PyTorch).
  case kaimingNormal
  /// Uniform in ±1 / sqrt(inputs), PyTorch's bias.
  case fanInUniform
}

/// The number of inputs and outputs of one unit.
package struct Fans: Sendable, Hashable {
  package var inputs: Int
  package var outputs: Int

  package init(inputs: Int, outputs: Int) {
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The fans of a kernel `[..., inputs, outputs]`, all leading axes a receptive field.
  package init(shape: [Int]) {
    switch shape.count {
    case 0: self.init(inputs: 1, outputs: 1)
    case 1: self.init(inputs: shape[0], outputs: shape[0])
    default:
      let field = shape.dropLast(2).reduce(1, *)
      self.init(inputs: shape[shape.count - 2] * field, outputs: shape[shape.count - 1] * field)
    }
  }
}
