import MartletGraphs
import MartletNetworks
import MartletTensors

/// Turns the nodes of an ONNX graph into layers and operations, one after another.
///
/// Images stay `[N, H, W, C]` however often ONNX's `[N, C, H, W]` is meant: each value carries the order its
/// axes are in, transposes only change that note, and the rows of dense weights after a flattening are
/// exchanged once.
struct ONNXImporter {
  /// In which order a value's elements are, compared with what ONNX means.
  enum Order: Equatable, Sendable {
    case same
    /// `[N, H, W, C]` where ONNX means `[N, C, H, W]`.
    case images
    /// Rows, columns, channels where ONNX means channels, rows, columns; with `[H, W, C]`.
    case flattened([Int])
  }

  /// What a name of the ONNX graph stands for.
  enum Item {
    case value(Int, Order)
    /// Fixed numbers: the result of a Constant node, or a single number.
    case constant(AnyTensor)
    /// A tensor that training may change.
    case weight(String, Tensor<Float>)
  }

  let model: ONNXModel
  let place: String
  private(set) var input: InputSpec
  private(set) var steps: [ONNXNetwork.Step] = []
  var weights: WeightValues = [:]
  var items: [String: Item] = [:]
  /// Layers made so far by what they are made of: an equal node with the same weights is the same layer.
  var layers: [String: any Layer] = [:]
  private var layerNames = UniqueNames()
  /// Nodes that were taken together with one before them.
  var consumed: Set<Int> = []
  /// The nodes that read each name.
  let readers: [String: [Int]]
  /// The graph that is traced along, so that shapes are known.
  private let graph = MartletGraphs.Graph(purpose: .inference)
  private var traced: [Value] = []

  init(_ model: ONNXModel, place: String) throws(InterchangeError) {
    self.model = model
    self.place = place
    var readers: [String: [Int]] = [:]
    for (index, node) in model.graph.nodes.enumerated() {
      for input in Set(node.inputs) { readers[input, default: []].append(index) }
    }
    self.readers = readers
    for (name, value) in model.graph.initializers {
      let isWeight = value.weights != nil && value.shape.reduce(1, *) > 1
      items[name] = isWeight ? value.weights.map { .weight(name, $0) } : .constant(value)
    }
    let inputs = model.graph.inputs.filter { [items] in items[$0.name] == nil }
    guard inputs.count == 1, model.graph.outputs.count == 1, let given = inputs.first else {
      throw InterchangeError(
        at: place, expected: "a network of one input and one output",
        received: "\(inputs.map(\.name)) and \(model.graph.outputs.map(\.name))")
    }
    let elements: [Int: ElementType] = [1: .float, 2: .uint8, 6: .int32]
    guard let element = elements[given.element] else {
      throw InterchangeError(
        at: "\(place): \(given.name)", expected: "FLOAT or UINT8 numbers",
        received: ONNXModel.elementName(given.element))
    }
    let extents = given.shape.dropFirst().compactMap { $0 }
    guard (2...4).contains(given.shape.count), extents.count == given.shape.count - 1,
      extents.allSatisfy({ $0 > 0 && $0 <= 1 << 16 }), extents.reduce(1, *) <= Self.maximumElements
    else {
      throw InterchangeError(
        at: "\(place): \(given.name)", expected: "2 to 4 axes, [batch, ...], with known extents up to 65536",
        received: "\(given.shape.map { $0.map { "\($0)" } ?? "?" })")
    }
    let isImages = extents.count == 3 && !given.isChannelsLast
    input = InputSpec(shape: isImages ? [extents[1], extents[2], extents[0]] : extents, element: element)
    traced = [graph.input(InputSpec.inputName, shape: [2] + input.shape, element: element)]
    items[given.name] = .value(0, isImages ? .images : .same)
  }

  mutating func run() throws(InterchangeError) {
    for (index, node) in model.graph.nodes.enumerated() where !consumed.contains(index) {
      guard node.domain.isEmpty || node.domain == "ai.onnx" else {
        throw fault(node, "operators of ONNX itself", "domain \(node.domain)")
      }
      try translate(node, index)
    }
  }

  /// The value that leaves the network, in ONNX's order.
  mutating func result() throws(InterchangeError) -> Int {
    let output = model.graph.outputs[0]
    guard case .value(let value, let order) = items[output.name] else {
      throw InterchangeError(at: place, expected: "an output \(output.name)", received: "none computed")
    }
    return nominal(value, order)
  }

  // MARK: Values

  func fault(_ node: ONNXModel.Node, _ expected: String, _ received: String) -> InterchangeError {
    InterchangeError(
      at: "\(place): \(node.op) \(node.name.isEmpty ? node.outputs.first ?? "" : node.name)",
      expected: expected, received: received)
  }

  func shape(_ value: Int) -> [Int] { traced[value].shape }

  /// Appends an operation and gives its value.
  mutating func add(_ inputs: [Int], _ apply: @escaping @Sendable ([Value]) -> Value) -> Int {
    traced.append(apply(inputs.map { traced[$0] }))
    steps.append(ONNXNetwork.Step(inputs: inputs, apply: apply))
    return traced.count - 1
  }

  /// Where in `[N, H, W, C]` the axes of `[N, C, H, W]` are.
  static let actualAxes = [0, 3, 1, 2]

  /// The most elements that one sample may have anywhere in the network.
  static let maximumElements = 1 << 31

  /// Notes what a node results in, after checking what the trace found.
  mutating func set(_ node: ONNXModel.Node, _ value: Int, _ order: Order) throws(InterchangeError) {
    do throws(ModelError) { try graph.check() } catch {
      throw fault(node, error.expected, "\(error.received). \(error.hint)")
    }
    guard let size = ScalarFormat.uint8.byteCount(of: shape(value)), size <= Self.maximumElements else {
      throw fault(node, "at most \(Self.maximumElements) elements", "shape \(shape(value))")
    }
    guard let name = node.outputs.first else { throw fault(node, "an output", "none") }
    for extra in node.outputs.dropFirst() where !extra.isEmpty && isRead(extra) {
      throw fault(node, "one output that is used", "\"\(extra)\" as well")
    }
    guard items.updateValue(.value(value, order), forKey: name) == nil else {
      throw fault(node, "a new name", "\"\(name)\" again")
    }
  }

  private func isRead(_ name: String) -> Bool {
    readers[name] != nil || model.graph.outputs.contains { $0.name == name }
  }

  func item(_ node: ONNXModel.Node, _ index: Int) throws(InterchangeError) -> Item {
    guard node.inputs.indices.contains(index), let item = items[node.inputs[index]] else {
      throw fault(
        node, "input \(index)", node.inputs.indices.contains(index) ? "\"\(node.inputs[index])\"" : "none")
    }
    return item
  }

  func value(_ node: ONNXModel.Node, _ index: Int = 0) throws(InterchangeError) -> (Int, Order) {
    guard case .value(let value, let order) = try item(node, index) else {
      throw fault(node, "a computed value as input \(index)", "a constant")
    }
    return (value, order)
  }

  /// The name and elements of a weight; nil where the input is left out.
  func weight(
    _ node: ONNXModel.Node, _ index: Int
  ) throws(InterchangeError) -> (name: String, tensor: Tensor<Float>)? {
    guard node.inputs.indices.contains(index), !node.inputs[index].isEmpty else { return nil }
    switch try item(node, index) {
    case .weight(let name, let tensor): return (name, tensor)
    case .constant(let tensor):
      guard let floats = tensor.weights else { break }
      return (node.inputs[index], floats)
    case .value: break
    }
    throw fault(node, "an initializer of numbers as input \(index)", "\"\(node.inputs[index])\"")
  }

  /// Whole numbers given as an attribute or, in later opsets, as an input; nil where they are left out.
  func integers(
    _ node: ONNXModel.Node, _ name: String, input index: Int? = nil
  ) throws(InterchangeError) -> [Int]? {
    switch node.attributes[name] {
    case .integers(let values)?: return values
    case nil: break
    default: throw fault(node, "whole numbers for \"\(name)\"", "others")
    }
    guard let index, node.inputs.indices.contains(index), !node.inputs[index].isEmpty else { return nil }
    switch try item(node, index) {
    case .constant(.int64(let tensor)): return tensor.scalars.map { Int($0) }
    case .constant(.int32(let tensor)): return tensor.scalars.map { Int($0) }
    case .constant, .weight, .value: break
    }
    throw fault(node, "constant whole numbers for \"\(name)\"", "\"\(node.inputs[index])\"")
  }

  func integer(
    _ node: ONNXModel.Node, _ name: String, default standard: Int
  ) throws(InterchangeError) -> Int {
    switch node.attributes[name] {
    case .integer(let value)?: return value
    case nil: return standard
    default: throw fault(node, "a whole number for \"\(name)\"", "another value")
    }
  }

  func number(
    _ node: ONNXModel.Node, _ name: String, default standard: Double
  ) throws(InterchangeError) -> Double {
    switch node.attributes[name] {
    // As short as the number was written, not the nearest binary one's many digits.
    case .float(let value)?: return Double("\(value)") ?? Double(value)
    case nil: return standard
    default: throw fault(node, "a number for \"\(name)\"", "another value")
    }
  }

  func text(
    _ node: ONNXModel.Node, _ name: String, default standard: String
  ) throws(InterchangeError) -> String {
    switch node.attributes[name] {
    case .text(let value)?: return value
    case nil: return standard
    default: throw fault(node, "a text for \"\(name)\"", "another value")
    }
  }

  /// Refuses attributes that the translation does not look at.
  func allow(_ node: ONNXModel.Node, _ names: String...) throws(InterchangeError) {
    for name in node.attributes.keys.sorted() where !names.contains(name) {
      throw fault(node, "the attributes \(names.joined(separator: ", "))", "\"\(name)\"")
    }
  }

  // MARK: Orders

  /// The value with its elements as ONNX means them.
  mutating func nominal(_ value: Int, _ order: Order) -> Int {
    switch order {
    case .same: return value
    case .images: return add([value]) { $0[0].transposed([0, 3, 1, 2]) }
    case .flattened(let image):
      return add([value]) { x in
        let batch = x[0].shape.first ?? 0
        let images = x[0].reshaped([batch] + image).transposed([0, 3, 1, 2])
        return images.reshaped([batch, image.reduce(1, *)])
      }
    }
  }

  /// A batch of images `[N, H, W, C]`.
  mutating func images(_ node: ONNXModel.Node) throws(InterchangeError) -> Int {
    let (value, order) = try self.value(node)
    if order == .images { return value }
    let plain = nominal(value, order)
    guard shape(plain).count == 4 else {
      throw fault(node, "images [batch, channels, height, width]", "shape \(shape(plain))")
    }
    return add([plain]) { $0[0].transposed([0, 2, 3, 1]) }
  }

  // MARK: Layers

  /// A name for the layer of a weight: the weight's own name without its last part, else the node's.
  mutating func layerName(_ weight: String, _ node: ONNXModel.Node) -> String {
    var name = ""
    if let cut = weight.lastIndex(where: { $0 == "/" || $0 == "." }) {
      name = String(weight[..<cut])
    }
    if name.isEmpty { name = node.name.isEmpty ? node.op.lowercased() : node.name }
    while name.hasPrefix("/") { name.removeFirst() }
    if name.isEmpty { name = node.op.lowercased() }
    return layerNames.take(name.escapingControls)
  }
}
