import MartletGraphs

/// A network with named inputs and outputs: what a step can train and a predictor can run.
///
/// `Network` is the special case of one input and one output. `GraphModel` is made from a function; a type
/// of one's own holds layers in its fields:
///
/// ```swift
/// struct TwoTowers: GraphNetwork {
///   let inputs: NamedInputs = ["image": .image(28, 28, 1), "facts": .vector(10)]
///   let tower = Dense(16, activation: .relu)
///   let facts = Dense(16, activation: .relu)
///   let head = Dense(10)
///   func forward(_ inputs: NamedValues) -> NamedValues {
///     let image = tower(Flatten()(Rescale(1 / 255)(inputs["image"])))
///     return ["class": head(image + facts(inputs["facts"]))]
///   }
/// }
/// ```
public protocol GraphNetwork: Sendable {
  /// What one sample of each input looks like.
  var inputs: NamedInputs { get }
  /// Whose defaults the layers take where a setting is left open; Keras's where it is not said.
  var preset: Preset { get }
  /// The network's name in summaries, and its scope where it is a part of another network.
  var name: String? { get }
  /// The results `[N, ...]` by name from the inputs `[N, ...]` by name, without a scope around them.
  func forward(_ inputs: NamedValues) -> NamedValues
}

extension GraphNetwork {
  /// Keras's defaults.
  public var preset: Preset { .keras }
  /// No name.
  public var name: String? { nil }

  /// Declares the inputs of a batch in a graph, under their names.
  package func declareInputs(batch: Int, in graph: Graph) -> NamedValues {
    graph.batch = batch
    return NamedValues(
      inputs.entries.map { name, spec in
        (name, graph.input(name, shape: [batch] + spec.shape, element: spec.element))
      })
  }

  /// Traces the network into a graph for a batch of samples.
  ///
  /// - Parameter graph: The graph, whose purpose and frozen set are already chosen.
  package func traceOutputs(batch: Int, into graph: Graph) -> NamedValues {
    outputs(of: declareInputs(batch: batch, in: graph))
  }

  /// Applies the network as the root of a trace; again on other values it shares the weights.
  package func outputs(of values: NamedValues) -> NamedValues {
    guard let graph = values.entries.first?.element.graph else { preconditionFailure("no inputs") }
    if let invalid = values.elements.first(where: { !$0.isValid }) { return NamedValues(invalid: invalid) }
    graph.settings.preset = preset
    graph.scopes.replay("")
    return forward(values)
  }

  /// Traces the network for both purposes; throws the first mistake.
  package func check(_ location: String) throws(ModelError) {
    try checkNames(inputs.names, "input", location)
    for (name, spec) in inputs.entries {
      try spec.check(location, path: inputs.names == [InputSpec.inputName] ? "input" : "input \(name)")
    }
    for (purpose, batch) in [(Purpose.training, 2), (.inference, 1)] {
      let graph = Graph(purpose: purpose)
      let outputs = traceOutputs(batch: batch, into: graph)
      do throws(ModelError) { try graph.check() } catch { throw error.located(at: location) }
      try checkNames(outputs.names, "output", location)
      for (output, value) in outputs.entries where value.shape.first != batch {
        throw ModelError(
          path: outputs.count == 1 ? name ?? "" : "output \(output)",
          expected: "one result for each sample, [batch, ...]",
          received: "shape \(value.shape) for \(batch) samples", location: location)
      }
    }
  }

  private func checkNames(_ names: [String], _ what: String, _ location: String) throws(ModelError) {
    guard !names.isEmpty else {
      throw ModelError(
        path: name ?? "", expected: "at least one \(what)", received: "none", location: location)
    }
    for (index, name) in names.enumerated() where names[..<index].contains(name) || name.isEmpty {
      throw ModelError(
        path: self.name ?? "", expected: "a name of its own for each \(what)",
        received: name.isEmpty ? "an empty name" : "\(name) twice", location: location)
    }
  }
}

extension ModelError {
  /// The mistake with a place, where it has none of its own.
  package func located(at location: String) -> ModelError {
    guard self.location.isEmpty else { return self }
    var result = self
    result.location = location
    return result
  }
}
