import MartletGraphs

/// A layer that knows its input: a network of one input and one output, what a `Trainer` takes.
public protocol Network: Layer, GraphNetwork {
  /// What one sample looks like.
  var input: InputSpec { get }
  /// The result without a scope around it.
  func forward(_ x: Value) -> Value
}

extension Network {
  /// The one input, under the name `images`.
  public var inputs: NamedInputs { [InputSpec.inputName: input] }

  /// The one output, under the name `outputs`.
  public func forward(_ inputs: NamedValues) -> NamedValues {
    [InputSpec.outputName: forward(inputs.single("input", hint: ""))]
  }

  /// Traces the network into a graph for a batch of samples.
  ///
  /// - Parameters:
  ///   - batch: The number of samples.
  ///   - graph: The graph, whose purpose and frozen set are already chosen.
  /// - Returns: The outputs; the graph's input is named "images".
  package func trace(batch: Int, into graph: Graph) -> Value {
    traceOutputs(batch: batch, into: graph).single("output", hint: "")
  }

  /// Applies the network as a part of another one, with its own preset, in its own scope.
  package func traceNested(_ kind: LayerKind, _ origin: LayerOrigin, _ x: Value) -> Value {
    origin.trace(kind, x) { (x: Value, scope: LayerScope) throws(ModelError) -> Value in
      try input.requireShape(of: x, scope)
      let outer = scope.graph.settings.preset
      scope.graph.settings.preset = preset
      defer { scope.graph.settings.preset = outer }
      return forward(x)
    }
  }
}
