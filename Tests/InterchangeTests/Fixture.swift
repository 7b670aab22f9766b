import MartletInterchange
import MartletKerasFiles
import MartletNetworks
import MartletTensors
import MartletTraining

/// The small files that PyTorch, Keras, NumPy and ONNX wrote, with the outputs these programs give.
enum Fixture {
  static let folder = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Fixtures"

  static func bytes(_ name: String) throws -> [UInt8] {
    try InputFile.contents(of: "\(folder)/\(name)", limit: 1 << 20)
  }

  static func expected(_ name: String, in file: String = "expected.safetensors") throws -> Tensor<Float> {
    let tensors = try StateDictionary.tensors(parsing: bytes(file), place: file)
    guard let value = tensors.first(where: { $0.name == name })?.value.weights else {
      throw Missing(name: name)
    }
    return value
  }

  /// The images `[3, 6, 6, 2]` that the outputs belong to.
  static func images() throws -> Tensor<UInt8> {
    let tensors = try StateDictionary.tensors(parsing: bytes("expected.safetensors"), place: "expected")
    guard case .int32(let tensor)? = tensors.first(where: { $0.name == "images" })?.value else {
      throw Missing(name: "images")
    }
    return Tensor(shape: tensor.shape, scalars: tensor.scalars.map { UInt8($0) })
  }

  struct Missing: Error { let name: String }

  /// What PyTorch, NumPy and ONNX files named `small` hold.
  static func small() throws -> Sequential {
    try Sequential(input: .image(6, 6, 2)) {
      Rescale(1 / 255)
      Conv2D(3, kernelSize: 3, padding: .same, activation: .relu)
      BatchNormalization()
      MaxPooling2D(2)
      Flatten()
      Dense(4)
    }
  }

  /// What Keras's files named `layers` hold.
  static func layers() throws -> Sequential {
    try Sequential(input: .image(6, 6, 2)) {
      Rescale(1 / 255)
      Conv2D(3, kernelSize: 3, padding: .same, activation: .relu)
      BatchNormalization()
      DepthwiseConv2D(kernelSize: 2, depthMultiplier: 2)
      PReLU(sharedAxes: [1, 2])
      SeparableConv2D(4, kernelSize: 2)
      Flatten()
      Dense(4, activation: .softmax)
    }
  }

  /// A model of nodes from `x`, numbers `[N, 4, edge, edge]`, to `y`; each weight is another wave around 1.
  static func onnx(
    edge: Int, _ nodes: [ONNXModel.Node], weights: KeyValuePairs<String, [Int]> = [:]
  ) -> ONNXModel {
    var model = ONNXModel()
    model.graph.inputs = [ONNXModel.ValueInfo(name: "x", element: 1, shape: [nil, 4, edge, edge])]
    model.graph.outputs = [ONNXModel.ValueInfo(name: "y", element: 1, shape: [])]
    model.graph.nodes = nodes
    model.graph.initializers = weights.enumerated().map { index, weight in
      let scalars = (0..<weight.value.reduce(1, *)).map { place in
        Float(((place + 1) * (7 + 4 * index)) % 23) / 23 + 0.5
      }
      return (weight.key, .float32(Tensor(shape: weight.value, scalars: scalars)))
    }
    return model
  }

  /// The outputs of a network with weights for images.
  static func outputs(
    _ network: some Network, _ values: WeightValues, _ images: Tensor<UInt8>
  ) throws -> Tensor<Float> {
    let parameters = try Parameters(of: network)
    for (path, tensor) in values { try parameters.setTensor(path, tensor) }
    return try Predictor(network, parameters: parameters, threads: 1).outputs(images)
  }

  static func greatestDifference(_ a: Tensor<Float>, _ b: Tensor<Float>) -> Float {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.scalars, b.scalars).map { $0.isNaN || $1.isNaN ? .infinity : abs($0 - $1) }.max()
      ?? .infinity
  }
}
