import MartletGraphs
import MartletNetworks
import MartletTensors

/// A network as a functional model of Keras: the configuration and weights that a `.keras` file holds.
///
/// Every operation becomes a built-in layer or operation of Keras, so that loading needs no code of one's
/// own; what Keras has none for is refused by name.
package struct KerasGraph {
  /// The model as Keras serializes it.
  package var configuration: JSON {
    [
      "module": "keras.src.models.functional", "class_name": "Functional",
      "config": [
        "name": "martlet_model", "trainable": true, "layers": layers.configuration,
        "input_layers": layers.place(output(input)), "output_layers": layers.place(output(result)),
      ], "registered_name": "Functional",
    ]
  }
  /// The weights under the names that Keras gives the layers of the configuration.
  package var tensors: [ForeignTensor] { layers.tensors(outputs: [output(result)]) }
  let outline: NetworkOutline
  private let weights: WeightValues
  private var layers = KerasLayers()
  /// The layers' results by the values that they stand for.
  private var outputs: [Int: KerasLayers.Output] = [:]
  private var input = 0
  private let result: Int

  var graph: Graph { outline.graph }

  /// Translates a network of one input and one output.
  ///
  /// - Throws: The operation that Keras has no layer for.
  package init(_ outline: NetworkOutline, _ weights: WeightValues) throws(InterchangeError) {
    guard let result = outline.outputs.elements.first, outline.outputs.count == 1 else {
      throw InterchangeError(
        at: "model", expected: "one output", received: "\(outline.outputs.count)",
        hint: "export it as ONNX or its weights alone")
    }
    self.outline = outline
    self.weights = weights
    self.result = result.id
    let parts = ONNXParts(outline)
    for id in graph.nodes.indices where parts.isNeeded[id] && outline.features.isData[id] {
      if let whole = parts.wholes[id] {
        try emit(whole, id)
      } else {
        try emit(graph.nodes[id], id)
      }
    }
  }

  func output(_ id: Int) -> KerasLayers.Output {
    guard let output = outputs[id] else { preconditionFailure("value \(id) was not translated") }
    return output
  }

  func unsupported(
    _ id: Int, expected: String = "operations that Keras has layers for", received: String? = nil
  ) -> InterchangeError {
    let node = graph.nodes[id]
    return InterchangeError(
      at: node.path.isEmpty ? "network" : node.path, expected: expected, received: received ?? node.op.name,
      hint: "write a .weights.h5 file, or give --like FILE.keras")
  }

  /// Appends a layer whose result is the value `id`.
  mutating func add(_ kind: KerasLayers.Kind, _ id: Int, _ inputs: [KerasLayers.Output]) {
    let node = graph.nodes[id]
    outputs[id] = layers.add(kind, path: node.path, inputs, shape: Array(node.shape.dropFirst()))
  }

  private mutating func add(
    _ type: String, _ id: Int, _ inputs: [Int], merges: Bool = false, _ settings: [(String, JSON)] = []
  ) {
    add(KerasLayers.Kind(type: type, merges: merges, settings: settings), id, inputs.map(output))
  }

  /// Appends a border of zeros around `source` for the operation `id`.
  mutating func bordered(_ source: Int, _ margins: Margins, for id: Int) -> KerasLayers.Output {
    let shape = graph.nodes[source].shape
    let path = graph.nodes[id].path
    let padding: JSON = [
      [.integer(margins.top), .integer(margins.bottom)], [.integer(margins.left), .integer(margins.right)],
    ]
    return layers.add(
      KerasLayers.Kind(type: "ZeroPadding2D", settings: [("padding", padding)]),
      path: path.isEmpty ? "" : "\(path)/border", [output(source)],
      shape: [
        shape[1] + margins.top + margins.bottom, shape[2] + margins.left + margins.right, shape[3],
      ])
  }

  /// A weight's values; nil for another value.
  func weight(_ id: Int) -> Tensor<Float>? {
    guard case .source(.parameter(let path, _)) = graph.nodes[id].op else { return nil }
    return weights[path]
  }

  func pair(_ extent: Extent) -> JSON { [.integer(extent.height), .integer(extent.width)] }

  // MARK: Operations

  private mutating func emit(_ node: Graph.Node, _ id: Int) throws(InterchangeError) {
    let source = node.inputs.first ?? id
    let data = node.inputs.filter { outline.features.isData[$0] }
    switch node.op {
    case .source(.input):
      let extents: JSON = .array([.null] + node.shape.dropFirst().map { .integer($0) })
      add("InputLayer", id, [], [("batch_shape", extents), ("dtype", "float32")])
      input = id
    case .pointwise(.cast): outputs[id] = output(source)
    case .pointwise(.unary(let function)): try emit(function, source, id)
    case .pointwise(.binary(let function)):
      let types: [PointwiseOp.Binary: String] = [
        .add: "Add", .subtract: "Subtract", .multiply: "Multiply", .maximum: "Maximum",
        .minimum: "Minimum",
      ]
      guard data.count == 2, let type = types[function] else { throw unsupported(id) }
      add(type, id, data, merges: true)
    case .convolution, .matrix: try product(node, id, bias: nil)
    case .pooling(.max(let window)): try pool("MaxPooling2D", window, source, id)
    case .pooling(.average(let window)): try pool("AveragePooling2D", window, source, id)
    case .reduction(let reduction):
      let types: [ReductionOp.Kind: String] = [.mean: "Mean", .max: "Max", .sum: "Sum"]
      guard let type = types[reduction.kind] else { throw unsupported(id) }
      let axes = JSON.array(reduction.axes.map { .integer($0) })
      let settings = [("axis", axes), ("keepdims", JSON.bool(reduction.keepsAxes))]
      add(
        KerasLayers.Kind(type: type, module: "keras.src.ops.numpy", settings: settings), id, [output(source)])
    case .structure(.reshape):
      if node.shape.count == 2 { return add("Flatten", id, [source]) }
      let shape = node.shape.dropFirst().map { JSON.integer($0) }
      add("Reshape", id, [source], [("target_shape", .array(shape))])
    case .structure(.concatenate(let axis)) where data.count == node.inputs.count:
      add("Concatenate", id, data, merges: true, [("axis", .integer(axis))])
    case .structure(.pad(let axis, let before, let after)) where axis == 1 || axis == 2:
      let border: JSON = [.integer(before), .integer(after)]
      add("ZeroPadding2D", id, [source], [("padding", axis == 1 ? [border, [0, 0]] : [[0, 0], border])])
    case .classification(.softmax): add("Activation", id, [source], [("activation", "softmax")])
    case .source, .pooling, .structure, .normalization, .classification, .random: throw unsupported(id)
    }
  }

  private mutating func emit(
    _ function: PointwiseOp.Unary, _ source: Int, _ id: Int
  ) throws(InterchangeError) {
    func rescaling(_ scale: Double, _ offset: Double) -> [(String, JSON)] {
      [("scale", .number(scale)), ("offset", .number(offset))]
    }
    switch function {
    case .relu: add("Activation", id, [source], [("activation", "relu")])
    case .sigmoid: add("Activation", id, [source], [("activation", "sigmoid")])
    case .tanh: add("Activation", id, [source], [("activation", "tanh")])
    case .softplus: add("Activation", id, [source], [("activation", "softplus")])
    case .exp: add("Activation", id, [source], [("activation", "exponential")])
    case .leakyReLU(let slope): add("LeakyReLU", id, [source], [("negative_slope", .number(slope))])
    case .square: add("Multiply", id, [source, source], merges: true)
    case .negate: add("Rescaling", id, [source], rescaling(-1, 0))
    case .multiply(let number): add("Rescaling", id, [source], rescaling(number, 0))
    case .add(let number): add("Rescaling", id, [source], rescaling(1, number))
    case .abs, .sign, .log, .sqrt, .reciprocal, .erf, .step: throw unsupported(id)
    }
  }

  private mutating func emit(_ whole: ONNXParts.Whole, _ id: Int) throws(InterchangeError) {
    switch whole {
    case .biased(let sum, let bias): try product(graph.nodes[sum], id, bias: bias)
    case .upSampling(let x, let isBilinear):
      let (small, large) = (graph.nodes[x].shape, graph.nodes[id].shape)
      let size = pair(Extent(large[1] / small[1], large[2] / small[2]))
      add(
        "UpSampling2D", id, [x],
        [("size", size), ("interpolation", isBilinear ? "bilinear" : "nearest")])
    case .batchNormalization(let x, let gamma, let beta, let mean, let variance, let epsilon):
      var settings: [(String, JSON)] = [
        ("axis", -1), ("epsilon", .number(epsilon)), ("scale", .bool(weight(gamma) != nil)),
        ("center", .bool(weight(beta) != nil)),
      ]
      if let momentum = outline.momenta[graph.nodes[id].path] {
        settings.append(("momentum", .number(momentum)))
      }
      let variables = [gamma, beta, mean, variance].compactMap { weight($0) }
      add(
        KerasLayers.Kind(type: "BatchNormalization", settings: settings, variables: variables), id,
        [output(x)])
    }
  }
}
