extension Graph {
  /// The gradients of a scalar with respect to some values of the graph, by one reverse walk.
  ///
  /// The walk accumulates where a value is used several times and sums broadcast axes back; the rules
  /// of the operations do neither. A value that the scalar does not depend on has the gradient nil.
  ///
  /// - Parameters:
  ///   - scalar: The value to differentiate, of shape `[]`.
  ///   - targets: The values whose gradients are wanted.
  /// - Returns: One gradient for each target, of the target's shape.
  package func gradients(of scalar: Value, withRespectTo targets: [Value]) -> [Value?] {
    guard scalar.isValid, targets.allSatisfy(\.isValid) else { return targets.map { _ in nil } }
    guard scalar.shape.isEmpty else {
      _ = fail(
        ModelError(
          path: "loss", expected: "a scalar", received: "shape \(scalar.shape)",
          hint: "Take the mean() or sum() of the loss."))
      return targets.map { _ in nil }
    }
    let needed = dependents(of: Set(targets.map(\.id)), upTo: scalar.id)
    var gradients: [Int: Value] = [scalar.id: constant(1)]
    for id in stride(from: scalar.id, through: 0, by: -1) where needed[id] {
      guard let dy = gradients[id] else { continue }
      let node = nodes[id]
      guard !node.inputs.isEmpty else { continue }
      scopes.enter(node.path, location: "")
      let inputs = node.inputs.map { Value(graph: self, id: $0) }
      let rules = node.op.gradients(inputs, Value(graph: self, id: id), dy)
      precondition(
        rules.count == inputs.count, "\(node.op.name) has \(rules.count) gradients for \(inputs.count)")
      for (input, gradient) in zip(inputs, rules) where needed[input.id] {
        guard let gradient, gradient.isValid else { continue }
        let fitted = summed(gradient, to: input.shape)
        gradients[input.id] = gradients[input.id].map { $0 + fitted } ?? fitted
      }
      scopes.leave()
    }
    return targets.map { gradients[$0.id] }
  }

  /// Which nodes up to `last` depend on one of `sources` (the sources included).
  private func dependents(of sources: Set<Int>, upTo last: Int) -> [Bool] {
    var result = [Bool](repeating: false, count: nodes.count)
    for id in 0...last {
      result[id] = sources.contains(id) || nodes[id].inputs.contains { result[$0] }
    }
    return result
  }

  /// Sums the axes along which an operand of `shape` was repeated.
  private func summed(_ gradient: Value, to shape: [Int]) -> Value {
    guard gradient.shape != shape else { return gradient }
    let extra = gradient.rank - shape.count
    let axes = gradient.shape.indices.filter {
      $0 < extra || (shape[$0 - extra] == 1 && gradient.shape[$0] != 1)
    }
    return (axes.isEmpty ? gradient : gradient.sum(axes: axes)).reshaped(shape)
  }
}
