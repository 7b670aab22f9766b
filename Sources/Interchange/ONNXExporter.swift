import MartletGraphs
import MartletNetworks
import MartletTensors

/// Writes a network for predictions as an ONNX graph.
///
/// Images are `[N, H, W, C]` here and `[N, C, H, W]` there: inputs and outputs are declared so, and every
/// operation in between takes its axes in that order, so that nothing is transposed where a network is made
/// of images and rows. Kernels and dense weights are written in ONNX's order.
struct ONNXExporter {
  let outline: NetworkOutline
  let weights: WeightValues
  var model = ONNXModel()
  /// The ONNX names of the graph's values.
  var names: [Int: String] = [:]
  private var initializerNames: [String: String] = [:]
  private var usedNames = UniqueNames()
  private var constants: [Float: String] = [:]

  var graph: Graph { outline.graph }

  /// The axes of `[N, C, H, W]` in `[N, H, W, C]`.
  static let channelsFirst = [0, 3, 1, 2]
  /// The axes of `[N, H, W, C]` in `[N, C, H, W]`.
  static let channelsLast = [0, 2, 3, 1]

  init(_ outline: NetworkOutline, _ weights: WeightValues) {
    self.outline = outline
    self.weights = weights
  }

  /// The model of the whole network.
  static func model(_ outline: NetworkOutline, _ weights: WeightValues) throws(InterchangeError) -> ONNXModel
  {
    var exporter = ONNXExporter(outline, weights)
    try exporter.run()
    return exporter.model
  }

  private mutating func run() throws(InterchangeError) {
    let parts = ONNXParts(outline)
    for (name, value) in outline.outputs.entries { claimOutput(name, value.id) }
    for id in graph.nodes.indices where parts.isNeeded[id] {
      if let part = parts.wholes[id] {
        try emit(part, id)
      } else if isData(id) || !parts.isOnlyWithin(id) {
        try emit(graph.nodes[id], id)
      }
    }
    for (name, value) in outline.outputs.entries {
      if names[value.id] != name { add("Identity", value.id, [self.name(value.id)], as: name) }
      model.graph.outputs.append(info(name, value.id))
    }
  }

  private mutating func claimOutput(_ name: String, _ id: Int) {
    _ = usedNames.take(name)
    if case .source = graph.nodes[id].op { return }
    if names[id] == nil { names[id] = name }
  }

  // MARK: What all operations need

  func isData(_ id: Int) -> Bool { outline.features.isData[id] }

  /// Whether the value is an image batch, whose axes ONNX has in another order.
  func isImages(_ id: Int) -> Bool { isData(id) && graph.nodes[id].shape.count == 4 }

  /// The axis in ONNX of an axis of a value.
  func axis(_ axis: Int, of id: Int) -> Int { isImages(id) ? [0, 2, 3, 1][axis] : axis }

  /// The extents of a value in ONNX.
  func shape(_ id: Int) -> [Int] {
    let shape = graph.nodes[id].shape
    return isImages(id) ? Self.channelsFirst.map { shape[$0] } : shape
  }

  func info(_ name: String, _ id: Int) -> ONNXModel.ValueInfo {
    let format: ScalarFormat =
      switch graph.nodes[id].element {
      case .float: .float32
      case .uint8: .uint8
      case .int32: .int32
      }
    let extents: [Int?] = shape(id).enumerated().map { $0 == 0 ? nil : $1 }
    return ONNXModel.ValueInfo(name: name, element: ONNXModel.code(format), shape: extents)
  }

  /// The ONNX name of a value that was written before.
  mutating func name(_ id: Int) -> String {
    if let name = names[id] { return name }
    let node = graph.nodes[id]
    switch node.op {
    case .source(.parameter(let path, let shape)):
      return parameter(path, arrangement(ofParameter: path, shape))
    case .source(.constant(let number, let shape)):
      let scalars = [Float](repeating: Float(number), count: shape.reduce(1, *))
      return written(id, Tensor(shape: shape, scalars: scalars))
    case .source(.table(let numbers, let shape)):
      return written(id, Tensor(shape: shape, scalars: numbers.map { Float($0) }))
    case .source(.input), .convolution, .pooling, .matrix, .pointwise, .reduction, .structure,
      .normalization, .classification, .random:
      break
    }
    let path = node.path.isEmpty ? "value" : node.path
    let name = usedNames.take("\(path)_\(node.op.name.split(separator: " ").first ?? "")")
    names[id] = name
    return name
  }

  private mutating func written(_ id: Int, _ value: Tensor<Float>) -> String {
    let name = constant(.float32(value), id)
    names[id] = name
    return name
  }

  /// Appends a node whose result is a value of the graph.
  mutating func add(
    _ op: String, _ id: Int, _ inputs: [String], _ attributes: [String: ONNXModel.Attribute] = [:],
    as name: String? = nil
  ) {
    let output = name ?? self.name(id)
    model.graph.nodes.append(
      ONNXModel.Node(op: op, name: "\(output)", inputs: inputs, outputs: [output], attributes: attributes))
  }

  /// Appends a node with a result that the graph does not know.
  mutating func step(
    _ op: String, _ id: Int, _ inputs: [String], _ attributes: [String: ONNXModel.Attribute] = [:]
  ) -> String {
    let path = graph.nodes[id].path
    let output = usedNames.take("\(path.isEmpty ? "value" : path)_\(op.lowercased())")
    add(op, id, inputs, attributes, as: output)
    return output
  }

  /// A tensor that is no weight.
  mutating func constant(_ value: AnyTensor, _ id: Int) -> String {
    step("Constant", id, [], ["value": .tensor(value)])
  }

  mutating func constant(_ number: Double, _ id: Int) -> String {
    if let name = constants[Float(number)] { return name }
    let name = constant(.float32(Tensor(shape: [], scalars: [Float(number)])), id)
    constants[Float(number)] = name
    return name
  }

  mutating func integers(_ numbers: [Int], _ id: Int) -> String {
    constant(.int64(Tensor(shape: [numbers.count], scalars: numbers.map { Int64($0) })), id)
  }

  /// A weight in an arrangement; each arrangement of it is written once.
  mutating func parameter(_ path: String, _ arrangement: Arrangement) -> String {
    let key = "\(path) \(arrangement)"
    if let known = initializerNames[key] { return known }
    guard let value = weights[path] else { preconditionFailure("\(path) has no value") }
    let name = usedNames.take(path)
    initializerNames[key] = name
    model.graph.initializers.append((name, .float32(arrangement.applied(value))))
    return name
  }

  /// The order in which a weight that no convolution or product reads is written.
  func arrangement(ofParameter path: String, _ shape: [Int]) -> Arrangement {
    guard shape.count == 1, let image = outline.features.parameters[path] else { return Arrangement(shape) }
    return Arrangement(view: image, order: [2, 0, 1], shape: shape)
  }

  func unsupported(_ id: Int) -> InterchangeError {
    let node = graph.nodes[id]
    return InterchangeError(
      at: node.path, expected: "operations that ONNX has for predictions", received: node.op.name,
      hint: "export the weights alone, as safetensors or npz")
  }
}

extension NetworkOutline {
  /// The network with its weights as an ONNX model, opset 17.
  ///
  /// - Throws: The operation that ONNX has no counterpart for.
  package func onnx(_ weights: WeightValues) throws(InterchangeError) -> ONNXModel {
    try ONNXExporter.model(self, weights)
  }
}
