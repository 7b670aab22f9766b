import MartletGraphs
import MartletTensors

/// A network inside the trace of a step: applied to values, its parameters at hand.
public struct TracedNetwork {
  private let network: any GraphNetwork
  package let graph: Graph

  package init(_ network: any GraphNetwork, in graph: Graph) {
    self.network = network
    self.graph = graph
  }

  /// The outputs of a network of one input and one output for a batch; applied again it shares the weights.
  public func callAsFunction(_ x: Value) -> Value {
    guard x.isValid else { return x }
    let names = network.inputs.names
    guard names.count == 1 else {
      return graph.fail(
        ModelError(
          path: network.name ?? "", expected: "the inputs \(names.joined(separator: ", "))",
          received: "one value", hint: "Apply it to named values: network(inputs)."))
    }
    return network.outputs(of: [names[0]: x]).single("output", hint: "Apply it to named values.")
  }

  /// The network's outputs by name for a batch of its inputs; applied again it shares the weights.
  public func callAsFunction(_ inputs: NamedValues) -> NamedValues {
    if let invalid = inputs.elements.first(where: { !$0.isValid }) { return NamedValues(invalid: invalid) }
    let names = network.inputs.names
    guard names.sorted() == inputs.names.sorted() else {
      return NamedValues(
        invalid: graph.fail(
          ModelError(
            path: network.name ?? "", expected: "the inputs \(names.joined(separator: ", "))",
            received: inputs.names.joined(separator: ", "))))
    }
    return network.outputs(of: inputs)
  }

  /// The latest output of a layer; apply the network first.
  ///
  /// - Parameter path: The layer's path, such as `conv2d_1`.
  public func output(of path: String) -> Value { graph.layerOutput(path, use: nil) }

  /// What the step is traced for.
  public var purpose: Purpose { graph.purpose }

  /// The trained tensors in the order of their first use; apply the network first.
  public var parameters: TracedParameters {
    let weights = graph.parameters.filter { $0.role == .weight && $0.isTrainable }
    return TracedParameters(graph: graph, specs: weights)
  }
}

extension Graph {
  /// The output of a layer that the trace has applied, or a mistake that lists the layers.
  ///
  /// - Parameter use: Which use of the layer, from 0; nil for the latest.
  package func layerOutput(_ path: String, use: Int?) -> Value {
    let uses = layerOutputs.filter { $0.path == path }
    if let use, uses.indices.contains(use) { return uses[use].value }
    if use == nil, let last = uses.last { return last.value }
    guard uses.isEmpty else {
      return fail(
        ModelError(
          path: path, expected: "a use from 0 to \(uses.count - 1)", received: "\(use ?? 0)",
          hint: "The layer is applied \(uses.count) times."))
    }
    var paths: [String] = []
    for output in layerOutputs where !paths.contains(output.path) { paths.append(output.path) }
    let near = nearestName(to: path, among: paths).map { "Is \($0) meant? " } ?? ""
    return fail(
      ModelError(
        path: path, expected: "the path of a layer", received: "none of this path",
        hint: "\(near)The layers are: \(paths.joined(separator: ", "))."))
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
