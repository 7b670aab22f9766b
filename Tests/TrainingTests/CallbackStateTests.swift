import Martlet
import MartletTensors
import MartletTestSupport
import MartletTraining
import Testing

/// What callbacks know after a resume, and after another call of `fit`.
@Suite struct CallbackStateTests {
  private func fit(
    _ trainer: Trainer, epochs: Int, _ callbacks: [Callback], resumingFrom: String? = nil
  ) throws -> History {
    try trainer.fit(
      try Samples.noisy(80), epochs: epochs, batchSize: 16, validation: .last(20), callbacks: callbacks,
      resumingFrom: resumingFrom)
  }

  @Test func weightsThatAreNotRestoredAreNotKept() throws {
    try withTemporaryFolder { path in
      let callbacks: [Callback] = [
        .earlyStopping(patience: 50, restoreBestWeights: false), .checkpoint(.last, directory: path),
      ]
      let whole = try fit(try Samples.trainer(), epochs: 6, callbacks)
      #expect(whole.bestEpoch != 6)
      _ = try fit(try Samples.trainer(), epochs: 3, callbacks)
      let resumed = try fit(
        try Samples.trainer(), epochs: 6, callbacks, resumingFrom: "\(path)/last.safetensors")
      #expect(resumed.weightsSHA256 == whole.weightsSHA256)
      #expect(resumed.bestEpoch == whole.bestEpoch)
    }
  }

  /// Of two early stoppings, the one whose weights are put in place names the best epoch.
  @Test func theBestEpochIsThatOfTheRestoredWeights() throws {
    let digests = Heard<String>()
    let history = try fit(
      try Samples.trainer(), epochs: 25,
      [
        .earlyStopping(monitor: .loss, patience: 50, restoreBestWeights: false),
        .earlyStopping(patience: 50), .onEpochEnd { _, control in digests.add(control.parameters.sha256) },
      ])
    let losses = try history.epochs.map { try #require($0.validationLoss) }
    let best = try #require(history.bestEpoch)
    #expect(losses[best - 1] == losses.min() && best < 25)
    #expect(history.weightsSHA256 == digests.all[best - 1])
  }

  @Test func checkpointsKeepTheirBestInAnotherOrder() throws {
    try withTemporaryFolder { path in
      let (best, last) = (
        Callback.checkpoint(.best, directory: path), Callback.checkpoint(.last, directory: path)
      )
      let first = try fit(try Samples.trainer(), epochs: 12, [last, best])
      let epoch = try #require(first.bestEpoch)
      #expect(epoch < 12)
      let file = try TensorFile(reading: "\(path)/best.safetensors")
      let resumed = try fit(
        try Samples.trainer(), epochs: 13, [best, last], resumingFrom: "\(path)/last.safetensors")
      #expect(resumed.bestEpoch == epoch)
      #expect(try TensorFile(reading: "\(path)/best.safetensors").metadata == file.metadata)
      let error = #expect(throws: TrainingError.self) {
        try fit(
          try Samples.trainer(), epochs: 1,
          [best, .checkpoint(.best(monitor: .accuracy), directory: path + "/")])
      }
      #expect(error?.description.contains("expected a file for each, received two that write") == true)
    }
  }

  /// A rate that follows from the one before is computed once for each epoch, also where somebody asks to stop
  /// just as the epoch begins.
  @Test func aStopAtTheBeginningOfAnEpochLeavesTheRate() throws {
    try withTemporaryFolder { path in
      final class Asker: CallbackHandler {
        let token: StopToken
        init(_ token: StopToken) { self.token = token }
        func epochBegan(_ epoch: Int, _ control: TrainingControl) {
          if epoch == 3 { token.request() }
        }
      }
      func train(stopping: Bool, resumingFrom: String? = nil) throws -> History {
        let trainer = try Samples.trainer()
        let token = trainer.stopToken
        return try fit(
          trainer, epochs: 5,
          [
            .rateSchedule { $0 == 0 ? $1 : $1 / 2 }, .checkpoint(.last, directory: path),
          ] + (stopping ? [Callback(name: "asker") { Asker(token) }] : []), resumingFrom: resumingFrom)
      }
      let whole = try train(stopping: false)
      #expect(try train(stopping: true).stopReason == .interrupted)
      let resumed = try train(stopping: false, resumingFrom: "\(path)/last.safetensors")
      #expect(resumed.epochs.map(\.learningRate) == [0.01, 0.005, 0.0025, 0.00125, 0.000625])
      #expect(resumed.weightsSHA256 == whole.weightsSHA256)
    }
  }

  /// An epoch that failed halfway has its rate again when it is trained again, not the next one.
  @Test func anEpochTrainedAgainHasItsOwnRate() throws {
    struct Failure: Error {}
    let trainer = try Samples.trainer()
    let halving = Callback.rateSchedule { $0 == 0 ? $1 : $1 / 2 }
    let failing = Callback.onStepEnd { step, _ in if step.epoch == 2, step.step == 2 { throw Failure() } }
    #expect(throws: Failure.self) { try fit(trainer, epochs: 4, [halving, failing]) }
    #expect(try fit(trainer, epochs: 2, [halving]).epochs.map(\.learningRate) == [0.005, 0.0025])
  }

  /// `fit` called again goes on with the rates that callbacks left.
  @Test func anotherCallGoesOnWithTheRates() throws {
    let own = try Samples.trainer()
    let halving = Callback.rateSchedule { $0 == 0 ? $1 : $1 / 2 }
    let halved = try [2, 2].flatMap { try fit(own, epochs: $0, [halving]).epochs }
    #expect(halved.map(\.learningRate) == [0.01, 0.005, 0.0025, 0.00125])
    let plateau = Callback.reduceOnPlateau(monitor: .loss, factor: 0.5, patience: 1, minimumDelta: 99)
    let reduced = try Samples.trainer()
    let rates = try [3, 2].flatMap { try fit(reduced, epochs: $0, [plateau]).epochs }
    #expect(rates.map(\.learningRate) == [0.01, 0.01, 0.005, 0.0025, 0.0025])
  }
}
