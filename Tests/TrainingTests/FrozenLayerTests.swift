import Martlet
import MartletGraphs
import Testing

@Suite struct FrozenLayerTests {
  private func network(_ first: some Layer, preset: Preset = .keras) throws -> Sequential {
    try Sequential(input: .image(8, 8, 1), preset: preset) {
      Rescale(1 / 255)
      first
      MaxPooling2D(2)
      Flatten()
      Dense(3)
    }
  }

  private func block(trainable: Bool) -> Stack {
    Stack {
      Conv2D(
        8, kernelSize: 3, padding: .same, activation: .relu, kernelRegularizer: .l2(0.01),
        trainable: trainable)
      BatchNormalization(trainable: trainable)
    }
  }

  @Test(arguments: Preset.allCases) func frozenWeightsKeepTheirBytes(preset: Preset) throws {
    let data = try Samples.data(60)
    var stores: [Parameters] = []
    let networks = [
      try network(block(trainable: false), preset: preset),
      try network(block(trainable: true).frozen(), preset: preset),
    ]
    for network in networks {
      let trainer = try Samples.trainer(network)
      let before = trainer.parameters.copy()
      _ = try trainer.fit(data, epochs: 2, batchSize: 20)
      let after = trainer.parameters
      for path in after.paths where path != "dense/kernel" && path != "dense/bias" {
        let moves = preset == .pytorch && path.contains("moving")
        #expect((after.tensor(path) == before.tensor(path)) == !moves, "\(path)")
      }
      #expect(after.tensor("dense/kernel") != before.tensor("dense/kernel"))
      #expect(after.optimizerCount == 2 * (4 * 4 * 8 * 3 + 3))
      #expect(after.trainableCount == 4 * 4 * 8 * 3 + 3)
      stores.append(after)
    }
    for path in stores[0].paths { #expect(stores[0].tensor(path) == stores[1].tensor(path)) }
  }

  @Test func trainedLayersAreFrozenInAnotherNetwork() throws {
    let data = try Samples.data(60)
    let open = try Samples.trainer(try network(block(trainable: true)))
    _ = try open.fit(data, epochs: 1, batchSize: 20)
    let store = open.parameters.copy()
    let trainer = try Trainer(
      try network(block(trainable: false)), optimizer: Adam(learningRate: 0.01), loss: Samples.loss, seed: 1,
      threads: 1, parameters: store)
    #expect(store.trainableCount == 4 * 4 * 8 * 3 + 3)
    _ = try trainer.fit(data, epochs: 1, batchSize: 20)
    #expect(store.tensor("conv2d/kernel") == open.parameters.tensor("conv2d/kernel"))
    #expect(store.tensor("dense/kernel") != open.parameters.tensor("dense/kernel"))
  }

  @Test func constraintsHoldAfterEveryStep() throws {
    let network = try network(
      Conv2D(
        8, kernelSize: 3, padding: .same, kernelConstraint: .maxNorm(0.5, axes: [0, 1, 2]),
        biasConstraint: .nonNegative))
    var stores: [Parameters] = []
    for threads in [1, 3] {
      let trainer = try Samples.trainer(network, threads: threads)
      _ = try trainer.fit(try Samples.data(60), epochs: 2, batchSize: 20)
      let kernel = try #require(trainer.parameters.tensor("conv2d/kernel"))
      for filter in 0..<8 {
        let weights = stride(from: filter, to: 72, by: 8).map { Double(kernel.scalars[$0]) }
        #expect(weights.reduce(0) { $0 + $1 * $1 }.squareRoot() <= 0.5 + 1e-5)
      }
      let bias = try #require(trainer.parameters.tensor("conv2d/bias")).scalars
      #expect(bias.allSatisfy { $0 >= 0 } && bias.contains { $0 > 0 })
      stores.append(trainer.parameters)
    }
    for path in stores[0].paths { #expect(stores[0].tensor(path) == stores[1].tensor(path)) }
  }

  @Test func lossOfTrainingAndEvaluationHoldTheSamePenalties() throws {
    let data = try Samples.data(20)
    func losses(_ first: some Layer, frozen: Set<String> = []) throws -> (step: Float, evaluation: Double) {
      // Without batch normalization and at rate 0 both see the same numbers.
      let trainer = try Samples.trainer(
        try network(first), frozen: frozen, optimizer: Adam(learningRate: 1e-12))
      let loss = try trainer.fit(data, epochs: 1, batchSize: 20).epochs.last?.loss ?? .nan
      return (Float(loss), try trainer.evaluate(data).loss)
    }
    func convolution(trainable: Bool, _ regularizer: Regularizer?) -> Conv2D {
      Conv2D(4, kernelSize: 3, kernelRegularizer: regularizer, trainable: trainable)
    }
    let plain = try losses(convolution(trainable: true, nil))
    let penalized = try losses(convolution(trainable: true, .l1(0.1)))
    let frozen = try losses(convolution(trainable: false, .l1(0.1)))
    let set = try losses(convolution(trainable: true, .l1(0.1)), frozen: ["conv2d"])
    for pair in [plain, penalized, frozen, set] { #expect(abs(Double(pair.step) - pair.evaluation) < 1e-4) }
    #expect(penalized.step > plain.step + 0.1)
    #expect(abs(frozen.step - plain.step) < 1e-4)
    #expect(abs(set.step - penalized.step) < 1e-4)
  }
}
