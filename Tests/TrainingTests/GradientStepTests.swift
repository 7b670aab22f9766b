import Martlet
import MartletCases
import MartletNetworks
import MartletTraining
import Testing

@Suite struct GradientStepTests {
  private func batch(_ count: Int) throws -> Batch {
    try #require(
      try DataLoader(try Samples.data(count), batchSize: count, shuffle: false).makeIterator().next())
  }

  private static func loss(_ network: TracedNetwork, _ images: Value, _ labels: Value) -> Value {
    crossEntropy(network(images), labels)
  }

  private func network(dropout: Double = 0) throws -> Sequential {
    try Samples.network(dropout: dropout, normalized: false)
  }

  /// Bytes of all tensors, the optimizer's too.
  private func bytes(_ parameters: Parameters) -> [[Float]] {
    parameters.entries.map { Array(UnsafeBufferPointer(start: $0.pointer, count: $0.count)) }
  }

  @Test func gradientsAreThoseOfATrainingStep() throws {
    let batch = try batch(12)
    let step = try TrainingStep(
      network(), optimizer: SGD(learningRate: 1), seed: 4, threads: 2, loss: Self.loss)
    let gradients = try GradientStep(network(), seed: 4, threads: 1, loss: Self.loss)
    let before = step.parameters.copy()
    let found = try gradients(batch.images, batch.labels)
    let result = try step.result(batch.images, batch.labels)
    #expect(found.loss == result.loss)
    #expect(found.gradientNorm == result.gradientNorm)
    #expect(found.gradients.count == 6)
    for (path, gradient) in found.gradients {
      let (old, new) = (try #require(before.tensor(path)), try #require(step.parameters.tensor(path)))
      #expect(gradient.shape == old.shape)
      for index in gradient.scalars.indices {
        #expect(old.scalars[index] - gradient.scalars[index] == new.scalars[index], "\(path)")
      }
    }
  }

  @Test func nothingButStatisticsMoves() throws {
    let batch = try batch(8)
    let step = try GradientStep(Samples.network(dropout: 0), threads: 1, loss: Self.loss)
    let before = step.parameters.copy()
    _ = try step(batch.images, batch.labels, movingStatistics: false)
    #expect(bytes(step.parameters) == bytes(before))
    _ = try step(batch.images, batch.labels)
    for path in step.parameters.paths {
      let moved = step.parameters.tensor(path) != before.tensor(path)
      #expect(moved == path.contains("moving"), "\(path)")
    }
  }

  @Test(arguments: [2, 3, 5]) func partsGiveTheUpdateOfTheWholeBatch(parts: Int) throws {
    let batch = try batch(24)
    let rule = Adam(learningRate: 0.01)
    let whole = try TrainingStep(network(), optimizer: rule, seed: 2, threads: 1, loss: Self.loss)
    let split = try AccumulatingStep(
      network(), parts: parts, optimizer: rule, seed: 2, threads: 1, loss: Self.loss)
    for number in 1...3 {
      let loss = try whole(batch.images, batch.labels)
      #expect(abs(try split(batch.images, batch.labels) - loss) <= 2e-6 * loss, "step \(number)")
      #expect(split.stepCount == number)
    }
    for path in whole.parameters.paths {
      let (a, b) = (try #require(whole.parameters.tensor(path)), try #require(split.parameters.tensor(path)))
      let distance = zip(a.scalars, b.scalars).map { Double(abs($0 - $1)) }.worst
      // Adam divides by the gradient's own size, which magnifies the rounding of small gradients.
      #expect(distance < 2e-4, "\(path)")
    }
    #expect(whole.parameters.count == split.parameters.count)
    #expect(whole.parameters.optimizerCount == split.parameters.optimizerCount)
  }

  @Test func threadsDoNotMatter() throws {
    let batch = try batch(37)
    func train(_ threads: Int) throws -> String {
      let step = try AccumulatingStep(
        Samples.network(), parts: 4, seed: 2, threads: threads, gradients: { $0.clipped(norm: 0.5) },
        loss: Self.loss)
      for _ in 0..<3 { try step(batch.images, batch.labels) }
      return step.parameters.sha256
    }
    let one = try train(1)
    for threads in [2, 3] { #expect(try train(threads) == one) }
  }

  @Test func accumulatedBatchesCountBySamples() throws {
    let (small, large) = (try batch(4), try batch(12))
    let step = try GradientStep(network(), seed: 1, threads: 1, loss: Self.loss)
    let first = try step(small.images, small.labels).gradients
    let second = try step(large.images, large.labels).gradients
    try step.accumulate(small.images, small.labels)
    try step.accumulate(large.images, large.labels)
    #expect(step.accumulatedCount == 16)
    let means = step.accumulatedGradients
    for (path, mean) in means {
      let (a, b) = (try #require(first[path]).scalars, try #require(second[path]).scalars)
      for index in mean.scalars.indices {
        let expected = a[index] * 0.25 + b[index] * 0.75
        #expect(abs(mean.scalars[index] - expected) <= 1e-6 * (abs(a[index]) + abs(b[index])), "\(path)")
      }
    }
    let update = try UpdateStep(step, optimizer: SGD(learningRate: 0.5))
    let before = try #require(step.parameters.tensor("dense/kernel"))
    let norm = try update()
    let after = try #require(step.parameters.tensor("dense/kernel"))
    let gradient = try #require(means["dense/kernel"])
    for index in after.scalars.indices {
      let expected = before.scalars[index] - 0.5 * gradient.scalars[index]
      #expect(abs(after.scalars[index] - expected) <= 1e-7)
    }
    #expect(norm > 0 && update.stepCount == 1)
    #expect(step.accumulatedCount == 0 && step.accumulatedGradients.isEmpty)
    let error = #expect(throws: TrainingError.self) { try update() }
    #expect(error?.description.contains("expected gradients accumulated since the last update") == true)
  }

  @Test func gradientsAtHandAreApplied() throws {
    let batch = try batch(8)
    let step = try GradientStep(network(), seed: 1, threads: 1, frozen: ["conv2d"], loss: Self.loss)
    let update = try UpdateStep(step, optimizer: SGD(learningRate: 1), gradients: { $0.clipped(norm: 0.01) })
    let gradients = try step(batch.images, batch.labels).gradients
    #expect(gradients.keys.sorted() == ["dense/bias", "dense/kernel", "dense_1/bias", "dense_1/kernel"])
    let before = step.parameters.copy()
    let norm = try update.apply(gradients)
    var sum = 0.0
    for path in step.parameters.paths {
      let (old, new) = (try #require(before.tensor(path)), try #require(step.parameters.tensor(path)))
      for (a, b) in zip(old.scalars, new.scalars) { sum += Double(a - b) * Double(a - b) }
    }
    #expect(norm > 0.02 && abs(sum.squareRoot() - 0.01) < 1e-5)
    #expect(step.parameters.tensor("conv2d/kernel") == before.tensor("conv2d/kernel"))

    var wrong = gradients
    wrong["conv2d/kernel"] = before.tensor("conv2d/kernel")
    var error = #expect(throws: TrainingError.self) { try update.apply(wrong) }
    #expect(error?.description.contains("received conv2d/kernel") == true)
    wrong = gradients
    wrong["dense/bias"] = Tensor(repeating: 0, shape: [15])
    error = #expect(throws: TrainingError.self) { try update.apply(wrong) }
    #expect(
      error?.description == "gradient of dense/bias: expected shape [16], received shape [15]")
  }

  @Test func numbersNoLongerFiniteChangeNothing() throws {
    let batch = try batch(8)
    let step = try GradientStep(Samples.network(dropout: 0), seed: 1, threads: 2, loss: Self.loss)
    let update = try UpdateStep(step)
    try step.accumulate(batch.images, batch.labels)
    let means = step.accumulatedGradients
    var broken = try #require(step.parameters.tensor("dense/kernel"))
    broken.scalars[3] = 3e38
    broken.scalars[4] = 3e38
    try step.parameters.setTensor("dense/kernel", broken)
    let before = bytes(step.parameters)
    let error = #expect(throws: TrainingError.self) { try step.accumulate(batch.images, batch.labels) }
    #expect(error?.kind == .notFinite)
    #expect(bytes(step.parameters) == before)
    #expect(step.accumulatedGradients == means && step.accumulatedCount == 8)
    var gradients = means
    gradients["dense/bias"] = Tensor(repeating: .nan, shape: [16])
    #expect(throws: TrainingError.self) { try update.apply(gradients) }
    #expect(bytes(step.parameters) == before && update.stepCount == 0)
  }

  @Test func aPartThatIsNotFiniteTakesTheStatisticsBack() throws {
    let network = try Sequential(input: .vector(4)) {
      BatchNormalization()
      Dense(3)
    }
    let gradients = try GradientStep(
      network, targets: ["labels": .labels], threads: 1
    ) { network, inputs, targets in crossEntropy(network(inputs)["outputs"], targets["labels"]) }
    let step = try AccumulatingStep(gradients, parts: 2, optimizer: SGD(learningRate: 0.1))
    var x = Tensor<Float>(shape: [4, 4], scalars: (0..<16).map { Float($0 * 7 % 5) })
    let labels = Tensor<Int32>(shape: [4], scalars: [0, 1, 2, 0])
    try step(["images": .floats(x)], targets: ["labels": .labels(labels)])
    let before = bytes(step.parameters)
    x.scalars[15] = .infinity
    let error = #expect(throws: TrainingError.self) {
      try step(["images": .floats(x)], targets: ["labels": .labels(labels)])
    }
    #expect(error?.kind == .notFinite)
    #expect(bytes(step.parameters) == before)
    #expect(step.stepCount == 1)
    x.scalars[15] = 1
    #expect(try step(["images": .floats(x)], targets: ["labels": .labels(labels)]).isFinite)
  }

  @Test func everyBatchDrawsItsOwnNumbers() throws {
    let batch = try batch(16)
    let step = try GradientStep(network(dropout: 0.5), seed: 3, threads: 1, loss: Self.loss)
    let first = try step(batch.images, batch.labels).loss
    #expect(try step(batch.images, batch.labels).loss != first)
    #expect(step.batchCount == 2)
    let again = try GradientStep(network(dropout: 0.5), seed: 3, threads: 1, loss: Self.loss)
    #expect(try again.accumulate(batch.images, batch.labels) == first)
  }

  @Test func mistakes() throws {
    #expect(throws: TrainingError.self) {
      try AccumulatingStep(network(), parts: 0, loss: Self.loss)
    }
    let step = try GradientStep(network(), threads: 1, loss: Self.loss)
    let images = Tensor<UInt8>(repeating: 0, shape: [2, 8, 8, 1])
    let error = #expect(throws: TrainingError.self) {
      try step.accumulate(images, Tensor(shape: [2], scalars: [0, 3]))
    }
    #expect(error?.description.hasPrefix("labels, sample 1 of the batch: expected a label from 0") == true)
    #expect(throws: ModelError.self) {
      try GradientStep(network(), frozen: ["nothing"], loss: Self.loss)
    }
  }
}
