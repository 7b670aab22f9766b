import MartletInterchange
import MartletNetworks
import MartletTensors
import Testing

/// Nodes of an ONNX graph that read the same weights.
struct SharedWeightCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// The edge of the images.
  let edge: Int
  let nodes: [ONNXModel.Node]
  let weights: KeyValuePairs<String, [Int]>
  /// How many tensors the network has: those of equal nodes count once.
  let tensors: Int
  var testDescription: String { name }

  init(
    _ name: String, edge: Int = 3, tensors: Int, _ weights: KeyValuePairs<String, [Int]>,
    _ nodes: [(op: String, inputs: String, output: String, attributes: [String: ONNXModel.Attribute])]
  ) {
    self.name = name
    self.edge = edge
    self.tensors = tensors
    self.weights = weights
    self.nodes = nodes.map {
      ONNXModel.Node(
        op: $0.op, name: "", inputs: $0.inputs.split(separator: " ").map(String.init), outputs: [$0.output],
        attributes: $0.attributes)
    }
  }

  var model: ONNXModel { Fixture.onnx(edge: edge, nodes, weights: weights) }

  /// The model with a copy of each weight for each node.
  var separated: ONNXModel {
    var result = model
    result.graph.initializers = []
    for (index, node) in nodes.enumerated() {
      for (place, input) in node.inputs.enumerated() {
        guard let weight = model.graph.initializers.first(where: { $0.name == input }) else { continue }
        result.graph.nodes[index].inputs[place] = "\(input) of \(index)"
        result.graph.initializers.append(("\(input) of \(index)", weight.value))
      }
    }
    return result
  }

  private static let padded: [String: ONNXModel.Attribute] = ["pads": .integers([1, 1, 1, 1])]
  private static let strided: [String: ONNXModel.Attribute] = ["strides": .integers([2, 2])]
  private static let halving = strided.merging(padded) { own, _ in own }
  private static let uneven = strided.merging(["pads": .integers([0, 0, 1, 1])]) { own, _ in own }
  private static let same = strided.merging(["auto_pad": .text("SAME_UPPER")]) { own, _ in own }

  static let all: [SharedWeightCase] = [
    SharedWeightCase(
      "normalizations with statistics of their own", tensors: 8,
      ["g": [4], "b": [4], "m1": [4], "v1": [4], "m2": [4], "v2": [4]],
      [
        ("BatchNormalization", "x g b m1 v1", "a", [:]), ("Relu", "a", "r", [:]),
        ("BatchNormalization", "r g b m2 v2", "y", [:]),
      ]),
    SharedWeightCase(
      "normalizations of other epsilons", tensors: 8, ["g": [4], "b": [4], "m": [4], "v": [4]],
      [
        ("BatchNormalization", "x g b m v", "a", [:]),
        ("BatchNormalization", "a g b m v", "y", ["epsilon": .float(0.5)]),
      ]),
    SharedWeightCase(
      "convolutions of other dilations", tensors: 2, ["k": [4, 4, 3, 3]],
      [
        ("Conv", "x k", "a", padded),
        ("Conv", "a k", "y", ["pads": .integers([2, 2, 2, 2]), "dilations": .integers([2, 2])]),
      ]),
    SharedWeightCase(
      "equal convolutions, one through an Identity", tensors: 2, ["k": [4, 4, 3, 3], "b": [4]],
      [
        ("Identity", "k", "l", [:]), ("Conv", "x k b", "a", padded), ("Conv", "a l b", "y", padded),
      ]),
    SharedWeightCase(
      "equal convolutions of other extents", edge: 5, tensors: 1, ["k": [4, 4, 3, 3]],
      [("Conv", "x k", "a", halving), ("Conv", "a k", "b", halving), ("Conv", "b k", "y", halving)]),
    SharedWeightCase(
      "as much padding as needed", edge: 5, tensors: 1, ["k": [4, 4, 3, 3]],
      [("Conv", "x k", "a", same), ("Conv", "a k", "b", same), ("Conv", "b k", "y", same)]),
    SharedWeightCase(
      "uneven padding that once is as much as needed", edge: 6, tensors: 2, ["k": [4, 4, 3, 3]],
      [("Conv", "x k", "a", uneven), ("Conv", "a k", "y", uneven)]),
    SharedWeightCase(
      "equal transposed convolutions of other extents", tensors: 1, ["k": [4, 4, 2, 2]],
      [("ConvTranspose", "x k", "a", strided), ("ConvTranspose", "a k", "y", strided)]),
    SharedWeightCase(
      "dense layers with biases of their own", tensors: 4, ["w": [4, 4], "b": [4], "c": [4]],
      [
        ("GlobalAveragePool", "x", "p", [:]), ("Flatten", "p", "f", [:]), ("Gemm", "f w b", "d", [:]),
        ("Gemm", "d w c", "e", [:]), ("Gemm", "e w b", "y", [:]),
      ]),
    SharedWeightCase(
      "products with sums of their own", tensors: 4, ["w": [4, 4], "b": [4], "c": [4]],
      [
        ("GlobalAveragePool", "x", "p", [:]), ("Flatten", "p", "f", [:]), ("MatMul", "f w", "d", [:]),
        ("Add", "d b", "e", [:]), ("MatMul", "e w", "g", [:]), ("Add", "g c", "h", [:]),
        ("MatMul", "h w", "i", [:]), ("Add", "i b", "y", [:]),
      ]),
    SharedWeightCase(
      "rows of a flattened image and of a vector", tensors: 2, ["w": [36, 36]],
      [("Flatten", "x", "f", [:]), ("Gemm", "f w", "d", [:]), ("Gemm", "d w", "y", [:])]),
  ]
}

/// Weights that several nodes of an ONNX graph read.
@Suite struct SharedWeightTests {
  private func imported(
    _ model: ONNXModel, _ layers: SharedWeightCase
  ) throws -> (outputs: Tensor<Float>, tensors: Int) {
    let images = Tensor<UInt8>(
      shape: [2, layers.edge, layers.edge, 4],
      scalars: (0..<8 * layers.edge * layers.edge).map { (index: Int) -> UInt8 in
        UInt8((index * 37 + index / 7 * 11) % 256)
      })
    let network = try ONNXNetwork(
      model.readingBytes(scale: 1 / 256, mean: [0.5], place: layers.name), place: layers.name)
    return (try Fixture.outputs(network, network.weights, images), network.weights.count)
  }

  @Test(arguments: SharedWeightCase.all) func eachNodeComputesItsOwn(layers: SharedWeightCase) throws {
    let shared = try imported(layers.model, layers)
    let separated = try imported(layers.separated, layers)
    let greatest = separated.outputs.scalars.map(abs).max() ?? 0
    let difference = Fixture.greatestDifference(shared.outputs, separated.outputs)
    #expect(difference <= 1e-5 * greatest, "\(difference) of \(greatest)")
    #expect(shared.tensors == layers.tensors)
    // Outputs that all are equal would show nothing.
    #expect(Set(separated.outputs.scalars).count > 1)
  }
}
