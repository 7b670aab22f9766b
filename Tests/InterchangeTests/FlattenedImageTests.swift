import MartletGraphs
import MartletInterchange
import MartletNetworks
import MartletTensors
import Testing

/// The order of dense weights after images, in PyTorch's files.
@Suite struct FlattenedImageTests {
  private typealias Attributes = [String: ONNXModel.Attribute]

  private func node(
    _ op: String, _ inputs: String, _ output: String, _ attributes: Attributes = [:]
  ) -> ONNXModel.Node {
    let inputs = inputs.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
    return ONNXModel.Node(op: op, name: "", inputs: inputs, outputs: [output], attributes: attributes)
  }

  private func gemm(_ inputs: String, _ output: String) -> ONNXModel.Node {
    node("Gemm", inputs, output, ["transB": .integer(1)])
  }

  /// A network of a convolution to `c`, images `[N, 4, 3, 3]`, then these nodes to `y`.
  private func imported(
    _ weights: KeyValuePairs<String, [Int]>, _ nodes: [ONNXModel.Node]
  ) throws -> (outline: NetworkOutline, weights: WeightValues, model: ONNXModel) {
    var model = Fixture.onnx(edge: 3, [node("Conv", "x conv.k", "c")] + nodes, weights: weights)
    let kernel = Fixture.onnx(edge: 3, [], weights: ["conv.k": [4, 4, 1, 1]])
    model.graph.initializers += kernel.graph.initializers
    let network = try ONNXNetwork(model, place: "net")
    return (try NetworkOutline(network), network.weights, model)
  }

  /// PyTorch's dense weights of an imported network must be those that the file held, `[out, in]`.
  private func expectOwnRows(_ weights: KeyValuePairs<String, [Int]>, _ nodes: [ONNXModel.Node]) throws {
    let found = try imported(weights, nodes)
    let state = try found.outline.stateDictionary(found.weights)
    for (name, value) in found.model.graph.initializers where value.shape.count == 2 {
      #expect(state.first { $0.name == "\(name.dropLast(2)).weight" }?.value == value, "\(name)")
    }
  }

  @Test func rowsComeBackAsTheyWere() throws {
    try expectOwnRows(
      ["fc.w": [5, 36]], [node("Relu", "c", "r"), node("Flatten", "r", "f"), gemm("f fc.w", "y")])
  }

  /// What the network itself brought into the order channels, rows, columns is not exchanged once more.
  @Test func shuffledChannelsKeepTheirOrder() throws {
    try expectOwnRows(
      ["fc.w": [5, 36]],
      [
        node("Constant", "", "groups", ["value_ints": .integers([0, 2, 2, 3, 3])]),
        node("Constant", "", "images", ["value_ints": .integers([0, 4, 3, 3])]),
        node("Reshape", "c groups", "g"),
        node("Transpose", "g", "h", ["perm": .integers([0, 2, 1, 3, 4])]), node("Reshape", "h images", "i"),
        node("Relu", "i", "r"), node("Flatten", "r", "f"), gemm("f fc.w", "y"),
      ])
  }

  @Test func imagesAfterOtherOperationsAreImages() throws {
    let nearest: Attributes = [
      "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"),
      "nearest_mode": .text("floor"),
    ]
    try expectOwnRows(
      ["fc.w": [5, 288]],
      [
        node("MaxPool", "c", "p", ["kernel_shape": .integers([1, 1])]), node("Sigmoid", "p", "g"),
        node("Mul", "c g", "m"), node("LRN", "m", "l", ["size": .integer(3)]),
        node("Concat", "l c", "k", ["axis": .integer(1)]),
        node("Constant", "", "factors", ["value_floats": .floats([1, 1, 2, 2])]),
        node("Resize", "k  factors", "u", nearest), node("Flatten", "u", "f"), gemm("f fc.w", "y"),
      ])
  }

  /// Where more than dense layers reads the flattened image, their rows stay in an order PyTorch has not.
  @Test func rowsThatCannotBeExchangedAreRefused() throws {
    let found = try imported(
      ["first.w": [36, 36], "second.w": [5, 36]],
      [
        node("Flatten", "c", "f"), gemm("f first.w", "d"), node("Relu", "d", "r"), node("Add", "f r", "s"),
        gemm("s second.w", "y"),
      ])
    #expect {
      try found.outline.stateDictionary(found.weights)
    } throws: {
      "\($0)".contains("first/kernel: expected weights for an image's elements in the order channels")
        && "\($0)".contains("move the network as ONNX")
    }
    // Other files have Martlet's order, or bring the elements into theirs.
    #expect(found.outline.ownTensors(found.weights).count == 3)
    #expect(try found.outline.onnx(found.weights).graph.nodes.contains { $0.op == "Transpose" })
  }

  @Test func joinedFeaturesAreRefused() throws {
    func message(_ body: @escaping @Sendable (Value) -> Value) throws -> String {
      let network = try Model(input: .image(6, 6, 4)) { body(Conv2D(2, kernelSize: 1)(Rescale(1)($0))) }
      let values = try Parameters(of: network).weightValues
      let outline = try NetworkOutline(network)
      do { _ = try outline.stateDictionary(values) } catch { return "\(error)" }
      return "no error"
    }
    let rows = Flatten()
    let means = GlobalAveragePooling2D()
    #expect(try message { Dense(3)(Concatenate()(rows($0), means($0))) }.contains("dense/kernel"))
    #expect(try message { Dense(3)(LayerNormalization()(rows($0))) }.contains("dense/kernel"))
    #expect(try message { Dense(3)(Concatenate()(means($0), means($0))) } == "no error")
    #expect(try message { Dense(3)(BatchNormalization()(rows($0))) } == "no error")
    #expect(try message { Dense(3)(rows(GroupNormalization(groups: 2)($0))) } == "no error")
    #expect(try message { Dense(3)(rows(ChannelAttention(ratio: 2)($0))) } == "no error")
    let larger = UpSampling2D(2, interpolation: .bilinear)
    #expect(try message { Dense(3)(Dropout(0.5)(Dense(4)(rows(larger($0))))) } == "no error")
  }
}
