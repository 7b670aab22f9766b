import MartletGraphs
import MartletNetworks
import MartletTensors

/// A network's weights by path.
package typealias WeightValues = [String: Tensor<Float>]

extension Parameters {
  /// Copies of all weights and statistics by path.
  package var weightValues: WeightValues {
    var values: WeightValues = [:]
    for path in paths { values[path] = tensor(path) }
    return values
  }
}

extension NetworkOutline {
  /// The network's weights from another program's tensors.
  ///
  /// - Parameters:
  ///   - names: The file's layer for each layer of the network, where the user gives it.
  ///   - onGuess: Told of layers that only the order of their names tells apart.
  /// - Throws: Both sides' names and shapes, where they do not fit.
  package func weights(
    from foreign: [ForeignTensor], style: WeightStyle, names: [String: String] = [:], place: String,
    onGuess: (String) -> Void = { _ in }
  ) throws(InterchangeError) -> WeightValues {
    let match = try WeightMatch(foreign, to: style.layers(of: self), style: style, names: names, place: place)
    if let guess = match.guess { onGuess("\(place): \(guess)") }
    let found = Dictionary(foreign.map { ($0.name, $0.value) }) { first, _ in first }
    var values: WeightValues = [:]
    for (name, tensor) in match.pairs {
      guard let value = found[name]?.weights else {
        throw InterchangeError(at: place, expected: "floating-point numbers in \(name)", received: "others")
      }
      values[tensor.path] = tensor.arrangement.undone(value, shape: tensor.shape)
    }
    return values
  }

  /// The network's weights as another program's tensors, under the names of a file it made.
  ///
  /// - Parameter onGuess: Told of layers that only the order of their names tells apart.
  package func tensors(
    _ values: WeightValues, like template: [ForeignTensor], style: WeightStyle, place: String,
    onGuess: (String) -> Void = { _ in }
  ) throws(InterchangeError) -> [ForeignTensor] {
    let match = try WeightMatch(template, to: style.layers(of: self), style: style, place: place)
    if let guess = match.guess { onGuess("\(place): \(guess)") }
    let names = Dictionary(match.pairs.map { ($0.foreign, $0.tensor) }) { first, _ in first }
    return template.map { tensor in
      guard let mapped = names[tensor.name] else { return tensor }
      return ForeignTensor(tensor.name, .float32(mapped.applied(values)), layer: tensor.layer)
    }
  }

  /// The network's weights as a state dictionary of PyTorch.
  ///
  /// - Parameter sequential: Whether layers are named by their numbers in a `torch.nn.Sequential` in which
  ///   activations are modules of their own, instead of by their paths with dots.
  /// - Throws: The weights whose order PyTorch does not have.
  package func stateDictionary(
    _ values: WeightValues, sequential: Bool = false
  ) throws(InterchangeError) -> [ForeignTensor] {
    let numbers = sequential ? moduleNumbers : [:]
    var tensors: [ForeignTensor] = []
    for layer in try WeightStyle.pytorch.layers(of: self) {
      let parts = layer.path.split(separator: "/").map { String($0) }
      let head = parts.first.flatMap { numbers[$0] }.map { "\($0)" } ?? parts.first ?? ""
      let name = ([head] + parts.dropFirst()).joined(separator: ".")
      for tensor in layer.tensors {
        tensors.append(ForeignTensor("\(name).\(tensor.name)", .float32(tensor.applied(values))))
      }
      if layer.type == LayerKind.batchNormalization.pathName {
        tensors.append(
          ForeignTensor("\(name).num_batches_tracked", .int64(Tensor(shape: [], scalars: [0]))))
      }
    }
    return tensors
  }

  /// The numbers of the outermost layers in a `torch.nn.Sequential`; preprocessing is none of its modules.
  private var moduleNumbers: [String: Int] {
    var numbers: [String: Int] = [:]
    var next = 0
    for output in graph.layerOutputs where !output.path.contains("/") && numbers[output.path] == nil {
      let kind = LayerKind(pathName: output.type)
      if kind == .rescale || kind == .normalize { continue }
      numbers[output.path] = next
      next += hasOwnActivation(output) ? 2 : 1
    }
    return numbers
  }

  /// Whether the layer's result is a function of its sum.
  private func hasOwnActivation(_ output: Graph.LayerOutput) -> Bool {
    switch LayerKind(pathName: output.type) {
    case .conv2D, .depthwiseConv2D, .separableConv2D, .conv2DTranspose, .dense:
      switch graph.nodes[output.value.id].op {
      case .convolution, .matrix, .pointwise(.binary(.add)): false
      case .source, .pooling, .pointwise, .reduction, .structure, .normalization, .classification, .random:
        true
      }
    default: false
    }
  }

  /// The network's weights as Keras's files name them: `layers/conv2d_1/vars/0`, layers numbered by type.
  package func kerasVariables(_ values: WeightValues) -> [ForeignTensor] {
    var numbers = KerasNumbers()
    return layersInKerasOrder.map(WeightStyle.keras.keras).flatMap { layer in
      let folder = numbers.take(layer.type.isEmpty ? "layer" : layer.type)
      return layer.tensors.map { tensor in
        ForeignTensor(
          "layers/\(folder)/vars/\(tensor.name)", .float32(tensor.applied(values)), layer: layer.path)
      }
    }
  }

  /// The network's weights under Martlet's own paths.
  package func ownTensors(_ values: WeightValues) -> [ForeignTensor] {
    layers.flatMap(\.tensors).compactMap { tensor in
      values[tensor.path].map { ForeignTensor(tensor.path, .float32($0)) }
    }
  }
}

extension MappedTensor {
  fileprivate func applied(_ values: WeightValues) -> Tensor<Float> {
    guard let value = values[path] else { preconditionFailure("\(path) has no value") }
    return arrangement.applied(value)
  }
}
