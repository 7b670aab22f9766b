import MartletGraphs

/// Adam (Kingma and Ba 2015): steps scaled by running means of the gradient and of its square.
///
/// m = b1·m + (1 - b1)·g, v = b2·v + (1 - b2)·g². Keras: p -= rate·sqrt(1 - b2^t)/(1 - b1^t)·m/(sqrt(v) + 1e-7).
/// PyTorch: p -= rate/(1 - b1^t)·m/(sqrt(v/(1 - b2^t)) + 1e-8), which is Keras's formula with an epsilon
/// of 1e-8·sqrt(1 - b2^t); so both are one graph.
public struct Adam: Optimizer {
  /// The rate before any schedule.
  public let learningRate: Double
  /// The part of the gradient's running mean that a step keeps.
  public let beta1: Double
  /// The part of the squared gradient's running mean that a step keeps.
  public let beta2: Double
  /// What is added to the denominator; nil takes the formula's (Keras 1e-7, PyTorch 1e-8).
  public let epsilon: Double?
  /// The pull of parameters towards zero, apart from the gradient (AdamW): p -= rate·decay·p first.
  public let weightDecay: Double
  /// Whose formula is used; nil takes the network's preset.
  public let formula: Preset?

  /// Creates the rule.
  public init(
    learningRate: Double = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double? = nil,
    weightDecay: Double = 0, formula: Preset? = nil
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.formula = formula
  }

  /// `adam`.
  public var name: String { "adam" }
  /// The running means of the gradient, `m`, and of its square, `v`.
  public var slots: [String] { ["m", "v"] }

  /// The same rule with the preset's formula where none is given.
  public func resolved(for preset: Preset) -> Adam {
    Adam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      formula: formula ?? preset)
  }

  /// The rate with both bias corrections, the epsilon and the decay's factor.
  public func scalars(rate: Double, step: Int) -> [(name: String, value: Double)] {
    precondition(step >= 1, "steps count from 1, received \(step)")
    let first = 1 - Self.power(beta1, step)
    let second = (1 - Self.power(beta2, step)).squareRoot()
    let constant = formula == .pytorch ? (epsilon ?? 1e-8) * second : epsilon ?? 1e-7
    var numbers = [(name: "rate", value: rate * second / first), (name: "epsilon", value: constant)]
    if weightDecay != 0 { numbers.append((name: "decay", value: 1 - rate * weightDecay)) }
    return numbers
  }

  /// base^exponent by repeated squaring, which does not depend on a library's pow.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }

  /// One parameter of any shape after a step.
  public func update(
    _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value]) {
    guard let rate = scalars["rate"], let epsilon = scalars["epsilon"], let m = slots["m"], let v = slots["v"]
    else { preconditionFailure("adam needs rate, epsilon, m and v") }
    let mean = m * beta1 + gradient * (1 - beta1)
    let square = v * beta2 + gradient.squared() * (1 - beta2)
    let kept = scalars["decay"].map { parameter * $0 } ?? parameter
    return (kept - mean * rate / (square.squareRoot() + epsilon), ["m": mean, "v": square])
  }
}
