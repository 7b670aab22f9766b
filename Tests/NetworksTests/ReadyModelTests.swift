import MartletGraphs
import MartletNetworks
import Testing

private let grey = InputSpec.image(28, 28, 1)
private let color = InputSpec.image(32, 32, 3)

@Suite struct ReadyModelTests {
  @Test(arguments: [
    ("convnet", grey, 10, 421_642, 421_642), ("convnet-pytorch", grey, 10, 421_642, 421_642),
    ("conv5x5", grey, 10, 184_586, 184_586), ("conv5x5-regularized", grey, 10, 184_586, 184_586),
    ("custom-cnn", grey, 10, 242_442, 241_994), ("custom-cnn", color, 10, 357_706, 357_258),
    ("alexnet", grey, 10, 8_306_890, 8_306_890), ("alexnet", color, 10, 10_012_554, 10_012_554),
    ("dense", grey, 10, 12_786, 12_786), ("conv", grey, 10, 74_514, 74_514),
    ("dense", color, 20, 49_484, 49_484), ("conv", color, 20, 102_252, 102_252),
    ("attention", grey, 10, 177_041, 176_081),
  ])
  func parameterCounts(name: String, input: InputSpec, classes: Int, total: Int, trainable: Int) throws {
    let summary = try ReadyModel.named(name).make(input: input, classes: classes).summary()
    #expect(summary.parameters == total)
    #expect(summary.trainableParameters == trainable)
    #expect(summary.rows.reduce(0) { $0 + $1.parameters } == total)
  }

  @Test(arguments: [(false, false, 176_362), (false, true, 176_461), (true, false, 176_942)])
  func attentionVariants(channel: Bool, spatial: Bool, total: Int) throws {
    let model = try ReadyModel.attention(input: grey, classes: 10, channel: channel, spatial: spatial)
    #expect(model.summary().parameters == total)
    #expect(model.summary().nonTrainableParameters == 960)
  }

  @Test func l2TermsOfAttention() throws {
    let graph = Graph(purpose: .training)
    _ = try ReadyModel.attention(input: grey, classes: 10, l2: 1e-4).trace(batch: 2, into: graph)
    #expect(
      graph.penalties.map(\.path) == [
        "conv2d/kernel", "conv2d_1/kernel", "conv2d_2/kernel", "conv2d_3/kernel", "conv2d_4/kernel",
        "dense/kernel", "dense_1/kernel",
      ])
  }

  @Test func unknownName() {
    let error = #expect(throws: ModelError.self) { try ReadyModel.named("resnet") }
    #expect(error?.description.contains("received resnet") == true)
    #expect(error?.description.contains("custom-cnn") == true)
  }

  @Test func graphsAreValid() throws {
    for model in ReadyModel.all {
      let network = try model.make(input: grey, classes: 10)
      let graph = Graph(purpose: .training)
      let outputs = network.trace(batch: 4, into: graph)
      let labels = graph.input("labels", shape: [4], element: .int32)
      let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: !outputs.isSoftmax)(outputs, labels)
      let weights = graph.parameters.filter(\.isTrainable).compactMap { graph.parameterValue($0.path) }
      let gradients = graph.gradients(of: loss.mean(), withRespectTo: weights)
      try graph.check()
      #expect(gradients.allSatisfy { $0 != nil })
      #expect(graph.verify() == nil)
    }
  }
}
