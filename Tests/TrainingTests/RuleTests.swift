import Martlet
import MartletGraphs
import MartletReference
import MartletTraining
import Testing

/// Losses, optimizers and schedules as a trainer uses them.
@Suite struct RuleTests {
  private func trainer(
    optimizer: some Optimizer = Adam(), loss: Loss = Samples.loss, schedule: RateSchedule = .constant
  ) throws -> Trainer {
    try Trainer(Samples.network(), optimizer: optimizer, loss: loss, schedule: schedule, seed: 1, threads: 1)
  }

  @Test func mistakesAreFoundWhenATrainerIsMade() throws {
    #expect(
      text { _ = try trainer(optimizer: Adam(learningRate: -1)) }
        .contains("optimizer adam: expected learningRate above 0, received -1.0"))
    #expect(
      text { _ = try trainer(schedule: .cosineAnnealing(epochs: 0)) }
        == "schedule Cosine Annealing: expected epochs at least 1, received 0.")
    #expect(
      text { _ = try trainer(loss: .sparseCategoricalCrossEntropy(labelSmoothing: -1)) }
        .contains("labelSmoothing from 0 to 1"))
    #expect(
      text { _ = try trainer(loss: Samples.loss.weighted(classWeights: [1, 2])) }
        .contains("3 class weights, one for each class, received 2"))
    #expect(
      text {
        _ = try TrainingStep(Samples.network(), optimizer: SGD(momentum: 1)) { crossEntropy($0($1), $2) }
      }
      .contains("optimizer sgd: expected momentum"))
    let step = try GradientStep(Samples.network()) { crossEntropy($0($1), $2) }
    #expect(
      text { _ = try UpdateStep(step, optimizer: Lion(beta1: 2)) }
        .contains("optimizer lion: expected beta1"))
  }

  /// The mean loss that the engine's training step reports before the update, and the reference's.
  private func losses(_ loss: Loss, preset: Preset = .keras) throws -> (engine: Double, reference: Double) {
    let network = try Samples.network(preset: preset, dropout: 0, normalized: false)
    let step = try TrainingStep(network, seed: 5, threads: 2) { network, images, labels in
      try loss.mean(network(images), labels)
    }
    let batch = try #require(
      try DataLoader(try Samples.data(13), batchSize: 13, shuffle: false).makeIterator().next())
    let graph = try step.trace(batch: 13)
    var values: [String: [Double]] = [:]
    for entry in step.parameters.entries {
      values[entry.path] = UnsafeBufferPointer(start: entry.pointer, count: entry.count).map { Double($0) }
    }
    var inputs: [String: HostTensor<Double>] = [
      "images": .bytes(batch.images.scalars), "labels": .integers(batch.labels.scalars),
      Graph.randomKeyName: .integers([5, 0, 1, 0]),
    ]
    for (name, value) in Adam().resolved(for: preset).scalars(rate: 0.001, step: 1) {
      inputs["optimizer/\(name)"] = .numbers([value])
    }
    let expected = try #require(
      Reference64.run(graph, inputs: inputs, parameters: values).outputs["loss"])
    return (Double(try step(batch.images, batch.labels)), expected[0])
  }

  @Test(arguments: Preset.allCases) func theEngineComputesEveryLoss(_ preset: Preset) throws {
    let all: [Loss] = [
      .sparseCategoricalCrossEntropy(fromLogits: true, labelSmoothing: 0.1),
      .categoricalCrossEntropy(fromLogits: true, labelSmoothing: 0.1),
      .categoricalFocalCrossEntropy(fromLogits: true), .binaryCrossEntropy(fromLogits: true),
      .meanSquaredError, .meanAbsoluteError, .huber(delta: 0.3), .hinge, .categoricalHinge,
    ]
    var plain: [Double] = []
    for loss in all {
      let (engine, reference) = try losses(loss, preset: preset)
      #expect(abs(engine - reference) < 1e-5 * max(1, abs(reference)), "\(loss.name)")
      plain.append(reference)
    }
    #expect(Set(plain).count >= 8)
    for loss in all.prefix(2) {
      let (engine, reference) = try losses(loss.weighted(classWeights: [0.5, 3, 1]), preset: preset)
      #expect(abs(engine - reference) < 1e-5 * max(1, abs(reference)), "\(loss.name), weighted")
      #expect(abs(reference - plain[0]) > 1e-3)
    }
  }

  /// Lying bars against the others.
  private func twoClasses(_ count: Int) throws -> ImageDataset {
    let data = try Samples.data(count)
    var pixels: [UInt8] = []
    for index in 0..<count { data.withImage(at: index) { pixels += $0 } }
    return try ImageDataset(
      name: "two", classNames: ["other", "lying"],
      images: Tensor(shape: [count, 8, 8, 1], scalars: pixels),
      labels: (0..<count).map { data.label(at: $0) == 0 ? 1 : 0 })
  }

  @Test(arguments: [true, false]) func oneOutputSeparatesTwoClasses(fromLogits: Bool) throws {
    let network = try Sequential(input: .image(8, 8, 1)) {
      Rescale(1 / 255)
      Conv2D(8, kernelSize: 3, padding: .same, activation: .relu)
      MaxPooling2D(2)
      Flatten()
      Dense(1, activation: fromLogits ? .linear : .sigmoid)
    }
    let trainer = try Trainer(
      network, optimizer: Adam(learningRate: 0.01), loss: .binaryCrossEntropy(fromLogits: fromLogits),
      seed: 1, threads: 1)
    let data = try twoClasses(120)
    let history = try trainer.fit(data, epochs: 8, batchSize: 16)
    let evaluation = try trainer.evaluate(data)
    #expect(evaluation.accuracy > 0.9 && evaluation.confusion.count == 2)
    #expect(try #require(history.epochs.last).accuracy > 0.85)
    #expect(evaluation.perClass[1].support == data.labels.count { $0 == 1 })
    let probabilities = try trainer.predict(data)
    #expect(probabilities.shape == [120, 1])
    for (index, value) in probabilities.scalars.enumerated() {
      #expect((value > 0.5 ? 1 : 0) == evaluation.predictions[index])
    }
    let kept = try trainer.classProbabilities(data)
    #expect(kept.values == probabilities && kept.labels == data.labels)
    #expect(try kept.auc() > 0.95)
    #expect(try kept.topKAccuracy(1) == evaluation.accuracy)
    #expect(
      text { _ = try trainer.evaluate(try Samples.data(30)) }.contains("a label from 0 to 1"))
  }

  @Test func classWeightsMoveTheDecision() throws {
    func recall(_ weights: [Double]) throws -> Double {
      let trainer = try trainer(
        optimizer: Adam(learningRate: 0.01), loss: Samples.loss.weighted(classWeights: weights))
      try trainer.fit(try Samples.data(60), epochs: 2, batchSize: 16)
      return try trainer.evaluate(try Samples.data(60)).perClass[2].recall
    }
    #expect(try recall([0.02, 0.02, 1]) > recall([1, 1, 0.02]))
  }
}
