import MartletInterchange
import MartletKerasFiles
import MartletNetworks
import MartletTensors
import Testing

@Suite struct FixtureTests {
  private func compare(
    _ network: some Network, _ values: WeightValues, _ name: String
  ) throws {
    let found = try Fixture.outputs(network, values, Fixture.images())
    let difference = Fixture.greatestDifference(found, try Fixture.expected(name))
    #expect(difference < 1e-5, "\(name): \(difference)")
  }

  @Test func readsPyTorch() throws {
    let network = try Fixture.small()
    let outline = try NetworkOutline(network)
    let tensors = try StateDictionary.tensors(parsing: Fixture.bytes("small.safetensors"), place: "small")
    let values = try outline.weights(from: tensors, style: .pytorch, place: "small")
    try compare(network, values, "small.safetensors")
    // Back under PyTorch's own numbers: the same tensors but for the counter of batches.
    let back = try outline.stateDictionary(values, sequential: true)
    #expect(Set(back.map(\.name)) == Set(tensors.map(\.name)))
    for tensor in tensors {
      #expect(back.first { $0.name == tensor.name }?.value == tensor.value, "\(tensor.name)")
    }
    #expect(try outline.tensors(values, like: tensors, style: .pytorch, place: "small") == tensors)
    #expect(
      try outline.stateDictionary(values).map(\.name).prefix(3) == [
        "conv2d.weight", "conv2d.bias", "batch_normalization.weight",
      ])
  }

  @Test(arguments: ["small.npz", "small-deflated.npz"]) func readsNumPy(name: String) throws {
    let network = try Fixture.small()
    let outline = try NetworkOutline(network)
    let tensors = try NumpyArchive.tensors(parsing: Fixture.bytes(name), place: name)
    let values = try outline.weights(from: tensors, style: .martlet, place: name)
    try compare(network, values, "small.safetensors")
    let own = outline.ownTensors(values)
    #expect(try NumpyArchive.tensors(parsing: NumpyArchive.encoding(own), place: "back") == own)
  }

  @Test(arguments: ["layers.keras", "layers.weights.h5"]) func readsKeras(name: String) throws {
    let network = try Fixture.layers()
    let outline = try NetworkOutline(network)
    let bytes = try Fixture.bytes(name)
    let tensors = try KerasFile.tensors(parsing: bytes, place: name)
    let values = try outline.weights(from: tensors, style: .keras, place: name)
    try compare(network, values, "layers.keras")
    let written = try KerasFile.weights(outline.kerasVariables(values))
    #expect(try written == KerasFile.weights(outline.kerasVariables(values)))
    let back = try KerasFile.tensors(parsing: written, place: "back")
    let weights = tensors.filter { !$0.name.hasPrefix("optimizer") }
    #expect(Set(back.map(\.name)) == Set(weights.map(\.name)))
    for tensor in weights { #expect(back.first { $0.name == tensor.name }?.value == tensor.value) }
    #expect(back.first { $0.name == "layers/conv2d/vars/0" }?.layer == "conv2d")
  }

  @Test func keepsTheConfigurationOfAKerasFile() throws {
    let original = try Fixture.bytes("layers.keras")
    let tensors = try KerasFile.tensors(parsing: original, place: "layers")
    let copy = try KerasFile.archive(like: original, tensors, place: "layers")
    #expect(try KerasFile.tensors(parsing: copy, place: "copy") == tensors)
    let (old, new) = (
      try ZipArchive(parsing: original, place: "old"), try ZipArchive(parsing: copy, place: "new")
    )
    #expect(new["config.json"] == old["config.json"])
    #expect(new.members.map(\.name) == old.members.map(\.name))
  }

  @Test(arguments: [("small.onnx", "small.safetensors"), ("branches.onnx", "branches.onnx")])
  func readsONNX(name: String, outputs: String) throws {
    let file = try ONNXModel(parsing: Fixture.bytes(name), place: name)
    let model = try file.readingBytes(scale: 1 / 255, place: name)
    let network = try ONNXNetwork(model, place: name)
    try compare(network, network.weights, outputs)
    #expect(try ONNXModel(parsing: model.encoded, place: "again") == model)
    // The network that was read can be written and read again.
    let again = try ONNXNetwork(try NetworkOutline(network).onnx(network.weights), place: "again")
    try compare(again, again.weights, outputs)
  }

  @Test func theOrderOfFlattenedImagesCounts() throws {
    // Without the exchange of the dense rows the outputs are others: the fixture tells the two apart.
    let network = try Fixture.small()
    let outline = try NetworkOutline(network)
    let tensors = try StateDictionary.tensors(parsing: Fixture.bytes("small.safetensors"), place: "small")
    var values = try outline.weights(from: tensors, style: .pytorch, place: "small")
    values["dense/kernel"] = tensors.first { $0.name == "5.weight" }?.value.weights?.transposed([1, 0])
    let found = try Fixture.outputs(network, values, Fixture.images())
    #expect(Fixture.greatestDifference(found, try Fixture.expected("small.safetensors")) > 1e-2)
  }
}
