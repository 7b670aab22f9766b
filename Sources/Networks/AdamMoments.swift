import MartletGraphs

/// What Adam and AdamW share: running means of the gradient and of its square.
struct AdamMoments {
  let beta1: Double
  let beta2: Double
  let epsilon: Double?
  let amsgrad: Bool
  let formula: Preset?

  var slots: [String] { amsgrad ? ["m", "v", "vmax"] : ["m", "v"] }

  var requirements: [Requirement] {
    [.part("beta1", beta1), .part("beta2", beta2), .atLeast0("epsilon", epsilon ?? 0)]
  }

  /// The rate with both bias corrections, and the epsilon.
  func scalars(rate: Double, step: Int) -> StepScalars {
    precondition(step >= 1, "steps count from 1, received \(step)")
    let first = 1 - Self.power(beta1, step)
    let second = (1 - Self.power(beta2, step)).squareRoot()
    let constant = formula == .pytorch ? (epsilon ?? 1e-8) * second : epsilon ?? 1e-7
    return StepScalars("rate", rate * second / first) + StepScalars("epsilon", constant)
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

  /// One parameter after a step on a gradient.
  func update(
    _ parameter: Value, _ gradient: Value, _ slots: [String: Value], _ scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value]) {
    guard let rate = scalars["rate"], let epsilon = scalars["epsilon"], let m = slots["m"], let v = slots["v"]
    else { preconditionFailure("adam needs rate, epsilon, m and v") }
    let mean = m * beta1 + gradient * (1 - beta1)
    let square = v * beta2 + gradient.squared() * (1 - beta2)
    let greatest = slots["vmax"].map { $0.maximum(square) }
    let size = (greatest ?? square).squareRoot() + epsilon
    var after = ["m": mean, "v": square]
    after["vmax"] = greatest
    return (parameter - mean * rate / size, after)
  }
}
