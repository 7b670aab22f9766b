import MartletNetworks
import MartletTensors

/// The layers of a functional model of Keras while they are put together.
struct KerasLayers {
  /// The result of a layer.
  struct Output {
    /// The layer's place in the order of their making.
    let layer: Int
    /// The extents without the batch.
    let shape: [Int]

    var extents: JSON { .array([.null] + shape.map { .integer($0) }) }
  }

  /// What the layer is and does.
  struct Kind {
    /// The class of Keras.
    var type: String
    var module = "keras.layers"
    /// Whether it takes one list of inputs instead of its inputs.
    var merges = false
    var settings: [(String, JSON)] = []
    /// Its weights in Keras's order.
    var variables: [Tensor<Float>] = []
  }

  private struct Layer {
    let name: String
    let kind: Kind
    let inputs: [Output]
  }

  private var layers: [Layer] = []
  private var names = UniqueNames()

  /// Appends a layer.
  ///
  /// - Parameters:
  ///   - path: The layer's path in the network, from which it is named; empty where it has none.
  ///   - shape: The extents of its result without the batch.
  mutating func add(_ kind: Kind, path: String, _ inputs: [Output], shape: [Int]) -> Output {
    let type = kind.type.lowercased()
    let plain = String(path.map { $0 == "/" ? "_" : $0 })
    let name = plain.isEmpty ? names.take(type) : names.take(plain, else: "\(plain)_\(type)")
    layers.append(Layer(name: name, kind: kind, inputs: inputs))
    return Output(layer: layers.count - 1, shape: shape)
  }

  // MARK: As Keras writes them

  /// A place in the model: the layer, its first use, its first result.
  func place(_ output: Output) -> JSON { [.string(layers[output.layer].name), 0, 0] }

  var configuration: JSON { .array(layers.map(configuration)) }

  private func configuration(_ layer: Layer) -> JSON {
    let kind = layer.kind
    let references = layer.inputs.map { input -> JSON in
      [
        "class_name": "__keras_tensor__",
        "config": ["shape": input.extents, "dtype": "float32", "keras_history": place(input)],
      ]
    }
    let arguments: JSON = .array(kind.merges ? [.array(references)] : references)
    let settings = [JSON.Member("name", .string(layer.name))] + kind.settings.map { JSON.Member($0.0, $0.1) }
    return [
      "module": .string(kind.module), "class_name": .string(kind.type), "config": .object(settings),
      "registered_name": kind.module == "keras.layers" ? .null : .string(kind.type),
      "name": .string(layer.name),
      "inbound_nodes": layer.inputs.isEmpty ? [] : [["args": arguments, "kwargs": [:]]],
    ]
  }

  /// The weights under the names that Keras gives the layers when it loads the model.
  func tensors(outputs: [Output]) -> [ForeignTensor] {
    let order = KerasOrder(inputs: layers.map { $0.inputs.map(\.layer) }, outputs: outputs.map(\.layer))
    var numbers = KerasNumbers()
    var tensors: [ForeignTensor] = []
    for index in order.sorted {
      let layer = layers[index]
      guard let kind = LayerKind(rawValue: layer.kind.type) else { continue }
      let folder = numbers.take(WeightStyle.kerasType(kind))
      for (place, value) in layer.kind.variables.enumerated() {
        tensors.append(ForeignTensor("layers/\(folder)/vars/\(place)", .float32(value), layer: layer.name))
      }
    }
    return tensors
  }
}
