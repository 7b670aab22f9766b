import Foundation
import MartletGraphs
import MartletInterchange
import MartletNetworks
import MartletTensors
import MartletTraining
import Testing

/// A network around one layer, for images of bytes `[6, 6, 4]`.
struct LayerCase: Sendable, CustomTestStringConvertible {
  let name: String
  let network: @Sendable () throws -> any Network
  var testDescription: String { name }

  init(_ name: String, _ preset: Preset = .keras, _ body: @escaping @Sendable (Value) -> Value) {
    self.name = name
    network = {
      try Model(input: .image(6, 6, 4), preset: preset) { x in body(Rescale(1 / 64, offset: -1)(x)) }
    }
  }

  static let all: [LayerCase] = [
    LayerCase("normalize") { Normalize(mean: [0, 0.1, 0.2, 0.3], deviation: [1, 2, 3, 4])($0) },
    LayerCase("conv") { Conv2D(3, kernelSize: Extent(3, 2), strides: Extent(1, 2), padding: .same)($0) },
    LayerCase("conv same strided") { Conv2D(3, kernelSize: 3, strides: 2, padding: .same)($0) },
    LayerCase("conv dilated grouped") { Conv2D(6, kernelSize: 2, padding: 1, dilation: 2, groups: 2)($0) },
    LayerCase("depthwise") { DepthwiseConv2D(kernelSize: 3, depthMultiplier: 2, activation: .silu)($0) },
    LayerCase("separable") { SeparableConv2D(3, kernelSize: 2, activation: .gelu)($0) },
    LayerCase("transposed") { Conv2DTranspose(3, kernelSize: 3, strides: 2, padding: .same)($0) },
    LayerCase("transposed valid") { Conv2DTranspose(3, kernelSize: 2, strides: 2, useBias: false)($0) },
    LayerCase("dense after flatten") { Dense(5, activation: .softmax)(Flatten()($0)) },
    LayerCase("dense without bias") { Dense(5, useBias: false)(GlobalAveragePooling2D()($0)) },
    LayerCase("max pooling") { MaxPooling2D(3, strides: 2, padding: .same)($0) },
    LayerCase("average pooling") { AveragePooling2D(3, strides: 2, padding: .same)($0) },
    LayerCase("average pooling counting") {
      AveragePooling2D(3, strides: 2, padding: 1, countsPadding: true)($0)
    },
    LayerCase("global max") { GlobalMaxPooling2D()($0) },
    LayerCase("reshape") { Reshape([12, 3, 4])($0) * 2 },
    LayerCase("reshape of rows") {
      Dense(3)(Reshape([72])(Reshape([36, 2])(Reshape([72])(Dense(72)(Flatten()($0))))))
    },
    LayerCase("zero padding") { ZeroPadding2D((1, 2), (0, 3))($0) },
    LayerCase("cropping") { Cropping2D((1, 2), (0, 3))($0) },
    LayerCase("up nearest") { UpSampling2D(Extent(2, 3))($0) * 2 },
    LayerCase("up bilinear") { UpSampling2D(2, interpolation: .bilinear)($0) * 2 },
    LayerCase("dropout") { SpatialDropout2D(0.3)(GaussianNoise(1)(Dropout(0.5)($0))) },
    LayerCase("batch norm") { BatchNormalization()($0) },
    LayerCase("batch norm pytorch", .pytorch) { BatchNormalization(center: false, scale: false)($0) },
    LayerCase("batch norm of a flattened image") { Dense(3)(ReLU()(BatchNormalization()(Flatten()($0)))) },
    LayerCase("group norm") { GroupNormalization(groups: 2)($0) },
    LayerCase("layer norm") { LayerNormalization()($0) },
    LayerCase("layer norm of all") { LayerNormalization(axes: [1, 2, 3])($0) },
    LayerCase("local response") { LocalResponseNormalization(size: 3)($0) },
    LayerCase("local response pytorch even", .pytorch) { LocalResponseNormalization(size: 2)($0) },
    LayerCase("leaky") { LeakyReLU()($0) },
    LayerCase("prelu") { PReLU()($0) },
    LayerCase("prelu shared") { PReLU(sharedAxes: [1, 2])($0) },
    LayerCase("elu") { ELU(alpha: 0.7)($0) },
    LayerCase("gelu approximate") { GELU(approximate: true)($0) },
    LayerCase("softplus tanh sigmoid") { Sigmoid()(Tanh()(Softplus()($0))) },
    LayerCase("activations") { SiLU()(Activation(.elu)(ReLU()($0))) },
    LayerCase("merging") { x in
      let y = Conv2D(4, kernelSize: 1)(x)
      let sums = Concatenate()(Add()(x, y), Subtract()(x, y), Average()(x, y))
      return Concatenate(axis: 1)(sums, Concatenate()(Maximum()(x, y), Minimum()(x, y), Multiply()(x, y)))
    },
    LayerCase("attention") { SpatialAttention(kernelSize: 3)(ChannelAttention(ratio: 2)($0)) },
    LayerCase("residual") { ResidualBlock(6, strides: 2)(ResidualBlock(4)($0)) },
    LayerCase("own weight") { x in x * Weight(.ones, name: "gain")(shape: [4], for: x) },
    LayerCase("shared") { x in
      let layer = Conv2D(4, kernelSize: 3, padding: .same)
      return layer(layer(x))
    },
  ]
}

@Suite struct LayerONNXTests {
  /// Weights away from their special initial values.
  private func stirred(_ network: any Network) throws -> WeightValues {
    let parameters = try Parameters(of: network)
    var values = parameters.weightValues
    for (index, path) in parameters.paths.enumerated() {
      guard let tensor = values[path] else { continue }
      let isScale = path.hasSuffix("variance") || path.hasSuffix("gamma")
      values[path] = Tensor(
        shape: tensor.shape,
        scalars: tensor.scalars.indices.map { (place: Int) -> Float in
          let wave = Float(((place + 1) * (7 + 4 * index)) % 23) / 23 - 0.5
          return isScale ? 1 + wave : wave
        })
    }
    return values
  }

  private let images = Tensor<UInt8>(
    shape: [3, 6, 6, 4],
    scalars: (0..<432).map { (index: Int) -> UInt8 in UInt8((index * 37 + index / 7 * 11) % 256) })

  @Test(arguments: LayerCase.all) func goesThroughONNXAndBack(layer: LayerCase) throws {
    let network = try layer.network()
    let values = try stirred(network)
    let wanted = try Fixture.outputs(network, values, images)
    let model = try NetworkOutline(network).onnx(values)
    let bytes = model.encoded
    let read = try ONNXModel(parsing: bytes, place: layer.name)
    #expect(read == model)
    let again = try ONNXNetwork(read, place: layer.name)
    var found = try Fixture.outputs(again, again.weights, images)
    // What leaves as images leaves in ONNX's order.
    if found.shape.count == 4 { found = found.transposed([0, 2, 3, 1]) }
    let difference = Fixture.greatestDifference(found, wanted)
    #expect(difference < 1e-5, "\(difference)")
    // Outputs that all are equal would show nothing.
    #expect((wanted.scalars.max() ?? 0) - (wanted.scalars.min() ?? 0) > 1e-3)
    if let folder = ProcessInfo.processInfo.environment["MARTLET_ONNX_FILES"] {
      let name = layer.name.replacingOccurrences(of: " ", with: "-")
      try AtomicFile.write(bytes, to: "\(folder)/\(name).onnx")
      try StateDictionary.write(
        [ForeignTensor("images", .uint8(images)), ForeignTensor("outputs", .float32(wanted))],
        to: "\(folder)/\(name).safetensors")
    }
  }

  @Test func noImageIsTransposedOnTheWay() throws {
    let network = try ReadyModel.customCNN(input: .image(28, 28, 1), classes: 10)
    let values = try Parameters(of: network).weightValues
    let model = try NetworkOutline(network).onnx(values)
    #expect(!model.graph.nodes.contains { $0.op == "Transpose" })
    #expect(model.graph.nodes.filter { $0.op == "BatchNormalization" }.count == 3)
    #expect(model.graph.inputs.first?.shape == [nil, 1, 28, 28])
    let names = Set(model.graph.initializers.map(\.name))
    #expect(names == Set(values.keys), "weights keep their paths")
  }

  @Test func trainsOnAsANetworkOfItsOwn() throws {
    let network = try ONNXNetwork(
      try ONNXModel(parsing: Fixture.bytes("small.onnx"), place: "small").readingBytes(place: "small"),
      place: "small")
    let summary = network.summary()
    #expect(summary.trainableParameters == 57 + 6 + 112)
    #expect(summary.nonTrainableParameters == 6)
  }
}
