import Foundation
import Martlet
import MartletRuns
import MartletTensors
import MartletTestSupport
import MartletTraining
import Testing

/// A run with everything on, stopped at places drawn by a seed and gone on with, ends as the undisturbed one.
@Suite struct CallbackResumeTests {
  /// How a run is disturbed after a step, counted from the run's beginning.
  private enum Disturbance: Sendable {
    /// Somebody asks to stop, and the state is saved.
    case stop(Int)
    /// The step's callbacks fail, so that nothing more is saved, as if the process were killed.
    case failure(Int)
    /// The last callback fails after this epoch, when files are written and the checkpoint is not.
    case failureAfter(epoch: Int)
  }

  private struct Killed: Error {}

  private static let epochs = 14

  /// Trains in a run folder, from its checkpoint on where it has one.
  private func train(
    _ path: String, _ disturbance: Disturbance? = nil, patience: Int = 4, epochs: Int = epochs,
    told: Heard<String> = Heard(), warnings: Heard<String> = Heard()
  ) throws -> History {
    let (run, checkpoint) = try open(path)
    let trainer = try Trainer(
      Samples.network(), optimizer: Adam(learningRate: 0.02), loss: Samples.loss,
      metrics: [Samples.confidence], penalties: [.l2(1e-4)], classWeights: [1, 2, 1],
      schedule: .cosineAnnealing(epochs: 40).perStep(), seed: 3, threads: 1)
    let token = trainer.stopToken
    let disturb = Callback.onStepEnd { step, _ in
      let number = (step.epoch - 1) * step.steps + step.step
      switch disturbance {
      case .stop(number): token.request()
      case .failure(number): throw Killed()
      default: break
      }
    }
    let fail = Callback.onEpochEnd { record, _ in
      if case .failureAfter(record.epoch) = disturbance { throw Killed() }
    }
    return try trainer.fit(
      try Samples.noisy(70), epochs: epochs, batchSize: 16, validation: .last(15),
      augmentation: [.randomFlip(), .randomCrop(padding: 1)],
      callbacks: [
        .earlyStopping(patience: patience), .reduceOnPlateau(factor: 0.5, patience: 2, cooldown: 1),
        .checkpoint(.best(monitor: .validationAccuracy)), .checkpoint(.best, directory: path + "/own"),
        .csv(path + "/history.csv"), .tensorBoard(path + "/events"),
        .runningLoss(every: 3) { told.add("\($0) \($1) \($2)") }, disturb, fail,
      ],
      sampleWeights: (0..<70).map { Float(1 + $0 % 3) },
      progress: { event in
        if case .warning(let text) = event { warnings.add(text) }
      }, run: run, resume: checkpoint)
  }

  private func open(_ path: String) throws -> (folder: RunFolder, checkpoint: Checkpoint?) {
    if RunFolder.exists(at: path) { return try RunFolder.resume(at: path) { Issue.record("\($0)") } }
    let environment = RunEnvironment(martletVersion: "0", instructionSet: "plain")
    let folder = try RunFolder.create(at: path, configuration: ["seed": 3], environment: environment) {
      Issue.record("\($0)")
    }
    return (folder, nil)
  }

  /// What must not depend on disturbances: everything but times.
  private struct Outcome: Equatable {
    var digest: String
    var reason: History.StopReason
    var bestEpoch: Int?
    var figures: [[Double?]]
    var metrics: [[String: Double]]
    var files: [String: [UInt8]]
    var table: [String]
    var events: [String]

    init(_ history: History, _ path: String) throws {
      digest = history.weightsSHA256
      reason = history.stopReason
      bestEpoch = history.bestEpoch
      figures = history.epochs.map {
        [$0.loss, $0.accuracy, $0.validationLoss, $0.validationAccuracy, $0.learningRate]
      }
      metrics = history.epochs.map(\.metrics)
      files = [:]
      for name in ["weights", "checkpoints/best", "own/best"] {
        files[name] = Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name).safetensors")))
      }
      // The seventh column are the seconds.
      table = try String(contentsOfFile: path + "/history.csv", encoding: .utf8).split(separator: "\n").map {
        var cells = $0.split(separator: ",")
        cells.remove(at: 6)
        return cells.joined(separator: ",")
      }
      events = try ["train", "validation"].flatMap {
        try DecodedEvent.read("\(path)/events/\($0)/events.out.tfevents.0.martlet")
          .map { "\($0.version) \($0.step) \($0.tag) \($0.value)" }
      }
    }
  }

  @Test func disturbedRunsEndAsTheUndisturbedOne() throws {
    try withTemporaryFolder { path in
      let told = Heard<String>()
      let history = try train(path + "/whole", told: told)
      let whole = try Outcome(history, path + "/whole")
      // The run has all that is to be resumed: an early end, the best before it, reduced rates.
      #expect(whole.reason == .earlyStopping)
      let best = try #require(whole.bestEpoch)
      #expect(best < history.epochs.count && history.epochs.count < Self.epochs)
      #expect(Set(history.epochs.map(\.learningRate)).count > 2)
      let record = try RunRecord.load(path + "/whole")
      #expect(record.epochs.map(\.metrics) == whole.metrics)

      let steps = history.epochs.count * 4
      let stream = RandomStream(seed: 20, purpose: .shuffle)
      let places = stream.permutation(count: steps - 1).prefix(20).map { Int($0) + 1 }
      #expect(places.contains { $0 % 4 != 0 } && places.contains { $0 % 4 == 0 })
      #expect(places.contains { $0 > best * 4 })
      var disturbances = places.enumerated().map { index, place in
        index % 3 == 2 ? Disturbance.failure(place) : .stop(place)
      }
      disturbances += [1, best, best + 1, history.epochs.count].map { .failureAfter(epoch: $0) }
      for (number, disturbance) in disturbances.enumerated() {
        let run = "\(path)/\(number)"
        let heard = Heard<String>()
        do {
          let stopped = try train(run, disturbance, told: heard)
          #expect(stopped.stopReason == .interrupted, "\(disturbance)")
        } catch is Killed {}
        let outcome = try Outcome(train(run, told: heard), run)
        #expect(outcome == whole, "\(disturbance)")
        // After a stop nothing is told twice; after a failure only what was lost.
        if case .stop = disturbance { #expect(heard.all == told.all, "\(disturbance)") }
        #expect(Set(heard.all) == Set(told.all), "\(disturbance)")
      }
    }
  }

  @Test func aTrainingThatStoppedEarlyIsNotGoneOnWith() throws {
    try withTemporaryFolder { path in
      let history = try train(path + "/run")
      let warnings = Heard<String>()
      let again = try train(path + "/run", epochs: 99, warnings: warnings)
      #expect(warnings.all.contains { $0.contains("has ended already") && $0.contains("early_stopping") })
      #expect(again.stopReason == .earlyStopping)
      #expect(again.weightsSHA256 == history.weightsSHA256)
      #expect(again.epochs.map(\.loss) == history.epochs.map(\.loss))
      #expect(again.millisecondsPerStep == nil)
      #expect(again.bestEpoch == history.bestEpoch)
    }
  }

  @Test func moreEpochsAreTrainedAsIfAskedForAtOnce() throws {
    try withTemporaryFolder { path in
      let first = try train(path + "/run", epochs: 4)
      #expect(first.stopReason == .finished)
      let more = try train(path + "/run", epochs: 6)
      let whole = try train(path + "/whole", epochs: 6)
      #expect(more.weightsSHA256 == whole.weightsSHA256)
      #expect(more.epochs.map(\.loss) == whole.epochs.map(\.loss))
    }
  }

  @Test func otherCallbacksOrWeightsAreRefused() throws {
    try withTemporaryFolder { path in
      _ = try train(path + "/run", .stop(5))
      let error = #expect(throws: TrainingError.self) { try train(path + "/run", patience: 5) }
      #expect(error?.description.contains("patience 4") == true)
      #expect(error?.description.contains("patience 5") == true)
      #expect(error?.description.contains("penalties") == false)
      let (run, checkpoint) = try open(path + "/run")
      let trainer = try Trainer(
        Samples.network(), optimizer: Adam(learningRate: 0.02), loss: Samples.loss,
        schedule: .stepDecay(factor: 0.5, at: [2]), seed: 3, threads: 1)
      let plain = #expect(throws: TrainingError.self) {
        try trainer.fit(
          try Samples.noisy(70), epochs: Self.epochs, batchSize: 16, validation: .last(15), run: run,
          resume: checkpoint)
      }
      let settings = [
        "metrics confidence", "penalties l2", "class weights [1.0, 2.0", "sample weights",
        "augmentation flip",
      ]
      for setting in settings {
        #expect(plain?.description.contains(setting) == true, "\(setting)")
      }
    }
  }

  @Test func weightsOfACheckpointLoadWithoutTheBestOnes() throws {
    try withTemporaryFolder { path in
      _ = try train(path + "/run", .stop(27))
      let checkpoint = try #require(try open(path + "/run").checkpoint)
      #expect(checkpoint.file.tensors.contains { $0.name.hasPrefix(Checkpoint.bestPrefix) })
      let weights = try Parameters(of: Samples.network())
      try weights.load(checkpoint.file, from: "checkpoint")
      #expect(checkpoint.file["conv2d/kernel"]?.float32 == weights.tensor("conv2d/kernel"))
    }
  }
}
