import MartletGraphs
import MartletTensors

/// A function from a value to a value: a layer, a block of layers or a whole network.
///
/// A type of one's own holds layers in its fields and applies them in `callAsFunction`; a layer applied
/// twice shares its weights.
///
/// ```swift
/// struct ConvNet: Layer {
///   let convolution = Conv2D(32, kernelSize: 3, activation: .relu)
///   let head = Dense(10)
///   func callAsFunction(_ x: Value) -> Value { head(Flatten()(convolution(x))) }
/// }
/// ```
public protocol Layer: Sendable {
  /// The layer's result for a batch of inputs.
  func callAsFunction(_ x: Value) -> Value
}

/// What every built-in layer carries: its identity, name and the place where it was written.
package struct LayerOrigin: Sendable {
  package let identity = LayerIdentity()
  package let name: String?
  package let location: String
  /// Whether the layer's weights are trained.
  package let trainable: Bool

  package init(_ name: String?, _ file: String, _ line: Int, trainable: Bool = true) {
    self.name = name
    self.trainable = trainable
    location = "\(file):\(line)"
  }

  /// Traces one use of the layer in its own scope; a mistake becomes the graph's.
  package func trace(
    _ kind: LayerKind, _ x: Value, _ body: (Value, LayerScope) throws(ModelError) -> Value
  ) -> Value {
    trace(kind, [x]) { (values: [Value], scope: LayerScope) throws(ModelError) -> Value in
      try body(values[0], scope)
    }
  }

  /// Traces one use of a layer over several values.
  package func trace(
    _ kind: LayerKind, _ values: [Value], _ body: ([Value], LayerScope) throws(ModelError) -> Value
  ) -> Value {
    demand(!values.isEmpty, "\(kind.rawValue) needs at least one value")
    if let invalid = values.first(where: { !$0.isValid }) { return invalid }
    let graph = values[0].graph
    return graph.layer(identity, name: name, type: kind.pathName, location: location) { path in
      do throws(ModelError) {
        let scope = LayerScope(graph: graph, path: path, location: location)
        if !trainable || graph.settings.freezesLayers { try scope.freeze() }
        return try body(values, scope)
      } catch {
        return graph.fail(error)
      }
    }
  }
}
