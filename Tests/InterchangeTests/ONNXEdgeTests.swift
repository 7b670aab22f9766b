import MartletGraphs
import MartletInterchange
import MartletNetworks
import MartletTensors
import Testing

/// Nodes and tensors at the edges of what the ONNX standard allows.
@Suite struct ONNXEdgeTests {
  private typealias Attributes = [String: ONNXModel.Attribute]

  /// The shape of a network's result for two samples, or the error.
  private func result(_ model: ONNXModel) -> String {
    do {
      let network = try ONNXNetwork(model, place: "net")
      return "\(network.traceOutputs(batch: 2, into: Graph(purpose: .inference)).elements.map(\.shape))"
    } catch { return "\(error)" }
  }

  private func result(
    _ op: String, weight: [Int], edge: Int = 3, _ attributes: Attributes = [:]
  ) -> String {
    let node = ONNXModel.Node(
      op: op, name: "node", inputs: ["x", "w"], outputs: ["y"], attributes: attributes)
    return result(Fixture.onnx(edge: edge, [node], weights: ["w": weight]))
  }

  @Test(arguments: ["Conv", "ConvTranspose"], [[0, 4, 3, 3], [4, 4, 0, 0], [1 << 40, 0, 3, 3]])
  func kernelsWithoutElementsAreRefused(op: String, shape: [Int]) {
    let text = result(op, weight: shape)
    #expect(text.contains("net: \(op) node: expected a kernel [") && text.contains("received shape \(shape)"))
  }

  /// An extent of 0 hides others whose product no number holds; it may stand anywhere.
  @Test(arguments: [[1 << 60, 0, 3, 3], [0, 1 << 62, 1 << 62, 2], [3, 1 << 62, 0]])
  func extentsBesideNothingMustFit(shape: [Int]) {
    #expect(ScalarFormat.float32.byteCount(of: shape) == nil)
    #expect(ScalarFormat.float32.byteCount(of: [0, 1 << 40, 3]) == 0)
    #expect(ScalarFormat.float32.byteCount(of: [0, -1]) == nil)
    func varint(_ value: Int) -> [UInt8] {
      value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
    }
    // The graph's initializer: its extents, FLOAT, its name, no bytes.
    let tensor: [UInt8] = shape.flatMap { [0x08] + varint($0) } + [0x10, 1, 0x42, 1, 0x77, 0x4a, 0]
    let graph: [UInt8] = [0x2a] + varint(tensor.count) + tensor
    #expect {
      try ONNXModel(parsing: [0x3a] + varint(graph.count) + graph, place: "net")
    } throws: {
      "\($0)".contains("expected a shape for \"w\", received \(shape)")
    }
  }

  @Test func transposedConvolutionsNeedAResult() {
    let kernel = [4, 2, 2, 2]
    #expect(result("ConvTranspose", weight: kernel) == "[[2, 2, 4, 4]]")
    #expect(result("ConvTranspose", weight: kernel, ["auto_pad": .text("NOTSET")]) == "[[2, 2, 4, 4]]")
    let same = result("ConvTranspose", weight: kernel, ["auto_pad": .text("SAME_UPPER")])
    #expect(same.contains("expected the padding NOTSET, received SAME_UPPER"))
    let cut = result("ConvTranspose", weight: kernel, ["pads": .integers([2, 0, 2, 0])])
    #expect(cut.contains("ConvTranspose node: expected a result of at least one pixel, received 0x4"))
    for (stride, dilation, added, isRead) in [(1, 1, 1, false), (2, 1, 1, true), (2, 3, 2, false)] {
      let text = result(
        "ConvTranspose", weight: kernel,
        [
          "strides": .integers([stride, stride]), "dilations": .integers([dilation, dilation]),
          "output_padding": .integers([0, added]),
        ])
      #expect(text.contains(isRead ? "[[2, 2, 6, 7]]" : "below the strides \(stride)x\(stride)"), "\(text)")
    }
  }

  /// Without axes all are meant, the batch too, unless the node says that none are.
  @Test(arguments: [(nil, "expected axes of one sample"), (0, "axes of one sample"), (1, "[[2, 4, 3, 3]]")])
  func reductionsOverNoAxes(noop: Int?, expected: String) {
    for axes in [[], nil] as [[Int]?] {
      var attributes: Attributes = [:]
      attributes["axes"] = axes.map { .integers($0) }
      attributes["noop_with_empty_axes"] = noop.map { .integer($0) }
      let node = ONNXModel.Node(
        op: "ReduceMean", name: "node", inputs: ["x"], outputs: ["y"], attributes: attributes)
      #expect(result(Fixture.onnx(edge: 3, [node])).contains(expected), "\(String(describing: axes))")
    }
  }
}
