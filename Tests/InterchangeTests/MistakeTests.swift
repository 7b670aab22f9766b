import MartletInterchange
import MartletKerasFiles
import MartletNetworks
import MartletTensors
import Testing

/// Bad files are refused with what is wrong and where.
@Suite struct MistakeTests {
  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }

  private func npy(_ header: String, _ data: [UInt8] = [0, 0, 128, 63]) -> [UInt8] {
    let length = UInt16(header.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8)
      + data
  }

  @Test(arguments: [
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "element type", "'|O'"),
    ("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", "element type", "'>f4'"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "8 bytes for shape [2]", "4"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "fewer bytes", "4"),
    (
      "{'descr': '<f4', 'fortran_order': True, 'shape': (0, 4611686018427387904, 4611686018427387904)}",
      "fewer bytes for shape [0, 4611686018427387904, 4611686018427387904]", "4"
    ),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", "each once", "'descr'"),
    ("{'descr': '<f4', 'shape': ()}", "the keys", "fewer"),
    ("__import__('os')", "'{'", "something else"),
  ]) func numpyHeaders(header: String, expected: String, received: String) {
    let text = message { _ = try NumpyFile.tensor(parsing: npy(header)[...], place: "x.npy") }
    #expect(text.contains("x.npy at byte"), "\(text)")
    #expect(text.contains(expected) && text.contains(received), "\(text)")
  }

  @Test(arguments: ["../a", "/a", "a/../b", "a\\b", "c:a", "a\u{1}", "a\u{9b}2J"])
  func namesThatLeaveTheArchive(name: String) {
    let bytes = ZipArchive.encoding([(name, [1])])
    let text = message { _ = try ZipArchive(parsing: bytes, place: "x.zip") }
    #expect(text.contains("a relative name inside the archive"), "\(text)")
  }

  @Test func zipLimits() {
    let two = ZipArchive.encoding([("a", [1, 2, 3]), ("b", [4, 5, 6])])
    var limits = ZipArchive.Limits()
    limits.bytes = 5
    #expect(
      message { _ = try ZipArchive(parsing: two, place: "x", limits: limits) }.contains("at most 5 bytes"))
    limits.bytes = 6
    limits.members = 1
    #expect(
      message { _ = try ZipArchive(parsing: two, place: "x", limits: limits) }.contains("at most 1 members"))
    let twice = ZipArchive.encoding([("a", [1]), ("a", [2])])
    #expect(message { _ = try ZipArchive(parsing: twice, place: "x") }.contains("\"a\" twice"))
    var flipped = two
    flipped[31] ^= 1
    #expect(message { _ = try ZipArchive(parsing: flipped, place: "x") }.contains("the checksum"))
    for count in 0..<two.count {
      #expect(throws: InterchangeError.self) { try ZipArchive(parsing: Array(two[..<count]), place: "x") }
    }
  }

  @Test func onnxIsRefusedByName() throws {
    var model = try ONNXModel(parsing: Fixture.bytes("small.onnx"), place: "small")
    model.graph.nodes[1].op = "Frobnicate"
    #expect(message { _ = try ONNXNetwork(model, place: "small") }.contains("\"Frobnicate\""))
    model.graph.nodes[1].op = "Relu"
    model.graph.nodes[1].attributes["beta2"] = .integer(1)
    #expect(message { _ = try ONNXNetwork(model, place: "small") }.contains("\"beta2\""))
    model.graph.nodes[1].attributes = [:]
    model.graph.nodes[1].domain = "com.microsoft"
    #expect(message { _ = try ONNXNetwork(model, place: "small") }.contains("com.microsoft"))
    model.graph.nodes[1].domain = ""
    model.graph.inputs[0].element = 10
    #expect(message { _ = try ONNXNetwork(model, place: "small") }.contains("FLOAT16"))
  }

  /// Escape sequences of foreign names would move the cursor or rename the window.
  @Test func namesSteerNoTerminal() throws {
    let zip = ZipArchive.encoding([("\u{1b}]0;x\u{7}\u{9b}2J", [1])])
    let tensors = [ForeignTensor("\u{1b}[2J", .float32(Tensor(shape: [1], scalars: [0])))]
    let node = ONNXModel.Node(op: "Relu\n", name: "\u{1b}[31m", inputs: ["x"], outputs: ["y"])
    for (text, shown) in [
      (message { _ = try ZipArchive(parsing: zip, place: "x.zip") }, "\\u{1b}]0;x\\u{7}\\u{9b}2J"),
      (
        message {
          _ = try NetworkOutline(Fixture.small()).weights(from: tensors, style: .pytorch, place: "x")
        }, "\\u{1b}[2J"
      ),
      (message { _ = try ONNXNetwork(Fixture.onnx(edge: 3, [node]), place: "x") }, "Relu\\u{a} \\u{1b}[31m"),
    ] {
      #expect(text.contains(shown), "\(text)")
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 || 0x7f..<0xa0 ~= $0.value })
    }
    // A layer is named after its weight, and a summary shows it.
    let convolution = ONNXModel.Node(op: "Conv", name: "", inputs: ["x", "\u{1b}[2J/k"], outputs: ["y"])
    let model = Fixture.onnx(edge: 3, [convolution], weights: ["\u{1b}[2J/k": [4, 4, 3, 3]])
    #expect(try ONNXNetwork(model, place: "x").weights.keys.sorted() == ["\\u{1b}[2J/kernel"])
  }

  @Test(arguments: [
    (2, "floor", true), (3, "floor", true), (2, nil, true), (3, nil, false), (1, "ceil", true),
    (2, "ceil", false), (2, "round_prefer_ceil", false), (3, "round_prefer_floor", false),
  ]) func onnxEnlargesByRoundingDownAlone(factor: Int, rounding: String?, isRead: Bool) {
    var attributes: [String: ONNXModel.Attribute] = [
      "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"),
    ]
    attributes["nearest_mode"] = rounding.map { .text($0) }
    for (edge, isRead) in [(2, isRead), (1, true)] {
      let factors = ONNXModel.Node(
        op: "Constant", name: "", inputs: [], outputs: ["factors"],
        attributes: ["value_floats": .floats([1, 1, 1, Float(factor)])])
      let resize = ONNXModel.Node(
        op: "Resize", name: "larger", inputs: ["x", "", "factors"], outputs: ["y"], attributes: attributes)
      let text = message { _ = try ONNXNetwork(Fixture.onnx(edge: edge, [factors, resize]), place: "net") }
      #expect(text.contains(isRead ? "no error" : "net: Resize larger"), "\(text)")
      #expect(isRead || text.contains("the nearest_mode floor for the factors [1, \(factor)]"), "\(text)")
    }
  }

  @Test func wrongNetworksAreToldBothSides() throws {
    let tensors = try StateDictionary.tensors(parsing: Fixture.bytes("small.safetensors"), place: "small")
    let other = try Sequential(input: .image(6, 6, 2)) {
      Rescale(1 / 255)
      Conv2D(4, kernelSize: 3)
      Flatten()
      Dense(4)
    }
    let text = message {
      _ = try NetworkOutline(other).weights(from: tensors, style: .pytorch, place: "small.safetensors")
    }
    #expect(text.contains("conv2d (weight [4, 2, 3, 3], bias [4])"), "\(text)")
    #expect(text.contains("0 (bias [3], weight [3, 2, 3, 3])"), "\(text)")
  }

  @Test func foreignHDF5IsRefused() throws {
    #expect(message { _ = try HDF5File.tensors(parsing: [1, 2, 3], place: "x.h5") }.contains("an HDF5 file"))
    let cut = Array(try Fixture.bytes("layers.weights.h5").dropLast(4096))
    #expect(message { _ = try HDF5File.tensors(parsing: cut, place: "x.h5") }.contains("is it cut off?"))
  }
}
