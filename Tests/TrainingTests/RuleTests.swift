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

  /// The mean losses of two steps of descent, by the engine and by the reference.
  private func losses(
    _ loss: Loss, preset: Preset, activation: ActivationFunction = .linear
  ) throws -> (engine: [Double], reference: [Double]) {
    let network = try Samples.network(
      preset: preset, dropout: 0, normalized: false, activation: activation)
    let rule = SGD(learningRate: 0.5)
    let step = try TrainingStep(network, optimizer: rule, seed: 5, threads: 2) { network, images, labels in
      try loss.mean(network(images), labels)
    }
    let batch = try #require(
      try DataLoader(try Samples.data(13), batchSize: 13, shuffle: false).makeIterator().next())
    let graph = try step.trace(batch: 13)
    var values: [String: [Double]] = [:]
    for entry in step.parameters.entries {
      values[entry.path] = UnsafeBufferPointer(start: entry.pointer, count: entry.count).map { Double($0) }
    }
    var (engine, reference): ([Double], [Double]) = ([], [])
    for number in 1...2 {
      let result = Reference64.run(
        graph,
        inputs: [
          "images": .bytes(batch.images.scalars), "labels": .integers(batch.labels.scalars),
          Graph.randomKeyName: .integers([5, 0, Int32(number), 0]), "optimizer/rate": .numbers([0.5]),
        ], parameters: values)
      reference.append(try #require(result.outputs["loss"])[0])
      engine.append(Double(try step(batch.images, batch.labels)))
      values.merge(result.assignments) { $1 }
    }
    return (engine, reference)
  }

  /// The first losses agree, and those after a step that moved them: a loss's gradient is right too.
  private func expectAgreement(
    _ losses: (engine: [Double], reference: [Double]), _ name: String
  ) {
    for (engine, reference) in zip(losses.engine, losses.reference) {
      #expect(abs(engine - reference) < 1e-5 * max(1, abs(reference)), "\(name)")
    }
    let moved = abs(losses.reference[1] - losses.reference[0])
    let apart = abs(losses.engine[1] - losses.reference[1])
    #expect(moved > 2e-4 && apart < 0.01 * moved, "\(name) moved by \(moved), apart by \(apart)")
  }

  private static let onScores: [Loss] = [
    .sparseCategoricalCrossEntropy(fromLogits: true, labelSmoothing: 0.1),
    .categoricalCrossEntropy(fromLogits: true, labelSmoothing: 0.1),
    .categoricalFocalCrossEntropy(fromLogits: true), .binaryCrossEntropy(fromLogits: true),
    .meanSquaredError, .meanAbsoluteError, .huber(delta: 0.3), .hinge, .categoricalHinge,
  ]

  @Test(arguments: Preset.allCases) func theEngineComputesEveryLoss(_ preset: Preset) throws {
    var plain: [Double] = []
    for loss in Self.onScores {
      let losses = try losses(loss, preset: preset)
      expectAgreement(losses, loss.name)
      plain.append(losses.reference[0])
    }
    #expect(Set(plain).count >= 8)
    for loss in Self.onScores.prefix(2) {
      let losses = try losses(loss.weighted(classWeights: [0.5, 3, 1]), preset: preset)
      expectAgreement(losses, "\(loss.name), weighted")
      #expect(abs(losses.reference[0] - plain[0]) > 1e-3)
    }
  }

  @Test(arguments: Preset.allCases) func theEngineComputesLossesOfProbabilities(_ preset: Preset) throws {
    let losses: [(Loss, ActivationFunction)] = [
      (.sparseCategoricalCrossEntropy(labelSmoothing: 0.1), .softmax),
      (.categoricalCrossEntropy(labelSmoothing: 0.1), .softmax), (.categoricalFocalCrossEntropy(), .softmax),
      (.binaryCrossEntropy(labelSmoothing: 0.1), .sigmoid),
      // These are not the scores' own function: the probabilities themselves are read.
      (.binaryCrossEntropy(), .softmax), (.categoricalCrossEntropy(), .sigmoid),
      (.sparseCategoricalCrossEntropy(), .sigmoid), (.categoricalFocalCrossEntropy(), .sigmoid),
    ]
    for (loss, activation) in losses {
      expectAgreement(
        try self.losses(loss, preset: preset, activation: activation), "\(loss.name) of \(activation)")
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
