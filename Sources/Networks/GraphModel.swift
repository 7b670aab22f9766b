import MartletGraphs

/// A network of several named inputs and outputs, given by a function.
///
/// ```swift
/// let model = try GraphModel(inputs: ["left": .image(28, 28, 1), "right": .vector(10)]) { inputs in
///   let left = Dense(16, activation: .relu)(Flatten()(Rescale(1 / 255)(inputs["left"])))
///   let both = Concatenate()(left, inputs["right"])
///   return ["class": Dense(10)(both), "side": Dense(2)(both)]
/// }
/// ```
///
/// Layers and types of one's own that take several values are applied in the function like any other.
public struct GraphModel: GraphNetwork {
  /// What one sample of each input looks like.
  public let inputs: NamedInputs
  /// Whose defaults the layers take where a setting is left open.
  public let preset: Preset
  /// The name in summaries, and the scope as a part of another network.
  public let name: String?
  private let body: @Sendable (NamedValues) -> NamedValues
  private let origin: LayerOrigin

  /// Creates the network from a function and checks every shape and setting.
  ///
  /// - Parameters:
  ///   - inputs: The shape of one sample of each input.
  ///   - preset: Whose defaults the layers take where a setting is left open.
  ///   - name: The name in summaries, and the scope as a part of another network.
  ///   - file: The file that mistakes name; filled in by the compiler.
  ///   - line: The line that mistakes name; filled in by the compiler.
  ///   - body: Applies layers to the inputs `[N, ...]` and gives the outputs `[N, ...]`, both by name.
  /// - Throws: The first mistake, with the layer's path and place.
  public init(
    inputs: NamedInputs, preset: Preset = .keras, name: String? = nil, file: String = #fileID,
    line: Int = #line, _ body: @escaping @Sendable (NamedValues) -> NamedValues
  ) throws(ModelError) {
    self.inputs = inputs
    self.preset = preset
    self.name = name
    self.body = body
    origin = LayerOrigin(name, file, line)
    try check(origin.location)
  }

  /// The function's results.
  public func forward(_ inputs: NamedValues) -> NamedValues { body(inputs) }

  /// Applies the network as a part of another one, in its own scope; again it shares the weights.
  public func callAsFunction(_ values: NamedValues) -> NamedValues {
    guard let first = values.entries.first?.element else {
      fatalError("\(name ?? "the model") is applied to no values")
    }
    guard values.names.sorted() == inputs.names.sorted() else {
      return NamedValues(
        invalid: first.graph.fail(
          ModelError(
            path: name ?? LayerKind.model.pathName,
            expected: "the inputs \(inputs.names.joined(separator: ", "))",
            received: values.names.joined(separator: ", "), location: origin.location)))
    }
    var results = NamedValues(invalid: first)
    let ordered = inputs.names.map { values[$0] }
    let one = origin.trace(.model, ordered) {
      (ordered: [Value], scope: LayerScope) throws(ModelError) -> Value in
      for (spec, value) in zip(inputs.elements, ordered) { try spec.requireShape(of: value, scope) }
      let outer = scope.graph.settings.preset
      scope.graph.settings.preset = preset
      defer { scope.graph.settings.preset = outer }
      results = forward(NamedValues(zip(inputs.names, ordered).map { (name: $0, element: $1) }))
      return results.elements[0]
    }
    return one.isValid ? results : NamedValues(invalid: one)
  }
}
