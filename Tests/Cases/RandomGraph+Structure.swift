import MartletGraphs

/// Operations that cut, join and turn values, and those that sum over or repeat their axes.
extension RandomGraph {
  mutating func concatenation(_ x: Value) -> Value? {
    guard x.rank >= 2 else { return nil }
    let axis = draws.between(1, x.rank - 1)
    let fitting = values.filter { other in
      other.rank == x.rank && x.shape.indices.allSatisfy { $0 == axis || other.shape[$0] == x.shape[$0] }
    }
    return applied(.structure(.concatenate(axis: axis)), [x, draws.element(fitting)])
  }

  mutating func part(_ x: Value) -> Value? {
    guard x.rank >= 2 else { return nil }
    let axis = draws.below(8) == 0 ? 0 : draws.between(1, x.rank - 1)
    let count = draws.between(1, x.shape[axis])
    return x.slice(axis: axis, start: draws.between(0, x.shape[axis] - count), count: count)
  }

  mutating func padding(_ x: Value) -> Value? {
    guard x.rank >= 2 else { return nil }
    return x.padded(
      axis: draws.between(1, x.rank - 1), before: draws.between(0, 2), after: draws.between(0, 2))
  }

  mutating func reduction(_ x: Value) -> Value? {
    let axes = (0..<x.rank).filter { _ in draws.below(5) < 2 }
    guard !axes.isEmpty, axes.count < x.rank else { return nil }
    let keepsAxes = draws.below(2) == 0
    switch draws.below(3) {
    case 0: return x.sum(axes: axes, keepsAxes: keepsAxes) * 0.1
    case 1: return x.mean(axes: axes, keepsAxes: keepsAxes)
    default: return x.max(axes: axes, keepsAxes: keepsAxes)
    }
  }

  /// A smaller value beside a larger one, such as a mean over the batch beside its images.
  mutating func broadcast(_ x: Value) -> Value? {
    let smaller = values.filter { other in
      other.shape != x.shape && other.rank <= x.rank
        && zip(other.shape.reversed(), x.shape.reversed()).allSatisfy { $0 == 1 || $0 == $1 }
    }
    guard !smaller.isEmpty else { return nil }
    return draws.below(2) == 0 ? x * draws.element(smaller).tanh() : x - draws.element(smaller)
  }

  mutating func dropout(_ x: Value) -> Value? {
    guard graph.purpose == .training else { return nil }
    streams += 1
    let mask = RandomOp.keepMask(rate: 0.3, stream: streams, shape: x.shape)
    return x * graph.apply(.random(mask), [graph.randomKey])
  }

  mutating func transposition(_ x: Value) -> Value? {
    guard x.rank >= 2 else { return nil }
    var order = Array(0..<x.rank)
    // The batch moves in a few draws only.
    let first = draws.below(6) == 0 ? 0 : 1
    for index in stride(from: x.rank - 1, to: first, by: -1) {
      order.swapAt(index, draws.between(first, index))
    }
    return x.transposed(order)
  }

  mutating func dense(_ x: Value) -> Value? {
    guard x.rank >= 2, x.shape[0] == batch, x.shape.dropFirst().reduce(1, *) <= 2000 else { return nil }
    let rows = x.reshaped([batch, -1])
    // Pairs of samples.
    if draws.below(5) == 0 { return rows.matrixProduct(rows, transposeB: true) * 0.1 }
    let units = draws.element([1, 3, 8, 10, 17])
    let y = rows.matrixProduct(parameter([rows.shape[1], units])) * 0.2 + parameter([units])
    return draws.below(2) == 0 ? activation(y) : draws.below(4) == 0 ? y.softmax() : y
  }

  /// Also shapes in which the batch is no longer the first axis.
  mutating func reshape(_ x: Value) -> Value? {
    guard x.rank >= 2, x.shape[0] == batch else { return nil }
    let rest = Array(x.shape.dropFirst())
    switch draws.below(4) {
    case 0: return x.reshaped([1, batch] + rest)
    case 1: return x.reshaped([batch * rest[0]] + rest.dropFirst())
    case 2: return x.reshaped([batch, 1] + rest)
    default: return x.reshaped([batch, 1, 1, rest.reduce(1, *)])
    }
  }
}
