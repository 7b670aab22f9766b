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
        "name": "martlet_model", "trainable": true, "layers": .array(layers), "input_layers": place(input),
        "output_layers": place(output),
      ], "registered_name": "Functional",
    ]
  }
  /// The weights under the names that Keras gives the layers of the configuration.
  package private(set) var tensors: [ForeignTensor] = []
  private let outline: NetworkOutline
  private let weights: WeightValues
  private var layers: [JSON] = []
  private var counts: [String: Int] = [:]
  private var usedNames: Set<String> = []
  /// The layers of Keras by the values they result in.
  private var names: [Int: String] = [:]
  private var input = ""
  private var output = ""

  private var graph: Graph { outline.graph }

  /// Translates a network of one input and one output.
  ///
  /// - Throws: The operation that Keras has no layer for.
  package init(_ outline: NetworkOutline, _ weights: WeightValues) throws(InterchangeError) {
    self.outline = outline
    self.weights = weights
    let parts = ONNXParts(outline)
    for id in graph.nodes.indices where parts.isNeeded[id] && outline.features.isData[id] {
      if let whole = parts.wholes[id] {
        try emit(whole, id)
      } else {
        try emit(graph.nodes[id], id)
      }
    }
    guard let result = outline.outputs.elements.first, outline.outputs.count == 1 else {
      throw InterchangeError(
        at: "model", expected: "one output", received: "\(outline.outputs.count)",
        hint: "export it as ONNX or its weights alone")
    }
    output = name(result.id)
  }

  private static func plain(_ path: String) -> String { String(path.map { $0 == "/" ? "_" : $0 }) }

  private func name(_ id: Int) -> String {
    guard let name = names[id] else { preconditionFailure("value \(id) was not translated") }
    return name
  }

  private func place(_ name: String) -> JSON { [.string(name), 0, 0] }

  private func extents(_ id: Int) -> JSON {
    .array([.null] + graph.nodes[id].shape.dropFirst().map { .integer($0) })
  }

  private func reference(_ id: Int) -> JSON {
    [
      "class_name": "__keras_tensor__",
      "config": ["shape": extents(id), "dtype": "float32", "keras_history": place(name(id))],
    ]
  }

  private func unsupported(_ id: Int) -> InterchangeError {
    InterchangeError(
      at: graph.nodes[id].path.isEmpty ? "network" : graph.nodes[id].path,
      expected: "operations that Keras has layers for",
      received: graph.nodes[id].op.name, hint: "write a .weights.h5 file, or give --like FILE.keras")
  }

  /// Appends a layer whose result is the value `id`.
  ///
  /// - Parameter variables: Its weights in Keras's order.
  private mutating func add(
    _ type: String, _ id: Int, _ inputs: [Int], merges: Bool = false, module: String = "keras.layers",
    _ settings: [(String, JSON)] = [], variables: [Tensor<Float>] = []
  ) {
    let path = graph.nodes[id].path
    var own = Self.plain(path.isEmpty ? type.lowercased() : path)
    var number = 1
    while !usedNames.insert(own).inserted {
      own = Self.plain("\(path)_\(type.lowercased())_\(number)")
      number += 1
    }
    let references = inputs.map { reference($0) }
    let nodes: JSON =
      inputs.isEmpty
      ? [] : [["args": .array(merges ? [.array(references)] : references), "kwargs": [:]]]
    let config = [JSON.Member("name", .string(own))] + settings.map { JSON.Member($0.0, $0.1) }
    layers.append([
      "module": .string(module), "class_name": .string(type), "config": .object(config),
      "registered_name": module == "keras.layers" ? .null : .string(type), "name": .string(own),
      "inbound_nodes": nodes,
    ])
    names[id] = own
    guard !variables.isEmpty, let kind = LayerKind.allCases.first(where: { $0.rawValue == type }) else {
      return
    }
    let count = counts[type, default: 0]
    counts[type] = count + 1
    let folder = WeightStyle.kerasType(kind) + (count == 0 ? "" : "_\(count)")
    for (index, value) in variables.enumerated() {
      tensors.append(ForeignTensor("layers/\(folder)/vars/\(index)", .float32(value), layer: own))
    }
  }

  private func weight(_ id: Int) -> Tensor<Float>? {
    guard case .source(.parameter(let path, _)) = graph.nodes[id].op else { return nil }
    return weights[path]
  }

  private func pair(_ extent: Extent) -> JSON { [.integer(extent.height), .integer(extent.width)] }

  // MARK: Operations

  private mutating func emit(_ node: Graph.Node, _ id: Int) throws(InterchangeError) {
    let source = node.inputs.first ?? id
    let data = node.inputs.filter { outline.features.isData[$0] }
    switch node.op {
    case .source(.input):
      add("InputLayer", id, [], [("batch_shape", extents(id)), ("dtype", "float32")])
      input = name(id)
    case .pointwise(.cast): names[id] = name(source)
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
      add(
        type, id, [source], module: "keras.src.ops.numpy",
        [("axis", axes), ("keepdims", .bool(reduction.keepsAxes))])
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

  private func padding(
    _ margins: Margins, _ source: Int, _ kernel: Extent, _ stride: Extent, _ dilation: Extent = 1
  ) -> JSON? {
    if margins.isZero { return "valid" }
    let shape = graph.nodes[source].shape
    let same = Padding.same.margins(
      input: Extent(shape[1], shape[2]), kernel: kernel, stride: stride, dilation: dilation)
    return margins == same ? "same" : nil
  }

  private mutating func pool(
    _ type: String, _ window: PoolingWindow, _ source: Int, _ id: Int
  ) throws(InterchangeError) {
    guard let padding = padding(window.padding, source, window.size, window.stride),
      window.padding.isZero || !window.countsPadding
    else { throw unsupported(id) }
    add(
      type, id, [source],
      [("pool_size", pair(window.size)), ("strides", pair(window.stride)), ("padding", padding)])
  }

  private mutating func product(_ node: Graph.Node, _ id: Int, bias: Int?) throws(InterchangeError) {
    let source = node.inputs[0]
    guard let kernel = weight(node.inputs[1]) else { throw unsupported(id) }
    let variables = [kernel] + (bias.flatMap { weight($0) }.map { [$0] } ?? [])
    let common: [(String, JSON)] = [("activation", "linear"), ("use_bias", .bool(variables.count == 2))]
    switch node.op {
    case .matrix(.multiply(false, false)):
      add("Dense", id, [source], [("units", .integer(kernel.shape[1]))] + common, variables: variables)
    case .convolution(.forward(let window)):
      guard let padding = padding(window.padding, source, window.kernel, window.stride, window.dilation)
      else { throw unsupported(id) }
      let settings: [(String, JSON)] = [
        ("filters", .integer(kernel.shape[3])), ("kernel_size", pair(window.kernel)),
        ("strides", pair(window.stride)), ("padding", padding), ("dilation_rate", pair(window.dilation)),
        ("groups", .integer(window.groups)),
      ]
      add("Conv2D", id, [source], settings + common, variables: variables)
    case .source, .convolution, .pooling, .matrix, .pointwise, .reduction, .structure, .normalization,
      .classification, .random:
      throw unsupported(id)
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
      let found = [gamma, beta, mean, variance].compactMap { weight($0) }
      add(
        "BatchNormalization", id, [x],
        [
          ("axis", -1), ("epsilon", .number(epsilon)), ("scale", .bool(weight(gamma) != nil)),
          ("center", .bool(weight(beta) != nil)),
        ], variables: found)
    }
  }
}
