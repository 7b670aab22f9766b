import MartletGraphs

extension Interpreter {
  func pointwise(_ op: PointwiseOp, _ x: [Operand], _ shape: [Int]) -> [Scalar] {
    switch op {
    case .cast: return x[0].numbers
    case .unary(let op): return unary(op, x[0].numbers)
    case .binary(let op):
      let (a, b) = (x[0].numbers, x[1].numbers)
      if x[0].shape == x[1].shape { return binary(op, a, b) }
      return binary(
        op, indices(broadcasting: x[0].shape, to: shape).map { a[$0] },
        indices(broadcasting: x[1].shape, to: shape).map { b[$0] })
    }
  }

  private func unary(_ op: PointwiseOp.Unary, _ x: [Scalar]) -> [Scalar] {
    switch op {
    case .negate: x.map { -$0 }
    case .abs: x.map { abs($0) }
    case .sign: x.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
    case .exp: x.map { $0.exponential }
    case .log: x.map { $0.logarithm }
    case .sqrt: x.map { $0.squareRoot() }
    case .square: x.map { $0 * $0 }
    case .reciprocal: x.map { 1 / $0 }
    case .tanh: x.map { $0.hyperbolicTangent }
    case .sigmoid: x.map(sigmoid)
    // Not `max`: what is not a number must stay visible.
    case .relu: x.map { $0 <= 0 ? 0 : $0 }
    // log(1 + eˣ) without overflow.
    case .softplus: x.map { ($0 > 0 ? $0 : 0) + (-abs($0)).exponential.logarithmOfOnePlus }
    case .erf: x.map { $0.errorFunction }
    case .leakyReLU(let slope): x.map { $0 > 0 ? $0 : Scalar(slope) * $0 }
    case .step(let below): x.map { $0 > 0 ? 1 : Scalar(below) }
    case .add(let number): x.map { $0 + Scalar(number) }
    case .multiply(let number): x.map { $0 * Scalar(number) }
    }
  }

  /// 1 / (1 + e⁻ˣ) without overflow.
  private func sigmoid(_ x: Scalar) -> Scalar {
    let power = (-abs(x)).exponential
    return x < 0 ? power / (1 + power) : 1 / (1 + power)
  }

  private func binary(_ op: PointwiseOp.Binary, _ a: [Scalar], _ b: [Scalar]) -> [Scalar] {
    func each(_ body: (Scalar, Scalar) -> Scalar) -> [Scalar] {
      a.indices.map { body(a[$0], b[$0]) }
    }
    return switch op {
    case .add: each { $0 + $1 }
    case .subtract: each { $0 - $1 }
    case .multiply: each { $0 * $1 }
    case .divide: each { $0 / $1 }
    case .maximum: each { $0 >= $1 || $0.isNaN ? $0 : $1 }
    case .minimum: each { $0 <= $1 || $0.isNaN ? $0 : $1 }
    case .power: each { $0.raised(to: $1) }
    case .divideNoNaN: each { $1 == 0 ? 0 : $0 / $1 }
    case .greater: each { $0 > $1 ? 1 : 0 }
    case .equal: each { $0 == $1 ? 1 : 0 }
    }
  }
}
