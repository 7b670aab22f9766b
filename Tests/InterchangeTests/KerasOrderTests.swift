import MartletGraphs
import MartletInterchange
import MartletKerasFiles
import MartletNetworks
import MartletTensors
import Testing

/// The names under which Keras looks for the weights of networks with branches.
@Suite struct KerasOrderTests {
  /// What Keras's file named `parallel` holds, the layers in the order of their making there.
  private func parallel() throws -> Model {
    try Model(input: .image(6, 6, 2)) { x in
      let scaled = Rescale(1 / 255)(x)
      let shortcut = Conv2D(3, kernelSize: 1)(scaled)
      let main = Conv2D(3, kernelSize: 1, activation: .relu)(scaled)
      var both = Add()(Conv2D(3, kernelSize: 1)(main), shortcut)
      let left = Conv2D(3, kernelSize: 1)(both)
      let right = Dropout(0.5)(Conv2D(3, kernelSize: 1, activation: .relu)(both))
      both = Multiply()(left, Conv2D(3, kernelSize: 1)(right))
      return Dense(4)(Flatten()(both))
    }
  }

  private func read() throws -> [ForeignTensor] {
    try KerasFile.tensors(parsing: Fixture.bytes("parallel.weights.h5"), place: "parallel")
  }

  @Test func branchesAreReadInKerasOrder() throws {
    let network = try parallel()
    var guesses: [String] = []
    let values = try NetworkOutline(network).weights(
      from: read(), style: .keras, place: "parallel"
    ) { guesses.append($0) }
    let found = try Fixture.outputs(network, values, Fixture.images())
    let wanted = try Fixture.expected("parallel.weights.h5", in: "parallel.safetensors")
    #expect(Fixture.greatestDifference(found, wanted) < 1e-5)
    #expect(guesses == [])
  }

  @Test func branchesAreNumberedAsKerasDoes() throws {
    let outline = try NetworkOutline(try parallel())
    let file = try read()
    let values = try outline.weights(from: file, style: .keras, place: "parallel")
    let wanted = Dictionary(uniqueKeysWithValues: file.map { ($0.name, $0.value) })
    for tensors in [outline.kerasVariables(values), try KerasGraph(outline, values).tensors] {
      #expect(Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.value) }) == wanted)
    }
    #expect(outline.kerasVariables(values).first?.layer == "conv2d_1")
    let back = try KerasFile.tensors(
      parsing: KerasFile.weights(try KerasGraph(outline, values).tensors), place: "back")
    #expect(try outline.weights(from: back, style: .keras, place: "back") == values)
  }

  /// A convolution and a transposed one of equal kernels are not taken for each other.
  @Test func layersOfOtherTypesAreNoCandidates() throws {
    let network = try Sequential(input: .image(6, 6, 2)) {
      Rescale(1 / 255)
      Conv2DTranspose(2, kernelSize: 3)
      Conv2D(2, kernelSize: 3)
    }
    let outline = try NetworkOutline(network)
    var values = try Parameters(of: network).weightValues
    for (index, path) in values.keys.sorted().enumerated() {
      values[path] = values[path].map { Tensor(repeating: Float(index), shape: $0.shape) }
    }
    var file = outline.kerasVariables(values)
    for index in file.indices { file[index].layer = "other \(index / 2)" }
    #expect(try outline.weights(from: file, style: .keras, place: "file") == values)
  }

  @Test func namesThatAreNoNumbersAreAGuess() throws {
    let network = try Sequential(input: .vector(3)) {
      Dense(3)
      Dense(3)
    }
    let outline = try NetworkOutline(network)
    let values = try Parameters(of: network).weightValues
    func guesses(_ names: [String]) throws -> [String] {
      var file = try outline.stateDictionary(values)
      for index in file.indices {
        file[index].name = "\(names[index / 2]).\(file[index].parts(".").last)"
      }
      var guesses: [String] = []
      _ = try outline.weights(from: file, style: .pytorch, place: "x") { guesses.append($0) }
      _ = try outline.tensors(values, like: file, style: .pytorch, place: "x") { guesses.append($0) }
      return guesses
    }
    #expect(try guesses(["0", "10"]) == [])
    #expect(try guesses(["block1.fc2", "block2.fc1"]) == [])
    #expect(try guesses(["dense", "dense_1"]) == [])
    let found = try guesses(["outer", "inner"])
    #expect(found.count == 2)
    #expect(found.allSatisfy { $0.contains("x: the layers inner, outer have equal shapes") })
  }

  private func configuration(_ body: @escaping @Sendable (Value) -> Value) throws -> String {
    let network = try Model(input: .image(6, 6, 4)) { body(Rescale(1 / 255)($0)) }
    let outline = try NetworkOutline(network)
    return try KerasGraph(outline, try Parameters(of: network).weightValues).configuration.text
  }

  @Test func stridesAndDilationsTogetherAreRefused() throws {
    let strided = Conv2D(3, kernelSize: 2, strides: 2)
    let dilated = Conv2D(3, kernelSize: 2, dilation: 2)
    #expect(try configuration { dilated(strided($0)) }.contains(#""dilation_rate":[2,2]"#))
    let both = Conv2D(3, kernelSize: 2, strides: Extent(2, 1), dilation: Extent(1, 2))
    #expect {
      try configuration { both($0) }
    } throws: {
      "\($0)".contains("conv2d: expected strides or dilations of 1")
        && "\($0)".contains("received strides 2x1 and dilations 1x2")
    }
  }

  /// The convolution keeps its name, by which it is read again.
  @Test func paddingsWithoutAWordBecomeLayers() throws {
    let text = try configuration { Conv2D(3, kernelSize: 3, strides: 2, padding: 1)($0) }
    #expect(text.contains(#""class_name":"ZeroPadding2D","config":{"name":"conv2d_border","#))
    #expect(text.contains(#""class_name":"Conv2D","config":{"name":"conv2d","#))
  }

  @Test func normalizationsKeepTheirMomentum() throws {
    #expect(try configuration { BatchNormalization(momentum: 0.75)($0) }.contains(#""momentum":0.75"#))
    #expect(try configuration { BatchNormalization()($0) }.contains(#""momentum":0.99"#))
    let frozen = try configuration { BatchNormalization(trainable: false)($0) }
    #expect(frozen.contains("BatchNormalization") && !frozen.contains("momentum"))
    let network = try Model(input: .image(6, 6, 4)) { BatchNormalization(momentum: 0.75)(Rescale(1)($0)) }
    let model = try NetworkOutline(network).onnx(try Parameters(of: network).weightValues)
    let node = model.graph.nodes.first { $0.op == "BatchNormalization" }
    #expect(node?.attributes["momentum"] == .float(0.75))
  }
}
