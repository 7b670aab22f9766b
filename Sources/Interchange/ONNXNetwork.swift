import MartletGraphs
import MartletNetworks
import MartletTensors

/// A network made from an ONNX graph: it predicts and trains like one written in Swift.
package struct ONNXNetwork: Network {
  package let input: InputSpec
  package let name: String?
  package var preset: Preset { .keras }
  /// The weights that the file holds, by the paths they have in the network.
  package let weights: WeightValues
  private let steps: [Step]
  private let result: Int
  private let origin: LayerOrigin

  /// One operation: its result becomes the next value; the input is value 0.
  struct Step: Sendable {
    let inputs: [Int]
    let apply: @Sendable ([Value]) -> Value
  }

  /// Makes the network of a model.
  ///
  /// - Throws: The operator, attribute or element type that is not supported, or the first mistake of the
  ///   network.
  package init(_ model: ONNXModel, place: String) throws {
    var importer = try ONNXImporter(model, place: place)
    try importer.run()
    // Bringing the result into ONNX's order may be a step of its own.
    result = try importer.result()
    input = importer.input
    name = model.graph.name.isEmpty ? "onnx" : model.graph.name.escapingControls
    weights = importer.weights
    steps = importer.steps
    origin = LayerOrigin(name, place, 0)
    try check(place)
    // The layers' shapes follow from the images; the file's must be the same.
    for tensor in try NetworkOutline(self).layers.flatMap(\.tensors) {
      guard let found = weights[tensor.path]?.shape, found == tensor.shape else {
        throw InterchangeError(
          at: "\(place): \(tensor.path)", expected: "shape \(tensor.shape)",
          received: weights[tensor.path].map { "\($0.shape)" } ?? "none")
      }
    }
  }

  package func forward(_ x: Value) -> Value {
    var values = [x]
    for step in steps { values.append(step.apply(step.inputs.map { values[$0] })) }
    return values[result]
  }

  package func callAsFunction(_ x: Value) -> Value { traceNested(.model, origin, x) }
}

extension ONNXModel {
  /// The model with bytes as its input: they are converted, scaled and normalized before its own graph.
  ///
  /// - Parameters:
  ///   - scale: The factor of each byte.
  ///   - mean: What is subtracted afterwards from each channel; one number for all or one for each.
  ///   - deviation: What each channel is divided by last; one number for all or one for each.
  /// - Throws: A mistake where the model has no single image input of numbers.
  package func readingBytes(
    scale: Double = 1, mean: [Double] = [], deviation: [Double] = [], place: String
  ) throws(InterchangeError) -> ONNXModel {
    let weights = Set(graph.initializers.map(\.name))
    let inputs = graph.inputs.filter { !weights.contains($0.name) }
    guard inputs.count == 1, inputs[0].shape.count == 4 else {
      throw InterchangeError(
        at: place, expected: "one input of images", received: "\(inputs.map { "\($0.name) \($0.shape)" })")
    }
    let old = inputs[0]
    guard old.element != ONNXModel.code(.uint8) else {
      guard scale == 1, mean.isEmpty, deviation.isEmpty else {
        throw InterchangeError(
          at: place, expected: "no preprocessing besides the file's own", received: "some",
          hint: "its input are bytes already")
      }
      return self
    }
    let isLast = old.isChannelsLast
    var model = self
    var head: [Node] = []
    var last = "martlet_bytes"
    func constant(_ numbers: [Double], _ name: String) -> Node {
      let shape = numbers.count == 1 ? [] : isLast ? [1, 1, 1, numbers.count] : [1, numbers.count, 1, 1]
      let value = Tensor(shape: shape, scalars: numbers.map { Float($0) })
      return Node(
        op: "Constant", name: name, inputs: [], outputs: [name],
        attributes: ["value": .tensor(.float32(value))])
    }
    func append(_ op: String, _ numbers: [Double], _ name: String) {
      head.append(constant(numbers, "\(name)_numbers"))
      head.append(Node(op: op, name: name, inputs: [last, "\(name)_numbers"], outputs: [name]))
      last = name
    }
    head.append(
      Node(
        op: "Cast", name: "martlet_cast", inputs: [last], outputs: ["martlet_cast"],
        attributes: ["to": .integer(1)]))
    last = "martlet_cast"
    if scale != 1 { append("Mul", [scale], "martlet_scaled") }
    if !mean.isEmpty { append("Sub", mean, "martlet_centered") }
    if !deviation.isEmpty { append("Mul", deviation.map { 1 / $0 }, "martlet_normalized") }
    head.append(Node(op: "Identity", name: "martlet_input", inputs: [last], outputs: [old.name]))
    model.graph.nodes = head + graph.nodes
    model.graph.inputs = [
      ValueInfo(name: "martlet_bytes", element: ONNXModel.code(.uint8), shape: old.shape)
    ]
    return model
  }
}

extension ONNXModel.ValueInfo {
  /// Whether images have their channels last, as TensorFlow's exports do.
  var isChannelsLast: Bool {
    guard shape.count == 4, let second = shape[1], let last = shape[3] else { return false }
    return [1, 3, 4].contains(last) && ![1, 3, 4].contains(second)
  }
}
