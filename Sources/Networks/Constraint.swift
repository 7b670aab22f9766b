import MartletGraphs

/// What a weight must keep to: applied to what the optimizer makes of it, after every step.
///
/// Axes are the weight's own and name what is summed over; negative ones count from the end. A dense kernel
/// is `[inputs, units]`, so Keras's default, axis 0, bounds the weights of each unit. A convolution's is
/// `[kh, kw, C / groups, K]`: give `axes: [0, 1, 2]` to bound each filter as a whole. The initial value is
/// not constrained. Formulas: Keras 3, with its epsilon of 1e-7.
public enum Constraint: Sendable, Hashable {
  /// w · min(‖w‖, bound) / (‖w‖ + 1e-7).
  case maxNorm(Double = 2, axes: [Int] = [0])
  /// max(w, 0).
  case nonNegative
  /// w / (‖w‖ + 1e-7).
  case unitNorm(axes: [Int] = [0])
  /// w · n / (‖w‖ + 1e-7) with n = rate · clip(‖w‖, minimum, maximum) + (1 - rate) · ‖w‖.
  case minMaxNorm(minimum: Double = 0, maximum: Double = 1, rate: Double = 1, axes: [Int] = [0])

  /// The weight that keeps to the constraint.
  package func callAsFunction(_ weight: Value) -> Value {
    func norms(_ axes: [Int]) -> Value { weight.squared().sum(axes: axes, keepsAxes: true).squareRoot() }
    func clipped(_ norms: Value, _ minimum: Double, _ maximum: Double) -> Value {
      let upper = norms.minimum(weight.graph.constant(maximum))
      return minimum > 0 ? upper.maximum(weight.graph.constant(minimum)) : upper
    }
    guard weight.isValid else { return weight }
    switch self {
    case .maxNorm(let bound, let axes):
      let norms = norms(axes)
      return weight * (clipped(norms, 0, bound) / (norms + Self.epsilon))
    case .nonNegative: return weight.relu()
    case .unitNorm(let axes): return weight / (norms(axes) + Self.epsilon)
    case .minMaxNorm(let minimum, let maximum, let rate, let axes):
      let norms = norms(axes)
      let wanted = clipped(norms, minimum, maximum) * rate + norms * (1 - rate)
      return weight * (wanted / (norms + Self.epsilon))
    }
  }

  private static let epsilon = 1e-7

  /// Requires axes of the weight and bounds in their order.
  package func check(_ shape: [Int], _ name: String, _ scope: LayerScope) throws(ModelError) {
    let axes: [Int]
    switch self {
    case .nonNegative: return
    case .unitNorm(let given): axes = given
    case .maxNorm(let bound, let given):
      axes = given
      try scope.require(bound >= 0, "a norm of 0 or more for the \(name)", received: "\(bound)")
    case .minMaxNorm(let minimum, let maximum, let rate, let given):
      axes = given
      try scope.require(
        minimum >= 0 && minimum <= maximum, "a minimum norm of 0 up to the maximum for the \(name)",
        received: "\(minimum) and \(maximum)")
      try scope.require(
        rate >= 0 && rate <= 1, "a rate between 0 and 1 for the \(name)", received: "\(rate)")
    }
    let counted = axes.map { $0 < 0 ? $0 + shape.count : $0 }
    try scope.require(
      !axes.isEmpty && Set(counted).count == axes.count && counted.allSatisfy(shape.indices.contains),
      "different axes of the \(name) \(shape) for its constraint", received: "\(axes)",
      hint: "Axis 0 is the first; -1 is the last.")
  }
}
