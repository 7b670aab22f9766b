import Martlet
import Testing

@Suite struct FittingTests {
  @Test func lossFallsAndTheDataIsLearned() throws {
    let trainer = try Samples.trainer()
    let history = try trainer.fit(try Samples.data(200), epochs: 6, batchSize: 16, validation: .last(0.2))
    let losses = history.epochs.map(\.loss)
    #expect(history.epochs.map(\.epoch) == [1, 2, 3, 4, 5, 6])
    #expect(losses[5] < losses[0] / 3)
    #expect(history.epochs[5].accuracy > 0.9)
    #expect(try trainer.evaluate(try Samples.data(100, seed: 1000)).accuracy > 0.9)
    #expect(history.stopReason == .finished)
    #expect(try #require(history.millisecondsPerStep) > 0)
    #expect(try #require(history.secondsToFirstStep) > 0)
    #expect(history.arenaBytes > 0)
    #expect(history.weightsSHA256 == trainer.parameters.sha256)
    #if os(Linux)
      #expect(try #require(history.peakMemoryBytes) > 1 << 20)
    #endif
  }

  @Test(arguments: [2, 3, 5]) func threadsDoNotMatter(threads: Int) throws {
    let one = try Samples.trainer(threads: 1).fit(try Samples.data(90), epochs: 2, batchSize: 32)
    let many = try Samples.trainer(threads: threads).fit(try Samples.data(90), epochs: 2, batchSize: 32)
    #expect(one.weightsSHA256 == many.weightsSHA256)
    #expect(one.epochs.map(\.loss) == many.epochs.map(\.loss))
  }

  @Test func theSeedDecides() throws {
    func digest(_ seed: UInt64) throws -> String {
      try Samples.trainer(seed: seed).fit(try Samples.data(60), epochs: 2, batchSize: 16).weightsSHA256
    }
    #expect(try digest(7) == digest(7))
    #expect(try digest(7) != digest(8))
  }

  @Test func theSmallerLastBatchIsKept() throws {
    let data = try Samples.data(50)
    let trainer = try Samples.trainer()
    var steps: [StepProgress] = []
    let history = try trainer.fit(data, epochs: 1, batchSize: 16) { event in
      if case .step(let step) = event { steps.append(step) }
    }
    #expect(steps.map(\.images) == [16, 32, 48, 50])
    #expect(steps.map(\.step) == [1, 2, 3, 4])
    // The same by hand: each batch's mean counts as many times as it has images.
    let step = try TrainingStep(
      Samples.network(), optimizer: Adam(learningRate: 0.01), seed: 1, threads: 1
    ) { network, images, labels in
      let outputs = network(images)
      network.report("accuracy", accuracy(outputs, labels))
      return crossEntropy(outputs, labels)
    }
    var (loss, correct) = (0.0, 0.0)
    for batch in try DataLoader(data, batchSize: 16, seed: 1) {
      let result = try step.result(batch.images, batch.labels)
      loss += Double(result.loss) * Double(batch.count)
      correct += Double(try #require(result.outputs["accuracy"]).scalars[0]) * Double(batch.count)
    }
    #expect(history.epochs[0].loss == loss / 50)
    #expect(abs(history.epochs[0].accuracy - correct / 50) < 1e-6)
    #expect(history.weightsSHA256 == step.parameters.sha256)
  }

  @Test func theValidationPartIsCutOffBeforeShuffling() throws {
    let data = try Samples.data(80)
    let split = try Samples.trainer()
    let history = try split.fit(data, epochs: 2, batchSize: 16, validation: .last(0.25))
    let apart = try Samples.trainer()
    let same = try apart.fit(data.prefix(60), epochs: 2, batchSize: 16, validation: .data(data.suffix(20)))
    #expect(history.weightsSHA256 == same.weightsSHA256)
    let evaluation = try split.evaluate(data.suffix(20))
    #expect(history.epochs[1].validationLoss == evaluation.loss)
    #expect(history.epochs[1].validationAccuracy == evaluation.accuracy)
    #expect(evaluation.count == 20)
    let other = try Samples.trainer().fit(data, epochs: 2, batchSize: 16, validation: .first(20))
    #expect(other.weightsSHA256 != history.weightsSHA256)
  }

  @Test func fittingAgainGoesOn() throws {
    let data = try Samples.data(40)
    let whole = try Samples.trainer().fit(data, epochs: 3, batchSize: 16)
    let parts = try Samples.trainer()
    try parts.fit(data, epochs: 2, batchSize: 16)
    let last = try parts.fit(data, epochs: 1, batchSize: 16)
    #expect(last.weightsSHA256 == whole.weightsSHA256)
    #expect(last.epochs.map(\.epoch) == [3])
    #expect(parts.completedEpochs == 3)
  }

  @Test func theScheduleIsSetBeforeAnEpoch() throws {
    let trainer = try Trainer(
      Samples.network(), optimizer: SGD(learningRate: 0.5), loss: Samples.loss,
      schedule: .stepDecay(factor: 0.1, at: [1]), seed: 1, threads: 1)
    let history = try trainer.fit(try Samples.data(20), epochs: 3, batchSize: 10)
    #expect(history.epochs.map(\.learningRate) == [0.5, 0.05, 0.05])
  }

  @Test func eventsComeInOrder() throws {
    var names: [String] = []
    let trainer = try Samples.trainer()
    let sample = try Samples.data(30).sampled(.bootstrap(fraction: 1, seed: 1))
    try trainer.fit(sample, epochs: 2, batchSize: 16, validation: .last(0.5)) { event in
      switch event {
      case .began(let plan):
        #expect(plan.images == 15 && plan.validationImages == 15 && plan.steps == 1 && plan.epochs == 2)
        names.append("began")
      case .step: names.append("step")
      case .epoch: names.append("epoch")
      case .warning(let text):
        // A debug build has a warning of its own.
        if !text.contains("debug build") {
          #expect(text.contains("repeats images"))
          names.append("warning")
        }
      case .ended: names.append("ended")
      }
    }
    #expect(names == ["warning", "began", "step", "epoch", "step", "epoch", "ended"])
  }

  @Test func threeStylesGiveTheSameBytes() throws {
    struct Own: Layer {
      let convolution = Conv2D(4, kernelSize: 3, activation: .relu)
      let normalization = BatchNormalization()
      let head = Dense(3)
      func callAsFunction(_ x: Value) -> Value {
        head(Flatten()(MaxPooling2D(2)(normalization(convolution(Rescale(1 / 255)(x))))))
      }
    }
    let input = InputSpec.image(8, 8, 1)
    let sequential = try Sequential(input: input) {
      Rescale(1 / 255)
      Conv2D(4, kernelSize: 3, activation: .relu)
      BatchNormalization()
      MaxPooling2D(2)
      Flatten()
      Dense(3)
    }
    let function = try Model(input: input) { x in
      var x = Rescale(1 / 255)(x)
      x = Conv2D(4, kernelSize: 3, activation: .relu)(x)
      x = MaxPooling2D(2)(BatchNormalization()(x))
      return Dense(3)(Flatten()(x))
    }
    let data = try Samples.data(40)
    let digests = try [
      Samples.trainer(sequential).fit(data, epochs: 2, batchSize: 16).weightsSHA256,
      Samples.trainer(function).fit(data, epochs: 2, batchSize: 16).weightsSHA256,
      Samples.trainer(try Model(input: input, Own())).fit(data, epochs: 2, batchSize: 16).weightsSHA256,
    ]
    #expect(Set(digests).count == 1)
  }

  @Test func frozenLayersStay() throws {
    let trainer = try Samples.trainer(try Samples.network(), frozen: ["conv2d", "batch_normalization"])
    let before = trainer.parameters.copy()
    try trainer.fit(try Samples.data(40), epochs: 2, batchSize: 16)
    for path in trainer.parameters.paths {
      let isFrozen = path.hasPrefix("conv2d/") || path.hasPrefix("batch_normalization/")
      #expect((before.tensor(path) == trainer.parameters.tensor(path)) == isFrozen, "\(path)")
    }
    #expect(trainer.parameters.optimizerCount == 2 * trainer.parameters.trainableCount)
  }

  @Test func rowsOfTargetsTrainAsLabelsDo() throws {
    let data = try Samples.data(40)
    let sparse = try Samples.trainer().fit(data, epochs: 1, batchSize: 16)
    let dense = try Trainer(
      Samples.network(), optimizer: Adam(learningRate: 0.01),
      loss: .categoricalCrossEntropy(fromLogits: true), seed: 1, threads: 2)
    let history = try dense.fit(data, epochs: 1, batchSize: 16)
    #expect(abs(history.epochs[0].loss - sparse.epochs[0].loss) < 1e-5)
    #expect(history.epochs[0].accuracy == sparse.epochs[0].accuracy)
  }
}
