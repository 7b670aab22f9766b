import Martlet
import MartletDatasets
import MartletTensors
import MartletTestSupport
import Testing

/// Trained weights and differently prepared images: refused wherever the weights go.
@Suite struct PreparationTests {
  private func data(
    _ classNames: [String] = ["class 0", "class 1", "class 2"], resizing: String? = nil
  ) throws -> ImageDataset {
    let base = try Samples.data(24)
    let pixels = (0..<base.count).flatMap { base.image(at: $0).scalars }
    return try ImageDataset(
      name: "given", classNames: classNames, height: 8, width: 8, channels: 1, storage: PixelStorage(pixels),
      labels: base.labels, isOfficial: false, conversion: resizing)
  }

  private func refusal(_ body: () throws -> Void) -> String {
    let error = #expect(throws: DatasetError.self) { try body() }
    #expect(error?.kind == .badData)
    return error?.description ?? ""
  }

  @Test func otherClassesAreRefused() throws {
    let trainer = try Samples.trainer()
    let renamed = try data(["class 1", "class 0", "class 2"])
    #expect(throws: Never.self) { _ = try trainer.evaluate(renamed) }  // nothing is trained yet
    try trainer.fit(try data(), epochs: 1, batchSize: 8)
    #expect(throws: Never.self) { _ = try trainer.evaluate(try data()) }
    let text = refusal { _ = try trainer.evaluate(renamed) }
    #expect(text.contains("class 0 to be \"class 0\""))
    #expect(text.contains("the same in another order"))
    // Images to predict need no classes.
    #expect(throws: Never.self) { _ = try trainer.predict(renamed) }
    let before = trainer.parameters.sha256
    let validation = refusal {
      try trainer.fit(try data(), epochs: 1, batchSize: 8, validation: .data(renamed))
    }
    #expect(validation.contains("another order"))
    #expect(trainer.parameters.sha256 == before)
  }

  @Test func otherResizingIsRefused() throws {
    let trainer = try Samples.trainer()
    try trainer.fit(try data(resizing: "8x8, pad"), epochs: 1, batchSize: 8)
    let stretched = try data(resizing: "8x8, stretch")
    let predictor = try Predictor(try Samples.network(), parameters: trainer.parameters, threads: 1)
    for text in [
      refusal { _ = try trainer.evaluate(stretched) }, refusal { _ = try trainer.predict(stretched) },
      refusal { _ = try predictor.probabilities(stretched) },
    ] {
      #expect(text.contains("\"8x8, pad\"") && text.contains("\"8x8, stretch\""))
    }
    // As published, any resizing to the shape suits.
    #expect(throws: Never.self) { _ = try trainer.evaluate(try data()) }
  }

  @Test func filesOfWeightsKnowIt() throws {
    try withTemporaryFolder { folder in
      let trainer = try Samples.trainer()
      let callbacks: [Callback] = [
        .checkpoint(.best(monitor: .loss), directory: folder), .checkpoint(.last, directory: folder),
      ]
      try trainer.fit(try data(), epochs: 1, batchSize: 8, callbacks: callbacks)
      try trainer.save(to: "\(folder)/weights.safetensors")
      let files = try names(in: folder)
      #expect(files.count == 3)
      let renamed = try data(["x", "y", "z"])
      for file in files {
        let other = try Samples.trainer(seed: 2)
        try other.load(from: "\(folder)/\(file)")
        #expect(other.parameters.preparation == (try data().preparation), "\(file)")
        _ = refusal { _ = try other.evaluate(renamed) }
        let evaluator = try Evaluator(
          try Samples.network(), loss: Samples.loss, parameters: other.parameters, threads: 1)
        _ = refusal { _ = try evaluator(renamed) }
      }
      // Files of earlier versions, and of other programs, say nothing.
      trainer.parameters.preparation = nil
      try trainer.save(to: "\(folder)/weights.safetensors")
      let other = try Samples.trainer(seed: 2)
      try other.fit(try data(), epochs: 1, batchSize: 8)
      try other.load(from: "\(folder)/weights.safetensors")
      #expect(other.parameters.preparation == nil)
      #expect(throws: Never.self) { _ = try other.evaluate(renamed) }
    }
  }

  /// The files of steps know it as well as those of trainers.
  @Test func filesOfStepsKnowIt() throws {
    try withTemporaryFolder { folder in
      func step() throws -> TrainingStep {
        try TrainingStep(Samples.network(), optimizer: Adam(), seed: 1, threads: 1) {
          network, images, labels in
          try Samples.loss.mean(network(images), labels)
        }
      }
      let first = try step()
      first.parameters.preparation = try data().preparation
      try first.save(to: "\(folder)/step.safetensors")
      let second = try step()
      try second.load(from: "\(folder)/step.safetensors")
      #expect(second.parameters.preparation == (try data().preparation))

      func update() throws -> UpdateStep {
        let gradients = try GradientStep(Samples.network(), seed: 1, threads: 1) {
          network, images, labels in
          try Samples.loss.mean(network(images), labels)
        }
        return try UpdateStep(gradients, optimizer: Adam())
      }
      let third = try update()
      third.gradientStep.parameters.preparation = try data().preparation
      try third.save(to: "\(folder)/update.safetensors")
      let fourth = try update()
      try fourth.load(from: "\(folder)/update.safetensors")
      #expect(fourth.gradientStep.parameters.preparation == (try data().preparation))
    }
  }
}
