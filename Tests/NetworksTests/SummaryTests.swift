import MartletGraphs
import MartletNetworks
import Testing

@Suite struct SummaryTests {
  @Test func table() throws {
    let model = try ReadyModel.dense(input: .image(28, 28, 1), classes: 10)
    let expected = """
      Model: "Dense"
      ┏━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
      ┃ Layer (type)       ┃ Output Shape      ┃ Param # ┃
      ┡━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
      │ Input (InputLayer) │ (None, 28, 28, 1) │       0 │
      ├────────────────────┼───────────────────┼─────────┤
      │ rescale (Rescale)  │ (None, 28, 28, 1) │       0 │
      ├────────────────────┼───────────────────┼─────────┤
      │ flatten (Flatten)  │ (None, 784)       │       0 │
      ├────────────────────┼───────────────────┼─────────┤
      │ dense (Dense)      │ (None, 16)        │  12,560 │
      ├────────────────────┼───────────────────┼─────────┤
      │ dense_1 (Dense)    │ (None, 8)         │     136 │
      ├────────────────────┼───────────────────┼─────────┤
      │ dense_2 (Dense)    │ (None, 10)        │      90 │
      └────────────────────┴───────────────────┴─────────┘
      Total params: 12,786 (49.95 KB)
      Trainable params: 12,786 (49.95 KB)
      Non-trainable params: 0 (0.00 B)
      Optimizer state: 25,572 (99.89 KB)
      """
    let text = model.summary(batchSize: 100, optimizer: Adam()).description
    #expect(text.hasPrefix(expected))
    #expect(text.hasSuffix("Activations of a batch of 100: 625.78 KB"))
  }

  /// A factor for each feature.
  private struct Gain: Layer {
    let factor = Weight(.ones, name: "gain")
    func callAsFunction(_ x: Value) -> Value { x * factor(shape: [x.shape[1]], for: x) }
  }

  @Test func tensorsOfOnesOwnHaveRows() throws {
    let summary = try Sequential(input: .vector(100)) {
      Gain()
      Dense(2)
    }.summary(batchSize: 3)
    #expect(summary.rows.map(\.parameters).reduce(0, +) == summary.parameters && summary.parameters == 302)
    let gain = summary.rows[1]
    #expect(gain.name == "gain" && gain.type == "Weight" && gain.outputShape == [100])
    #expect(summary.activationBytes == 3 * 2 * 4)
  }

  @Test func operationsAndActivations() throws {
    let summary = try Sequential(input: .vector(8)) { Dense(4) }.summary(batchSize: 3)
    #expect(summary.flops == 2 * 8 * 4 + 4)
    #expect(summary.activationBytes == 3 * 4 * 4)
    // A regularizer's term is a part of the loss and of no prediction.
    let penalized = try Sequential(input: .vector(8)) { Dense(4, kernelRegularizer: .l2(1e-4)) }
    #expect(penalized.summary().flops == summary.flops)
  }

  @Test func namesAndCompositesOfTheReadyModels() throws {
    let input = InputSpec.image(28, 28, 1)
    let convnet = try ReadyModel.convnet(input: input, classes: 10).summary()
    #expect(
      convnet.rows.map(\.name) == [
        "Input", "Rescale", "Conv1", "Pool1", "Conv2", "Pool2", "Flatten", "FC1", "Dropout", "Logits",
      ])
    #expect(convnet.rows[3].outputShape == [nil, 14, 14, 32])
    #expect(convnet.name == "ConvNet")
    let attention = try ReadyModel.attention(input: input, classes: 10).summary()
    #expect(attention.rows.first { $0.type == "ChannelAttention" }?.parameters == 580)
    #expect(attention.rows.first { $0.type == "SpatialAttention" }?.parameters == 99)
    #expect(!attention.rows.contains { $0.name.contains("/") })
  }
}
