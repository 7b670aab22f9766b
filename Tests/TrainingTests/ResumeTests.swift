import Foundation
import Martlet
import MartletRuns
import MartletTensors
import MartletTraining
import MartletTestSupport
import Testing

@Suite struct ResumeTests {
  private static let environment = RunEnvironment(martletVersion: "0", instructionSet: "plain")

  private func folder(_ path: String) throws -> RunFolder {
    try .create(at: path, configuration: ["seed": 1], environment: Self.environment) { Issue.record("\($0)") }
  }

  /// Three epochs of four steps; stopped after a step where one is given.
  private func train(
    _ run: RunFolder?, from checkpoint: Checkpoint? = nil, epochs: Int = 3, batchSize: Int = 16,
    exact: ExactLayers = false, stopAfter: (epoch: Int, step: Int)? = nil
  ) throws -> History {
    let trainer = try Trainer(
      Samples.network(), optimizer: Adam(learningRate: 0.01), loss: Samples.loss, seed: 1, threads: 1,
      exact: exact)
    return try trainer.fit(
      try Samples.data(70), epochs: epochs, batchSize: batchSize, validation: .last(10),
      progress: { event in
        if case .step(let step) = event, let stopAfter, (step.epoch, step.step) == stopAfter {
          trainer.stop()
        }
      }, run: run, resume: checkpoint)
  }

  private func resume(
    _ path: String, epochs: Int = 3, batchSize: Int = 16, exact: ExactLayers = false
  ) throws -> History {
    let (folder, checkpoint) = try RunFolder.resume(at: path) { Issue.record("\($0)") }
    return try train(folder, from: checkpoint, epochs: epochs, batchSize: batchSize, exact: exact)
  }

  /// An end before the place of the checkpoint would give weights that no such training has.
  @Test func anEndBeforeThePlaceIsRefused() throws {
    try withTemporaryFolder { path in
      _ = try train(try folder(path + "/run"), stopAfter: (3, 2))
      for epochs in [1, 2] {
        let error = #expect(throws: TrainingError.self) { try resume(path + "/run", epochs: epochs) }
        #expect(error?.kind == .badArgument)
        #expect(
          error?.description.hasPrefix("epochs: expected at least 3, the place") == true,
          "\(String(describing: error))")
      }
      let history = try resume(path + "/run")
      // At its end a training may be looked at again.
      #expect(try resume(path + "/run").weightsSHA256 == history.weightsSHA256)
      #expect(throws: TrainingError.self) { try resume(path + "/run", epochs: 2) }
    }
  }

  /// Images are compared all over the data set, not at its ends alone.
  @Test func otherPicturesInTheMiddleAreRefused() throws {
    try withTemporaryFolder { path in
      _ = try train(try folder(path + "/run"), epochs: 1)
      let (folder, checkpoint) = try RunFolder.resume(at: path + "/run") { Issue.record("\($0)") }
      let data = try Samples.data(70)
      var pixels = (0..<70).flatMap { data.image(at: $0).scalars }
      pixels[33 * 64] ^= 1
      let repaired = try ImageDataset(
        name: data.name, classNames: data.classNames, images: Tensor(shape: [70, 8, 8, 1], scalars: pixels),
        labels: data.labels.map { Int($0) })
      let error = #expect(throws: TrainingError.self) {
        try Samples.trainer().fit(
          repaired, epochs: 3, batchSize: 16, validation: .last(10), run: folder, resume: checkpoint)
      }
      #expect(error?.description.contains(" data ") == true, "\(String(describing: error))")
    }
  }

  @Test func resumesAfterAnEpoch() throws {
    let whole = try train(nil)
    try withTemporaryFolder { path in
      _ = try train(try folder(path + "/run"), epochs: 2)
      let history = try resume(path + "/run")
      #expect(history.weightsSHA256 == whole.weightsSHA256)
      #expect(history.epochs.map(\.loss) == whole.epochs.map(\.loss))
      #expect(history.epochs.map(\.validationLoss) == whole.epochs.map(\.validationLoss))
    }
  }

  @Test(arguments: [(1, 1), (1, 3), (2, 2), (2, 4), (3, 3)]) func resumesWithinAnEpoch(place: (Int, Int))
    throws
  {
    let whole = try train(nil)
    try withTemporaryFolder { path in
      let stopped = try train(try folder(path + "/run"), stopAfter: place)
      #expect(stopped.stopReason == .interrupted)
      #expect(stopped.weightsSHA256 != whole.weightsSHA256)
      #expect(!FileManager.default.fileExists(atPath: path + "/run/weights.safetensors"))
      let history = try resume(path + "/run")
      #expect(history.stopReason == .finished)
      #expect(history.weightsSHA256 == whole.weightsSHA256)
      #expect(history.epochs.map(\.loss) == whole.epochs.map(\.loss))
      #expect(history.epochs.map(\.accuracy) == whole.epochs.map(\.accuracy))
      let record = try RunRecord.load(path + "/run")
      #expect(record.epochs.map(\.epoch) == [1, 2, 3])
      #expect(record.epochs.map(\.loss) == whole.epochs.map(\.loss))
    }
  }

  @Test func theEndLeavesWeights() throws {
    try withTemporaryFolder { path in
      let history = try train(try folder(path + "/run"))
      let file = path + "/run/weights.safetensors"
      let trainer = try Samples.trainer(seed: 99)
      #expect(trainer.parameters.sha256 != history.weightsSHA256)
      try trainer.load(from: file)
      #expect(trainer.parameters.sha256 == history.weightsSHA256)
      let evaluation = try trainer.evaluate(try Samples.data(70).suffix(10))
      #expect(evaluation.loss == history.epochs[2].validationLoss)
      // A finished run resumed has nothing left to do.
      #expect(try resume(path + "/run").weightsSHA256 == history.weightsSHA256)
    }
  }

  @Test func otherSettingsAreRefused() throws {
    try withTemporaryFolder { path in
      _ = try train(try folder(path + "/run"), epochs: 1)
      let error = #expect(throws: TrainingError.self) { try resume(path + "/run", batchSize: 8) }
      #expect(error?.kind == .badData)
      #expect(error?.description.contains("batch size 16") == true)
      #expect(error?.description.contains("batch size 8") == true)
      #expect(error?.description.contains("optimizer") == false)
    }
  }

  private static let exactLayers: [(choice: ExactLayers, text: String)] = [
    (false, "exact false"), (true, "exact true"), (["conv2d"], "exact conv2d"),
  ]

  /// One layer's rounding is enough to end with other weights.
  @Test(arguments: exactLayers)
  func otherExactLayersAreRefused(_ own: (choice: ExactLayers, text: String)) throws {
    try withTemporaryFolder { path in
      let stopped = try train(try folder(path + "/run"), exact: own.choice, stopAfter: (2, 2))
      #expect(stopped.stopReason == .interrupted)
      for other in Self.exactLayers where other.choice != own.choice {
        let error = #expect(throws: TrainingError.self) { try resume(path + "/run", exact: other.choice) }
        #expect(error?.kind == .badData)
        for text in [own.text, other.text] { #expect(error?.description.contains(text) == true) }
        #expect(error?.description.contains("optimizer") == false)
      }
      #expect(try resume(path + "/run", exact: own.choice).stopReason == .finished)
    }
  }

  @Test func anotherScheduleOrNetworkIsRefused() throws {
    try withTemporaryFolder { path in
      _ = try train(try folder(path + "/run"), epochs: 1)
      let (folder, checkpoint) = try RunFolder.resume(at: path + "/run") { Issue.record("\($0)") }
      let network = try Samples.network(dropout: 0.3)
      let trainer = try Trainer(
        network, optimizer: Adam(learningRate: 0.01), loss: Samples.loss,
        schedule: RateSchedule(name: "Constant") { $0 == 2 ? 0.5 : 1 }, seed: 1, threads: 1)
      let before = trainer.parameters.sha256
      let error = #expect(throws: TrainingError.self) {
        try trainer.fit(
          try Samples.data(70), epochs: 3, batchSize: 16, validation: .last(10), run: folder,
          resume: checkpoint)
      }
      #expect(error?.description.contains("rates") == true)
      #expect(error?.description.contains("graph of a step") == true)
      #expect(error?.description.contains("tensors") == false)
      #expect(trainer.parameters.sha256 == before)
    }
  }

  @Test func weightsOfAnotherNetworkAreRefused() throws {
    try withTemporaryFolder { path in
      try Samples.trainer().save(to: path + "/w.safetensors")
      let other = try Sequential(input: .image(8, 8, 1)) {
        Rescale(1 / 255)
        Conv2D(8, kernelSize: 5, padding: .same)
        Flatten()
        Dense(3)
        Dense(3)
      }
      let trainer = try Samples.trainer(other)
      let before = trainer.parameters.sha256
      let error = try #require(
        #expect(throws: TrainingError.self) { try trainer.load(from: path + "/w.safetensors") })
      #expect(error.description.contains("conv2d/kernel is F32 [3, 3, 1, 8] instead of F32 [5, 5, 1, 8]"))
      #expect(error.description.contains("batch_normalization/gamma is not in the network"))
      #expect(error.description.contains("w.safetensors"))
      #expect(trainer.parameters.sha256 == before)
      let missing = #expect(throws: TrainingError.self) {
        try trainer.parameters.load(TensorFile(), from: "nothing")
      }
      #expect(missing?.description.contains("dense_1/bias [3] is missing") == true)
    }
  }

  @Test func theDigestIsThatOfTheBytesInTheOrderOfNames() throws {
    let trainer = try Samples.trainer()
    try trainer.fit(try Samples.data(20), epochs: 1, batchSize: 10)
    var digest = SHA256()
    for path in trainer.parameters.paths.sorted() {
      try #require(trainer.parameters.tensor(path)).scalars.withUnsafeBytes { digest.update($0) }
    }
    #expect(trainer.parameters.paths.contains("batch_normalization/moving_mean"))
    #expect(trainer.parameters.sha256 == digest.hexDigest())
  }
}
