import Martlet
import MartletDatasets
import MartletTensors
import MartletTestSupport
import Testing

@Suite struct MistakeTests {
  @Test func numbersNoLongerFiniteAreCaughtBeforeTheUpdate() throws {
    let trainer = try Samples.trainer()
    let data = try Samples.data(48)
    try trainer.fit(data, epochs: 1, batchSize: 16)
    let kernel = try #require(trainer.parameters.tensor("dense/kernel"))
    try trainer.parameters.setTensor("dense/kernel", Tensor(repeating: 3e38, shape: kernel.shape))
    let before = trainer.parameters.tensorFile(withOptimizer: true, metadata: [:]).tensors
    let error = try #require(
      #expect(throws: TrainingError.self) { try trainer.fit(data, epochs: 1, batchSize: 16) })
    let after = trainer.parameters.tensorFile(withOptimizer: true, metadata: [:]).tensors
    #expect(before.map(\.name) == after.map(\.name))
    for (old, new) in zip(before, after) { #expect(old.value == new.value, "\(old.name)") }
    #expect(error.kind == .notFinite)
    #expect(error.step == 4)
    #expect(error.layer?.hasPrefix("dense") == true, "\(error)")
    #expect(error.description.contains("step 4"))
  }

  @Test func aRateTooLargeLeavesTheLastGoodWeights() throws {
    let step = try TrainingStep(
      Samples.network(dropout: 0), optimizer: SGD(learningRate: 1e30), seed: 1, threads: 2
    ) { network, images, labels in crossEntropy(network(images), labels) }
    let batch = try #require(try DataLoader(try Samples.data(16), batchSize: 16).makeIterator().next())
    _ = try step(batch.images, batch.labels)
    let digest = step.parameters.sha256
    let error = #expect(throws: TrainingError.self) { try step(batch.images, batch.labels) }
    #expect(error?.step == 2)
    #expect(step.parameters.sha256 == digest)
    #expect(step.stepCount == 1)
  }

  @Test(arguments: [Double.nan, .infinity, -0.1])
  func ratesThatAreNoneChangeNothing(_ rate: Double) throws {
    let step = try TrainingStep(Samples.network(), seed: 1, threads: 1) { network, images, labels in
      crossEntropy(network(images), labels)
    }
    let batch = try #require(try DataLoader(try Samples.data(16), batchSize: 16).makeIterator().next())
    let digest = step.parameters.sha256
    step.learningRate = rate
    let error = #expect(throws: TrainingError.self) { try step(batch.images, batch.labels) }
    #expect(error?.kind == .badArgument)
    #expect(error?.description.hasPrefix("learning rate of step 1: expected a finite number") == true)
    #expect(step.parameters.sha256 == digest && step.stepCount == 0)

    final class Spoiler: CallbackHandler {
      let rate: Double
      init(_ rate: Double) { self.rate = rate }
      func epochBegan(_ epoch: Int, _ control: TrainingControl) { control.rateFactor = rate }
    }
    let trainer = try Samples.trainer()
    let before = trainer.parameters.sha256
    let spoiled = Callback(name: "spoiler") { Spoiler(rate) }
    #expect(throws: TrainingError.self) {
      try trainer.fit(try Samples.data(16), epochs: 1, batchSize: 16, callbacks: [spoiled])
    }
    #expect(trainer.parameters.sha256 == before)
  }

  @Test func weightsTooGreatForANumberEndTheEpoch() throws {
    let trainer = try Trainer(
      Samples.network(dropout: 0, normalized: false), optimizer: SGD(learningRate: 3e38),
      loss: Samples.loss, gradients: { $0.map { $1 * 1e10 } }, seed: 1, threads: 1)
    // One step: none follows that would notice.
    let error = #expect(throws: TrainingError.self) {
      try trainer.fit(try Samples.data(16), epochs: 1, batchSize: 16)
    }
    #expect(error?.kind == .notFinite && error?.step == 1)
    #expect(error?.description.contains("expected finite weights") == true, "\(String(describing: error))")
    // Nor is the next step taken for the culprit.
    let next = #expect(throws: TrainingError.self) {
      try trainer.fit(try Samples.data(16), epochs: 1, batchSize: 16)
    }
    #expect(next?.description.contains("expected finite weights") == true)
  }

  @Test(arguments: [0, -1, Double.nan]) func limitsToClipToAreAboveZero(_ limit: Double) throws {
    for clip: (Gradients) -> Gradients in [
      { $0.clipped(norm: limit) }, { $0.clipped(eachNorm: limit) }, { $0.clipped(value: limit) },
    ] {
      let error = #expect(throws: ModelError.self) {
        try Trainer(Samples.network(), loss: Samples.loss, gradients: clip, threads: 1)
      }
      #expect(error?.description.hasPrefix("gradients: expected a limit above 0") == true)
    }
  }

  @Test func anInfiniteLimitClipsNothing() throws {
    func digest(_ clip: ((Gradients) -> Gradients)?) throws -> String {
      let trainer = try Trainer(Samples.network(), loss: Samples.loss, gradients: clip, seed: 1, threads: 1)
      try trainer.fit(try Samples.data(16), epochs: 1, batchSize: 8)
      return trainer.parameters.sha256
    }
    #expect(try digest { $0.clipped(norm: .infinity) } == digest(nil))
  }

  @Test func labelsWithoutAClass() throws {
    let data = try Samples.data(20)
    let more = try ImageDataset(
      name: "more", classNames: ["a", "b", "c", "d"],
      images: Tensor(repeating: 0, shape: [20, 8, 8, 1]), labels: data.labels.dropLast().map { Int($0) } + [3]
    )
    let trainer = try Samples.trainer()
    let before = trainer.parameters.sha256
    for message in [
      text { try trainer.fit(more, epochs: 1, batchSize: 4) }, text { _ = try trainer.evaluate(more) },
    ] {
      #expect(message.hasPrefix("more, image 19: expected a label from 0 to 2"))
      #expect(message.contains("received 3"))
    }
    #expect(trainer.parameters.sha256 == before)
    let step = try TrainingStep(Samples.network(), threads: 1) { crossEntropy($0($1), $2) }
    let images = Tensor<UInt8>(repeating: 0, shape: [4, 8, 8, 1])
    let message = text { try step(images, Tensor(shape: [4], scalars: [0, 1, -1, 2])) }
    #expect(message.hasPrefix("labels, sample 2 of the batch: expected a label from 0 to 2"))
    #expect(text { try step(images, Tensor(shape: [3], scalars: [0, 1, 2])) }.contains("received shape [3]"))
    let small = Tensor<UInt8>(repeating: 0, shape: [4, 7, 8, 1])
    let labels = Tensor<Int32>(shape: [4], scalars: [0, 1, 2, 0])
    #expect(
      text { try step(small, labels) }.contains("[N, 8, 8, 1], received uint8 elements in shape [4, 7, 8, 1]")
    )
    let floats = Tensor<Float>(repeating: 0, shape: [4, 8, 8, 1])
    #expect(text { try step(floats, labels) }.contains("received float elements"))
    let none = Tensor<UInt8>(shape: [0, 8, 8, 1], scalars: [])
    #expect(text { try step(none, Tensor(shape: [0], scalars: [])) }.contains("an empty batch"))
  }

  @Test func damagedDataStopTheTraining() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/data"
      let plain = try Samples.data(40)
      let pixels = (0..<40).flatMap { plain.image(at: $0).scalars }
      func load() throws -> ImageDataset {
        let file = try #require(CacheFile(path: path))
        return try ImageDataset(
          name: "cached", classNames: plain.classNames, height: 8, width: 8, channels: 1,
          storage: PixelStorage(file), labels: file.labels(level: 0), isOfficial: true)
      }
      try CacheFile.write(
        DecodedImages(
          shape: [8, 8, 1], pixels: [pixels[...]], labelLevels: [plain.labels.map { UInt8($0) }]),
        isOfficial: true, to: path)
      let history = try Samples.trainer().fit(try load(), epochs: 1, batchSize: 16)
      #expect(
        try history.weightsSHA256 == Samples.trainer().fit(plain, epochs: 1, batchSize: 16).weightsSHA256)
      var bytes = try InputFile.contents(of: path, limit: 1 << 20)
      bytes[4096 + 100] ^= 1
      try AtomicFile.write(bytes, to: path)
      let damaged = try load()
      let error = #expect(throws: DatasetError.self) {
        try Samples.trainer().fit(damaged, epochs: 1, batchSize: 16)
      }
      #expect(error?.kind == .badData)
      #expect(error?.place == path)
    }
  }

  @Test func argumentsOutsideTheirRange() throws {
    let trainer = try Samples.trainer()
    let data = try Samples.data(20)
    #expect(
      text { try trainer.fit(data, epochs: 1, batchSize: 0) }.hasPrefix("batch size: expected at least 1"))
    #expect(text { try trainer.fit(data, epochs: 0) }.hasPrefix("epochs: expected at least 1, received 0"))
    #expect(text { try trainer.fit(data.prefix(0), epochs: 1) }.contains("received an empty data set"))
    #expect(text { _ = try trainer.evaluate(data.prefix(0)) }.contains("received an empty data set"))
    #expect(text { try trainer.fit(data, epochs: 1, validation: .last(20)) }.contains("20 images held out"))
    #expect(text { _ = try trainer.predict(data, batchSize: 0) }.hasPrefix("batch size"))
    let images = Tensor<UInt8>(repeating: 0, shape: [2, 8, 8, 1])
    #expect(text { _ = try trainer.predict(images, batchSize: 0) }.hasPrefix("batch size"))
    #expect(text { _ = try Samples.trainer(threads: 0) }.hasPrefix("threads: expected a number from 1"))
    let wide = try ImageDataset(
      name: "wide", classNames: ["a", "b", "c"], images: Tensor(repeating: 0, shape: [2, 8, 9, 1]),
      labels: [0, 1])
    #expect(text { try trainer.fit(wide, epochs: 1) }.contains("wide: expected images [8, 8, 1]"))
  }

  @Test func mistakesInNetworkAndLoss() throws {
    let images = try Sequential(input: .image(8, 8, 1)) {
      Rescale(1)
      Conv2D(3, kernelSize: 3)
    }
    #expect(text { _ = try Samples.trainer(images) }.contains("expected one score for each class"))
    let network = try Samples.network()
    #expect(
      text { _ = try TrainingStep(network) { network, images, _ in network(images) } }
        .contains("loss: expected a scalar, received shape [2, 3]"))
    #expect(
      text { _ = try TrainingStep(network) { network, images, _ in images.toFloat().mean() } }
        .contains("at least one weight that is trained"))
    #expect(
      text {
        _ = try TrainingStep(network) { network, images, labels in
          _ = network(images)
          return images.toFloat().mean()
        }
      }
      .contains("a loss that depends on the network's weights"))
    #expect(text { _ = try Samples.trainer(network, frozen: ["conv"]) }.contains("received conv"))
    #expect(
      text {
        _ = try Samples.trainer(network, frozen: ["conv2d", "batch_normalization", "dense", "dense_1"])
      }
      .contains("at least one weight that is trained"))
    #expect(
      text {
        _ = try TrainingStep(network, parameters: Samples.trainer(images5).parameters) {
          crossEntropy($0($1), $2)
        }
      }
      .contains("conv2d/kernel: expected shape [3, 3, 1, 8]"))
    #expect(
      text {
        _ = try TrainingStep(network) { network, images, labels in
          let loss = crossEntropy(network(images), labels)
          network.report("mine", loss)
          network.report("mine", loss * 2)
          return loss
        }
      }
      .contains("mine: expected a name for each value reported, received \"mine\" for two of them"))
    struct Own: Error {}
    #expect(throws: Own.self) { try TrainingStep(network) { _, _, _ in throw Own() } }
  }

  /// A layer that has statistics and no weights can be frozen by its name, its statistics alone cannot.
  @Test func aNormalizationWithoutWeightsCanBeFrozen() throws {
    let network = try Sequential(input: .image(8, 8, 1)) {
      Rescale(1 / 255)
      Flatten()
      BatchNormalization(center: false, scale: false)
      Dense(3)
    }
    let trainer = try Samples.trainer(network, frozen: ["batch_normalization"])
    let before = trainer.parameters.copy()
    try trainer.fit(try Samples.data(20), epochs: 1, batchSize: 10)
    for path in before.paths {
      let isKept = trainer.parameters.tensor(path) == before.tensor(path)
      #expect(isKept == path.hasPrefix("batch_normalization/"), "\(path)")
    }
    #expect(
      text { _ = try Samples.trainer(network, frozen: ["batch_normalization/moving_mean"]) }
        .contains("received batch_normalization/moving_mean"))
  }

  /// A softmax over one output is always 1: nothing would be learned.
  @Test func oneOutputIsNoChoiceAmongClasses() throws {
    func network(_ activation: ActivationFunction) throws -> Sequential {
      try Sequential(input: .image(8, 8, 1)) {
        Rescale(1 / 255)
        Flatten()
        Dense(1, activation: activation)
      }
    }
    let message =
      "loss: expected one output for each class, at least 2, received 1 output. Use binaryCrossEntropy, or end "
      + "the network with Dense(2)."
    let cases: [(Loss, ActivationFunction)] = [
      (.sparseCategoricalCrossEntropy(), .softmax), (.sparseCategoricalCrossEntropy(), .sigmoid),
      (.sparseCategoricalCrossEntropy(fromLogits: true), .linear),
      (.sparseCategoricalCrossEntropy(fromLogits: true, labelSmoothing: 0.1), .linear),
      (.categoricalCrossEntropy(), .softmax), (.categoricalCrossEntropy(fromLogits: true), .linear),
      (.categoricalFocalCrossEntropy(), .softmax),
    ]
    for (loss, activation) in cases {
      #expect(
        text { _ = try Trainer(network(activation), loss: loss, threads: 1) }.contains(message),
        "\(loss.name)")
    }
    #expect(text { _ = try TrainingStep(network(.linear)) { crossEntropy($0($1), $2) } }.contains(message))
  }

  /// Scores where the loss takes probabilities train to nothing, probabilities where it takes scores badly.
  @Test func scoresAndProbabilitiesAreToldApart() throws {
    func mistake(_ activation: ActivationFunction, _ loss: Loss, outputs: Int = 3) -> String {
      text {
        _ = try Trainer(
          try Sequential(input: .image(8, 8, 1)) {
            Rescale(1 / 255)
            Flatten()
            Dense(outputs, activation: activation)
          }, loss: loss)
      }
    }
    func losses(fromLogits: Bool) -> [Loss] {
      [
        .sparseCategoricalCrossEntropy(fromLogits: fromLogits),
        .sparseCategoricalCrossEntropy(fromLogits: fromLogits, labelSmoothing: 0.1),
        .categoricalCrossEntropy(fromLogits: fromLogits),
        .categoricalFocalCrossEntropy(fromLogits: fromLogits),
      ]
    }
    for loss in losses(fromLogits: false) {
      #expect(
        mistake(.linear, loss).contains("expected probabilities, received the scores"), "\(loss.name)")
      #expect(mistake(.softmax, loss) == "no error", "\(loss.name)")
    }
    for loss in losses(fromLogits: true) {
      #expect(mistake(.softmax, loss).contains("received the probabilities of a softmax"), "\(loss.name)")
      #expect(mistake(.linear, loss) == "no error", "\(loss.name)")
    }
    #expect(mistake(.linear, .binaryCrossEntropy(), outputs: 1).contains("End the network with a sigmoid"))
    #expect(
      mistake(.sigmoid, .binaryCrossEntropy(fromLogits: true), outputs: 1).contains(
        "received the probabilities of a sigmoid"))
    #expect(mistake(.sigmoid, .binaryCrossEntropy(), outputs: 1) == "no error")
    #expect(
      text {
        _ = try TrainingStep(try Samples.network()) { network, images, labels in
          crossEntropy(network(images).softmax(), labels)
        }
      }
      .contains("expected scores, received the probabilities of a softmax. Leave out the softmax"))
  }

  private var images5: Sequential {
    get throws {
      try Sequential(input: .image(8, 8, 1)) {
        Rescale(1)
        Conv2D(3, kernelSize: 5)
        Flatten()
        Dense(3)
      }
    }
  }
}
