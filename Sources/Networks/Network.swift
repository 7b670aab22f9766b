import MartletGraphs

/// A layer that knows its input: what can be trained, saved and summarized.
public protocol Network: Layer {
  /// What one sample looks like.
  var input: InputSpec { get }
  /// Whose defaults the layers take where a setting is left open.
  var preset: Preset { get }
  /// The network's name in summaries, and its scope where it is a part of another network.
  var name: String? { get }
  /// The result without a scope around it.
  func forward(_ x: Value) -> Value
}

extension Network {
  /// Traces the network into a graph for a batch of samples.
  ///
  /// - Parameters:
  ///   - batch: The number of samples.
  ///   - graph: The graph, whose purpose and frozen set are already chosen.
  /// - Returns: The outputs; the graph's input is named "images".
  package func trace(batch: Int, into graph: Graph) -> Value {
    applied(to: graph.input(InputSpec.inputName, shape: [batch] + input.shape, element: input.element))
  }

  /// Applies the network as the root of a trace; again on other values it shares the weights.
  package func applied(to x: Value) -> Value {
    guard x.isValid else { return x }
    x.graph.settings.preset = preset
    x.graph.scopes.replay("")
    return forward(x)
  }

  /// Traces the network for both purposes; throws the first mistake.
  package func check(_ location: String) throws(ModelError) {
    try input.check(location)
    for (purpose, batch) in [(Purpose.training, 2), (.inference, 1)] {
      let graph = Graph(purpose: purpose)
      let output = trace(batch: batch, into: graph)
      try graph.check()
      guard output.shape.first == batch else {
        throw ModelError(
          path: name ?? "", expected: "one result for each sample, [batch, ...]",
          received: "shape \(output.shape) for \(batch) samples", location: location)
      }
    }
  }

  /// Applies the network as a part of another one, with its own preset, in its own scope.
  package func traceNested(_ kind: LayerKind, _ origin: LayerOrigin, _ x: Value) -> Value {
    origin.trace(kind, x) { (x: Value, scope: LayerScope) throws(ModelError) -> Value in
      let outer = scope.graph.settings.preset
      scope.graph.settings.preset = preset
      defer { scope.graph.settings.preset = outer }
      return forward(x)
    }
  }
}
