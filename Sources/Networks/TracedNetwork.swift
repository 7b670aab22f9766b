import MartletGraphs

/// A network inside the trace of a step: applied to values, its parameters at hand.
public struct TracedNetwork {
  private let network: any Network
  package let graph: Graph

  package init(_ network: any Network, in graph: Graph) {
    self.network = network
    self.graph = graph
  }

  /// The network's outputs for a batch; applied again it shares the weights.
  public func callAsFunction(_ x: Value) -> Value { network.applied(to: x) }

  /// What the step is traced for.
  public var purpose: Purpose { graph.purpose }

  /// The trained tensors in the order of their first use; apply the network first.
  public var parameters: TracedParameters {
    let weights = graph.parameters.filter { $0.role == .weight && $0.isTrainable }
    return TracedParameters(graph: graph, specs: weights)
  }
}

/// The trained tensors of a network inside a trace.
public struct TracedParameters: Sequence {
  let graph: Graph
  let specs: [ParameterSpec]

  /// The tensors' values in order.
  public func makeIterator() -> IndexingIterator<[Value]> {
    specs.compactMap { graph.parameterValue($0.path) }.makeIterator()
  }

  /// The number of tensors.
  public var count: Int { specs.count }

  /// The tensor at a path such as `conv2d/kernel`.
  public subscript(path: String) -> Value {
    if let value = graph.parameterValue(path) { return value }
    return graph.fail(
      ModelError(
        path: path, expected: "a parameter of this path", received: "none",
        hint: "The paths are: \(specs.map(\.path).joined(separator: ", "))."))
  }

  /// The tensors whose paths satisfy a condition.
  public func matching(_ condition: (String) -> Bool) -> TracedParameters {
    TracedParameters(graph: graph, specs: specs.filter { condition($0.path) })
  }

  /// The sum of a term over all tensors.
  public func sum(_ term: (Value) -> Value) -> Value {
    let terms = map(term)
    guard let first = terms.first else {
      return graph.fail(
        ModelError(
          path: "", expected: "trained parameters", received: "none",
          hint: "Apply the network before asking for its parameters."))
    }
    return terms.dropFirst().reduce(first, +)
  }
}
