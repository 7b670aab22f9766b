extension Graph {
  /// Checks what every pass may rely on; returns the first broken rule.
  ///
  /// Inputs come before their uses, counts and shapes agree with the operations' own rules, and every
  /// assignment and output refers to a node of the right shape.
  package func verify() -> String? {
    for (id, node) in nodes.enumerated() {
      if let bad = node.inputs.first(where: { $0 < 0 || $0 >= id }) {
        return "%\(id) uses %\(bad), which is not before it"
      }
      if let count = node.op.inputCount, count != node.inputs.count {
        return "%\(id) \(node.op.name) takes \(count) inputs, has \(node.inputs.count)"
      }
      do throws(ShapeMismatch) {
        let (shape, element) = try node.op.result(
          of: node.inputs.map { (nodes[$0].shape, nodes[$0].element) })
        if shape != node.shape || element != node.element {
          return "%\(id) \(node.op.name) gives \(element) \(shape), is noted as \(node.element) \(node.shape)"
        }
      } catch {
        return "%\(id) \(node.op.name): expected \(error.expected), received \(error.received)"
      }
    }
    for (path, value) in assignments {
      guard let target = parameters.first(where: { $0.path == path }) else {
        return "\(path) is assigned but no parameter"
      }
      if target.shape != value.shape { return "\(path) \(target.shape) is assigned \(value.shape)" }
    }
    return outputs.first { !$0.value.isValid }.map { "output \($0.name) is invalid" }
  }
}
