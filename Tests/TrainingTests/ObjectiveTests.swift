import Foundation
import Martlet
import Testing

/// Penalties, class and sample weights, metrics and clipping of a `Trainer`.
@Suite struct ObjectiveTests {
  private static func network(_ preset: Preset = .keras) throws -> Sequential {
    try Samples.network(preset: preset, dropout: 0, normalized: false)
  }

  private static func trainer(
    _ preset: Preset = .keras, metrics: [Metric] = [], penalties: [Penalty] = [],
    classWeights: [Double]? = nil, gradients: ((Gradients) -> Gradients)? = nil, frozen: Set<String> = []
  ) throws -> Trainer {
    try Trainer(
      network(preset), optimizer: SGD(learningRate: 0.1), loss: Samples.loss, metrics: metrics,
      penalties: penalties, classWeights: classWeights, gradients: gradients, seed: 1, threads: 1,
      frozen: frozen)
  }

  /// The loss of each image by the weights of the moment.
  private func losses(_ trainer: Trainer, _ data: ImageDataset) throws -> [Double] {
    let probabilities = try trainer.predict(data).scalars
    return data.labels.enumerated().map { -log(Double(probabilities[$0 * 3 + Int($1)])) }
  }

  @Test(arguments: Preset.allCases) func weightsCountAsInTheFrameworks(preset: Preset) throws {
    let data = try Samples.data(16)
    let samples = (0..<16).map { Float($0 % 5) / 2 }
    let classes = [0.5, 1, 3]
    for (classWeights, sampleWeights) in [(nil, samples), (classes, nil), (classes, samples)] {
      let trainer = try Self.trainer(preset, classWeights: classWeights)
      let losses = try losses(trainer, data)
      let weights = (0..<16).map { index in
        (classWeights?[data.label(at: index)] ?? 1) * Double(sampleWeights?[index] ?? 1)
      }
      let sum = zip(weights, losses).reduce(0) { $0 + $1.0 * $1.1 }
      let expected = sum / (preset == .keras ? 16 : weights.reduce(0, +))
      let unweighted = losses.reduce(0, +) / 16
      #expect(abs(expected - unweighted) > 0.001)
      let plain = try trainer.evaluate(data).loss
      let history = try trainer.fit(data, epochs: 1, batchSize: 16, sampleWeights: sampleWeights)
      #expect(abs(history.epochs[0].loss - expected) < 1e-5)
      #expect(abs(plain - unweighted) < 1e-5)
    }
  }

  @Test func weightsGoWithTheirImages() throws {
    let data = try Samples.data(60)
    // Images of weight 0 might as well not be there, but for Keras's divisor.
    let weights = (0..<60).map { Float($0 % 3 == 0 ? 0 : 1) }
    for split in [ValidationSplit.last(20), .first(20), .random(20, seed: 3)] {
      let weighted = try Self.trainer(.pytorch)
      let history = try weighted.fit(
        data, epochs: 1, batchSize: 40, validation: split, sampleWeights: weights)
      let chosen = try chosen(data, split).filter { weights[$0] == 1 }
      let other = try Self.trainer(.pytorch)
      let few = try other.fit(data.subset(chosen), epochs: 1, batchSize: 40)
      #expect(abs(history.epochs[0].loss - few.epochs[0].loss) < 1e-5)
      for path in weighted.parameters.paths {
        let (a, b) = (weighted.parameters.tensor(path), other.parameters.tensor(path))
        #expect(zip(a?.scalars ?? [], b?.scalars ?? []).allSatisfy { abs($0 - $1) < 1e-5 }, "\(path)")
      }
      let held = Set(0..<60).subtracting(try self.chosen(data, split)).filter { weights[$0] == 1 }.sorted()
      let validation = try weighted.evaluate(data.subset(held)).loss
      #expect(abs(try #require(history.epochs[0].validationLoss) - validation) < 1e-5)
    }
  }

  /// The images of `data` that a split leaves to train on.
  private func chosen(_ data: ImageDataset, _ split: ValidationSplit) throws -> [Int] {
    guard case .heldOut(let part) = split else { return Array(0..<data.count) }
    let rest = try data.split(part).rest
    return (0..<rest.count).map { rest.storedIndex(at: $0) }
  }

  @Test func fittingWithAndWithoutWeightsGoesOnWithOneCount() throws {
    let data = try Samples.data(32)
    let ones = [Float](repeating: 1, count: 32)
    let trainer = try Samples.trainer()
    try trainer.fit(data, epochs: 1, batchSize: 16, sampleWeights: ones)
    try trainer.fit(data, epochs: 1, batchSize: 16)
    let plain = try Samples.trainer()
    try plain.fit(data, epochs: 2, batchSize: 16)
    for path in plain.parameters.paths {
      let (a, b) = (trainer.parameters.tensor(path), plain.parameters.tensor(path))
      #expect(zip(a?.scalars ?? [], b?.scalars ?? []).allSatisfy { abs($0 - $1) < 1e-4 }, "\(path)")
    }
  }

  @Test func penaltiesAreAddedInTrainingAndEvaluation() throws {
    let data = try Samples.data(16)
    func sum(_ trainer: Trainer, _ term: ([Float]) -> Double) -> Double {
      trainer.parameters.paths.reduce(0) { $0 + term(trainer.parameters.tensor($1)?.scalars ?? []) }
    }
    func l1(_ values: [Float]) -> Double { values.reduce(0) { $0 + abs(Double($1)) } }
    func squares(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1 * $1) } }
    let cases: [(Penalty, ([Float]) -> Double)] = [
      (.l1(0.01), { 0.01 * l1($0) }), (.l1Norm(0.02), { 0.02 * l1($0) }),
      (.l2(0.03), { 0.03 * squares($0) }), (.l2Norm(0.04), { 0.04 * squares($0).squareRoot() }),
    ]
    for (penalty, term) in cases {
      let trainer = try Self.trainer(penalties: [penalty, penalty])
      // Biases count too, so they must not be zero.
      for path in trainer.parameters.paths where path.hasSuffix("bias") {
        let shape = try #require(trainer.parameters.tensor(path)).shape
        try trainer.parameters.setTensor(path, Tensor(repeating: 0.5, shape: shape))
      }
      let expected = try losses(trainer, data).reduce(0, +) / 16 + 2 * sum(trainer, term)
      #expect(abs(try trainer.evaluate(data).loss - expected) < 1e-4)
      let history = try trainer.fit(data, epochs: 1, batchSize: 16)
      #expect(abs(history.epochs[0].loss - expected) < 1e-4)
    }
  }

  @Test func aPenaltyIsTheTermOfALoopWrittenByHand() throws {
    let data = try Samples.data(32)
    let trainer = try Self.trainer(penalties: [.l1Norm(0.001), .l2Norm(0.001)])
    try trainer.fit(data, epochs: 2, batchSize: 16)
    let step = try TrainingStep(
      Self.network(), optimizer: SGD(learningRate: 0.1), seed: 1, threads: 1
    ) { network, images, labels in
      crossEntropy(network(images), labels) + network.parameters.sum { $0.l1Norm() } * 0.001
        + network.parameters.sum { $0.l2Norm() } * 0.001
    }
    let loader = try DataLoader(data, batchSize: 16, seed: 1)
    for _ in 0..<2 { for batch in loader { try step(batch.images, batch.labels) } }
    #expect(trainer.parameters.sha256 == step.parameters.sha256)
  }

  @Test func penaltiesLeaveOutWhatIsFrozenOrNotChosen() throws {
    let data = try Samples.data(16)
    let bare = try Self.trainer().evaluate(data).loss
    func term(_ penalty: Penalty, frozen: Set<String> = []) throws -> (training: Double, evaluation: Double) {
      let trainer = try Self.trainer(penalties: [penalty], frozen: frozen)
      let evaluation = try trainer.evaluate(data).loss
      return (try trainer.fit(data, epochs: 1, batchSize: 16).epochs[0].loss - bare, evaluation - bare)
    }
    let kernels = try Self.trainer().parameters
    func norm(_ path: String) throws -> Double {
      try #require(kernels.tensor(path)).scalars.reduce(0) { $0 + abs(Double($1)) }
    }
    let dense = try term(.l1(1) { $0 == "dense/kernel" })
    #expect(abs(dense.training - (try norm("dense/kernel"))) < 1e-3)
    #expect(abs(dense.evaluation - dense.training) < 1e-4)
    let frozen = try term(.l1(1), frozen: ["dense"])
    #expect(abs(frozen.training - (try norm("conv2d/kernel") + norm("dense_1/kernel"))) < 1e-3)
    #expect(abs(frozen.evaluation - frozen.training) < 1e-4)
    #expect(throws: ModelError.self) { try Self.trainer(penalties: [.l2(1) { $0 == "none" }]) }
  }

  @Test func metricsAreMeansOverTheImages() throws {
    let data = try Samples.data(70)
    let probe = Metric(name: "mine") { outputs, _ in outputs.max(axes: [1]) }
    let trainer = try Self.trainer(metrics: [Samples.confidence, probe])
    let history = try trainer.fit(data, epochs: 2, batchSize: 16, validation: .last(20))
    #expect(
      Set(history.epochs[1].metrics.keys) == [
        "confidence", "validation_confidence", "mine", "validation_mine",
      ])
    let held = data.suffix(20)
    let expected = try losses(trainer, held).reduce(0) { $0 + exp(-$1) } / 20
    let evaluation = try trainer.evaluate(held)
    #expect(abs(try #require(evaluation.metrics["confidence"]) - expected) < 1e-5)
    #expect(history.epochs[1].metrics["validation_confidence"] == evaluation.metrics["confidence"])
    #expect(try trainer.evaluate(held, batchSize: 7).metrics.count == 2)
    #expect(try trainer.evaluate(held, metrics: [probe]).metrics == ["mine": evaluation.metrics["mine"] ?? 0])
    #expect(try trainer.evaluate(held, metrics: []).loss == evaluation.loss)
    // They change nothing in the training itself.
    let plain = try Self.trainer().fit(data, epochs: 2, batchSize: 16, validation: .last(20))
    #expect(plain.weightsSHA256 == history.weightsSHA256)
  }

  @Test func gradientsAreClippedAsInALoopWrittenByHand() throws {
    let data = try Samples.data(32)
    let trainer = try Self.trainer(gradients: { $0.clipped(norm: 0.1) })
    try trainer.fit(data, epochs: 1, batchSize: 16)
    let step = try TrainingStep(
      Self.network(), optimizer: SGD(learningRate: 0.1), seed: 1, threads: 1,
      gradients: { $0.clipped(norm: 0.1) }
    ) { network, images, labels in crossEntropy(network(images), labels) }
    for batch in try DataLoader(data, batchSize: 16, seed: 1) { try step(batch.images, batch.labels) }
    let free = try Self.trainer()
    try free.fit(data, epochs: 1, batchSize: 16)
    #expect(trainer.parameters.sha256 == step.parameters.sha256)
    #expect(trainer.parameters.sha256 != free.parameters.sha256)
  }

  @Test func weightsAndMetricsThatDoNotFitAreRefused() throws {
    let data = try Samples.data(8)
    #expect(text { _ = try Self.trainer(classWeights: [1, 2]) }.contains("one for each of the 3 classes"))
    #expect(text { _ = try Self.trainer(classWeights: [1, 2, -1]) }.hasPrefix("class weights, number 2"))
    #expect(text { _ = try Self.trainer(classWeights: [0, 0, 0]) }.contains("at least one above 0"))
    let twice = [Samples.confidence, Samples.confidence]
    #expect(text { _ = try Self.trainer(metrics: twice) }.contains("received \"confidence\""))
    let scalar = Metric(name: "scalar") { outputs, _ in outputs.mean() }
    #expect(text { _ = try Self.trainer(metrics: [scalar]) }.contains("must not take the mean"))
    let trainer = try Self.trainer()
    func refusal(_ weights: [Float]) -> String {
      text { try trainer.fit(data, epochs: 1, validation: .last(2), sampleWeights: weights) }
    }
    #expect(refusal([1]).contains("one for each of the 8 images, received 1"))
    #expect(refusal([1, 1, .nan, 1, 1, 1, 1, 1]).hasPrefix("sample weights, number 2"))
    #expect(refusal([0, 0, 0, 0, 0, 0, 1, 1]).contains("training part"))
    #expect(trainer.completedEpochs == 0)
  }
}
