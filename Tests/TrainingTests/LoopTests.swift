import Martlet
import MartletNetworks
import MartletTestSupport
import MartletTraining
import Testing

/// What users of hand-written loops reach for.
@Suite struct LoopTests {
  private static func loss(_ network: TracedNetwork, _ images: Value, _ labels: Value) -> Value {
    crossEntropy(network(images), labels)
  }

  private func step(seed: UInt64 = 5, frozen: Set<String> = []) throws -> TrainingStep {
    try TrainingStep(
      Samples.network(), optimizer: Adam(learningRate: 0.01), seed: seed, threads: 2, frozen: frozen,
      loss: Self.loss)
  }

  private func batches(_ count: Int) throws -> [Batch] {
    Array(try DataLoader(try Samples.data(count * 8), batchSize: 8, seed: 3).prefix(count))
  }

  private func moved(_ step: TrainingStep, _ body: () throws -> Void) rethrows -> Set<String> {
    let before = step.parameters.copy()
    try body()
    return Set(step.parameters.paths.filter { step.parameters.tensor($0) != before.tensor($0) })
  }

  @Test func theRateChangesFromTheNextStepOn() throws {
    let batch = try batches(1)[0]
    func distance(_ rate: Double) throws -> Float {
      let step = try TrainingStep(
        Samples.network(dropout: 0), optimizer: SGD(learningRate: 0.1), seed: 1, threads: 1, loss: Self.loss)
      step.learningRate = rate
      let before = try #require(step.parameters.tensor("dense_1/bias")).scalars
      try step(batch.images, batch.labels)
      return try #require(step.parameters.tensor("dense_1/bias")).scalars[0] - before[0]
    }
    let (one, half) = (try distance(0.1), try distance(0.05))
    #expect(one != 0 && abs(one - 2 * half) < 1e-6 * abs(one) + 1e-8)
  }

  @Test func layersAreFrozenInMidTraining() throws {
    let batches = try batches(6)
    let step = try step()
    let all = try moved(step) { try step(batches[0].images, batches[0].labels) }
    #expect(all == Set(step.parameters.paths))
    let state = step.parameters.tensor("conv2d/kernel/adam/m")
    try step.setFrozen(["conv2d", "batch_normalization"])
    #expect(step.frozen == ["conv2d", "batch_normalization"])
    #expect(step.parameters.tensor("conv2d/kernel/adam/m") == state)
    let trainable = step.parameters.trainableCount
    let some = try moved(step) { try step(batches[1].images, batches[1].labels) }
    #expect(some == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"])
    #expect(step.parameters.tensor("conv2d/kernel/adam/m") == state)
    let compiled = step.compileSeconds
    try step.setFrozen([])
    #expect(try moved(step) { try step(batches[2].images, batches[2].labels) } == all)
    #expect(step.parameters.trainableCount > trainable)
    // The first trace's program is used again.
    #expect(step.compileSeconds == compiled)
    #expect(step.parameters.tensor("conv2d/kernel/adam/m") != state)

    let error = #expect(throws: ModelError.self) { try step.setFrozen(["conv"]) }
    #expect(error?.received == "conv" && step.frozen.isEmpty)
    #expect(throws: ModelError.self) {
      try step.setFrozen(["conv2d", "batch_normalization", "dense", "dense_1"])
    }
    #expect(try moved(step) { try step(batches[3].images, batches[3].labels) } == all)
  }

  @Test func aSavedStepGoesOnToTheSameBytes() throws {
    let batches = try batches(8)
    func train(_ step: TrainingStep, _ numbers: Range<Int>) throws {
      for number in numbers {
        if number == 2 { step.learningRate = 0.003 }
        if number == 3 { try step.setFrozen(["conv2d"]) }
        if number == 6 { try step.setFrozen([]) }
        try step(batches[number].images, batches[number].labels)
      }
    }
    func all(_ step: TrainingStep) -> [Float] {
      step.parameters.entries.flatMap { UnsafeBufferPointer(start: $0.pointer, count: $0.count) }
    }
    let whole = try step()
    try train(whole, 0..<8)
    try withTemporaryFolder { folder in
      let path = folder + "/step.safetensors"
      for stop in [1, 4, 7] {
        let first = try step()
        try train(first, 0..<stop)
        try first.save(to: path)
        let second = try step()
        try second.load(from: path)
        #expect(second.stepCount == stop && second.frozen == first.frozen)
        let weights = try Parameters(of: Samples.network())
        try weights.load(from: path)
        #expect(weights.sha256 == first.parameters.sha256)
        try train(second, stop..<8)
        #expect(all(second) == all(whole), "stopped after \(stop)")
        #expect(second.stepCount == 8 && second.learningRate == whole.learningRate)
      }
    }
  }

  @Test func aSavedAccumulationGoesOnToTheSameBytes() throws {
    let batches = try batches(6)
    func step(frozen: Set<String> = []) throws -> AccumulatingStep {
      try AccumulatingStep(
        Samples.network(), parts: 3, optimizer: Adam(learningRate: 0.01), seed: 5, threads: 1,
        frozen: frozen, loss: Self.loss)
    }
    func all(_ step: AccumulatingStep) -> [Float] {
      step.parameters.entries.flatMap { UnsafeBufferPointer(start: $0.pointer, count: $0.count) }
    }
    let whole = try step()
    for batch in batches { try whole(batch.images, batch.labels) }
    try withTemporaryFolder { folder in
      let path = folder + "/step.safetensors"
      let first = try step()
      for batch in batches[..<2] { try first(batch.images, batch.labels) }
      try first.save(to: path)
      let second = try step()
      try second.load(from: path)
      #expect(second.stepCount == 2)
      for batch in batches[2...] { try second(batch.images, batch.labels) }
      #expect(all(second) == all(whole))
      let frozen = #expect(throws: TrainingError.self) { try step(frozen: ["dense"]).load(from: path) }
      #expect(
        frozen?.description.hasSuffix("a step with dense frozen, received one with nothing frozen") == true)

      let gradients = try GradientStep(Samples.network(), seed: 5, threads: 1, loss: Self.loss)
      let update = try UpdateStep(gradients)
      try gradients.accumulate(batches[0].images, batches[0].labels)
      let waiting = #expect(throws: TrainingError.self) { try update.save(to: path) }
      #expect(waiting?.description.contains("received those of 8 samples") == true)
      try update()
      try update.save(to: path)
      #expect(throws: Never.self) { try update.load(from: path) }
    }
  }

  @Test func aLoopTrainsToTheTrainersBytes() throws {
    let data = try Samples.data(50)
    let trainer = try Samples.trainer(seed: 5)
    let history = try trainer.fit(data, epochs: 2, batchSize: 12)
    let step = try step()
    let loader = try DataLoader(data, batchSize: 12, seed: 5)
    for epoch in 0..<2 {
      for batch in loader.batches(epoch: epoch) { try step(batch.images, batch.labels) }
    }
    #expect(step.parameters.sha256 == history.weightsSHA256)
  }

  @Test func filesOfOtherStepsAreRefused() throws {
    try withTemporaryFolder { folder in
      let batch = try batches(1)[0]
      let path = folder + "/step.safetensors"
      let saved = try step(seed: 6, frozen: ["dense"])
      try saved(batch.images, batch.labels)
      try saved.save(to: path)
      let step = try step()
      let before = step.parameters.sha256
      let seed = #expect(throws: TrainingError.self) { try step.load(from: path) }
      #expect(seed?.description.contains("expected a step of seed 5, received seed 6") == true)
      try step.parameters.save(to: path)
      let notes = #expect(throws: TrainingError.self) { try step.load(from: path) }
      #expect(notes?.description.contains("tensors without its notes") == true)
      let other = try TrainingStep(
        Samples.network(), optimizer: SGD(learningRate: 0.1, momentum: 0.9), seed: 5, threads: 1,
        frozen: ["dense"], loss: Self.loss)
      try other.save(to: path)
      let rule = #expect(throws: TrainingError.self) { try step.load(from: path) }
      #expect(rule?.description.contains("momentum: 0.9") == true, "\(String(describing: rule))")
      // Of another loss: the same tensors, another step.
      let penalized = try TrainingStep(
        Samples.network(), optimizer: Adam(learningRate: 0.01), seed: 5, threads: 1
      ) { network, images, labels in Self.loss(network, images, labels) * 2 }
      try penalized.save(to: path)
      let graph = #expect(throws: TrainingError.self) { try step.load(from: path) }
      #expect(graph?.description.contains("a step of this network and loss") == true)
      #expect(step.parameters.sha256 == before && step.stepCount == 0 && step.frozen.isEmpty)
      #expect(try moved(step) { try step(batch.images, batch.labels) }.contains("dense/kernel"))
    }
  }

  @Test func evaluatingInTheLoop() throws {
    let data = try Samples.data(90)
    let network = try Samples.network(dropout: 0)
    let trainer = try Samples.trainer(network, seed: 5)
    let step = try TrainingStep(
      network, optimizer: Adam(learningRate: 0.01), seed: 5, threads: 1, loss: Self.loss)
    let evaluator = try Evaluator(step, network, loss: Samples.loss)
    let apart = try Evaluator(network, loss: Samples.loss, parameters: step.parameters, threads: 1)
    #expect(try evaluator(data) == trainer.evaluate(data))
    let start = try evaluator(data)
    for _ in 0..<6 {
      for batch in try DataLoader(data, batchSize: 15, seed: 5) { try step(batch.images, batch.labels) }
    }
    let end = try evaluator(data)
    #expect(end.loss < start.loss && end.accuracy > start.accuracy)
    #expect(try apart(data) == end)
    let images = try Sequential(input: .image(8, 8, 1)) {
      Rescale(1)
      Conv2D(3, kernelSize: 3)
    }
    #expect(throws: ModelError.self) {
      try Evaluator(images, loss: Samples.loss, parameters: step.parameters)
    }
  }

  @Test func featureMapsByPath() throws {
    let network = try Sequential(input: .image(8, 8, 1)) {
      Rescale(1 / 255, name: "scale")
      Conv2D(4, kernelSize: 3, padding: .same, activation: .relu, name: "conv1")
      MaxPooling2D(2, name: "pool")
      Flatten()
      Dense(3)
    }
    let images = try batches(1)[0].images
    let predictor = try Predictor(network, threads: 2)
    let scaled = try predictor.outputs(of: "scale", images)
    #expect(scaled.shape == [8, 8, 8, 1])
    for (a, b) in zip(scaled.scalars, images.scalars) { #expect(abs(a - Float(b) / 255) < 1e-6) }
    let maps = try predictor.outputs(of: "conv1", images, batchSize: 3)
    let pooled = try predictor.outputs(of: "pool", images)
    #expect(maps.shape == [8, 8, 8, 4] && pooled.shape == [8, 4, 4, 4])
    for index in pooled.scalars.indices {
      let (channel, column, row, image) = (index % 4, index / 4 % 4, index / 16 % 4, index / 64)
      func map(_ y: Int, _ x: Int) -> Float {
        maps.scalars[((image * 8 + 2 * row + y) * 8 + 2 * column + x) * 4 + channel]
      }
      let expected = max(map(0, 0), map(0, 1), map(1, 0), map(1, 1))
      #expect(abs(pooled.scalars[index] - expected) < 1e-6)
    }
    #expect(try predictor.outputs(of: "dense", images) == predictor.outputs(images))
    let path = #expect(throws: ModelError.self) { try predictor.outputs(of: "Conv1", images) }
    #expect(path?.hint == "Is conv1 meant? The layers are: scale, conv1, pool, flatten, dense.")
    let use = #expect(throws: ModelError.self) { try predictor.outputs(of: "pool", use: 1, images) }
    #expect(use?.expected == "a use from 0 to 0")
    let wrong = Tensor<UInt8>(repeating: 0, shape: [1, 8, 8, 2])
    #expect(throws: TrainingError.self) { try predictor.outputs(of: "pool", wrong) }
  }

  @Test func theUsesOfASharedLayer() throws {
    let model = try GraphModel(inputs: ["x": .vector(4)]) { inputs in
      let shared = Dense(4, name: "shared")
      return ["y": shared(shared(inputs["x"]))]
    }
    let predictor = try GraphPredictor(model, threads: 1)
    let x: NamedData = ["x": .floats(Tensor(shape: [2, 4], scalars: [1, 2, 3, 4, 5, 6, 7, 8]))]
    let first = try predictor.outputs(of: "shared", x)
    let second = try predictor.outputs(of: "shared", use: 1, x)
    #expect(first != second)
    #expect(try predictor.outputs(["x": .floats(first)])["y"] != second)
    #expect(try predictor.outputs(x)["y"] == second)
    #expect(try predictor.outputs(of: "shared", ["x": .floats(first)]) == second)
  }
}
