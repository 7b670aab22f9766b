import MartletGraphs

/// Walks the nodes of a graph in their order; each family of operations has its own file.
struct Interpreter<Scalar: ReferenceScalar> {
  let inputs: [String: HostTensor<Scalar>]
  let parameters: [String: [Scalar]]

  func run(_ graph: Graph) -> ReferenceResult<Scalar> {
    precondition(
      graph.firstError == nil, "the graph has a mistake: \(graph.firstError.map { "\($0)" } ?? "")")
    var values: [HostTensor<Scalar>] = []
    values.reserveCapacity(graph.nodes.count)
    for (id, node) in graph.nodes.enumerated() {
      let operands = node.inputs.map { Operand(value: values[$0], shape: graph.nodes[$0].shape) }
      let value = evaluate(node.op, operands, node.shape)
      precondition(
        value.count == node.shape.reduce(1, *),
        "%\(id) \(node.op.name) of shape \(node.shape) has \(value.count) elements")
      values.append(value)
    }
    return ReferenceResult(
      outputs: .init(
        graph.outputs.map { ($0.name, values[$0.value.id].numbers) }, uniquingKeysWith: { $1 }),
      assignments: .init(
        graph.assignments.map { ($0.path, values[$0.value.id].numbers) }, uniquingKeysWith: { $1 }),
      nodes: values)
  }

  /// An input of an operation: its elements and its shape.
  struct Operand {
    let value: HostTensor<Scalar>
    let shape: [Int]

    var numbers: [Scalar] { value.numbers }
  }

  private func evaluate(_ op: Op, _ x: [Operand], _ shape: [Int]) -> HostTensor<Scalar> {
    switch op {
    case .source(let op): source(op)
    case .convolution(let op): .numbers(convolution(op, x, shape))
    case .pooling(let op): .numbers(pooling(op, x, shape))
    case .matrix(let op): .numbers(matrix(op, x, shape))
    case .pointwise(let op): .numbers(pointwise(op, x, shape))
    case .reduction(let op): .numbers(reduction(op, x[0], shape))
    case .structure(let op): structure(op, x, shape)
    case .normalization(let op): .numbers(normalization(op, x, shape))
    case .classification(let op): .numbers(classification(op, x, shape))
    case .random(let op): .numbers(random(op, x[0]))
    }
  }

  private func source(_ op: SourceOp) -> HostTensor<Scalar> {
    switch op {
    case .input(let name, let shape, let element):
      guard let value = inputs[name] else { preconditionFailure("input \"\(name)\" has no value") }
      let fits =
        switch (value, element) {
        case (.numbers, .float), (.bytes, .uint8), (.integers, .int32): value.count == shape.reduce(1, *)
        case (.numbers, _), (.bytes, _), (.integers, _): false
        }
      precondition(fits, "input \"\(name)\" must be \(element) \(shape), has \(value.count) elements")
      return value
    case .parameter(let path, let shape):
      guard let value = parameters[path] else { preconditionFailure("parameter \(path) has no value") }
      precondition(
        value.count == shape.reduce(1, *), "parameter \(path) \(shape) has \(value.count) elements")
      return .numbers(value)
    case .constant(let number, let shape):
      return .numbers([Scalar](repeating: Scalar(number), count: shape.reduce(1, *)))
    case .table(let numbers, _):
      return .numbers(numbers.map { Scalar($0) })
    }
  }
}
