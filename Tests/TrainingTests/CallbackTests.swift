import Foundation
import Martlet
import MartletTensors
import MartletTestSupport
import MartletTraining
import Testing

@Suite struct CallbackTests {
  private func fit(
    _ trainer: Trainer, epochs: Int, _ callbacks: [Callback], validation: ValidationSplit? = .last(20)
  ) throws -> History {
    try trainer.fit(
      try Samples.noisy(80), epochs: epochs, batchSize: 16, validation: validation, callbacks: callbacks)
  }

  @Test func earlyStoppingEndsAndPutsTheBestWeightsInPlace() throws {
    let trainer = try Samples.trainer()
    let digests = Heard<String>()
    let history = try fit(
      trainer, epochs: 40,
      [
        .earlyStopping(patience: 3), .onEpochEnd { _, control in digests.add(control.parameters.sha256) },
      ])
    let losses = try history.epochs.map { try #require($0.validationLoss) }
    let best = try #require(history.bestEpoch)
    #expect(history.stopReason == .earlyStopping)
    #expect(history.epochs.count < 40)
    #expect(history.epochs.count == best + 3)
    #expect(losses[best - 1] == losses.min())
    #expect(history.weightsSHA256 == digests.all[best - 1])
    #expect(history.weightsSHA256 != digests.all.last)
    #expect(trainer.parameters.sha256 == history.weightsSHA256)
    #expect(try trainer.evaluate(try Samples.noisy(80).suffix(20)).loss == losses.min())
  }

  @Test func theBestWeightsAreRestoredWhenTrainingEndsByItself() throws {
    let digests = Heard<String>()
    let watch = Callback.onEpochEnd { _, control in digests.add(control.parameters.sha256) }
    let early = try fit(try Samples.trainer(), epochs: 40, [.earlyStopping(patience: 3)])
    let best = try #require(early.bestEpoch)
    let history = try fit(try Samples.trainer(), epochs: best + 2, [.earlyStopping(patience: 3), watch])
    #expect(history.stopReason == .finished)
    #expect(history.epochs.count == best + 2)
    #expect(history.bestEpoch == best)
    #expect(history.weightsSHA256 == digests.all[best - 1])
    let plain = try fit(
      try Samples.trainer(), epochs: best + 2, [.earlyStopping(patience: 3, restoreBestWeights: false)])
    #expect(plain.bestEpoch == best)
    #expect(plain.weightsSHA256 == digests.all[best + 1])
  }

  @Test func thresholdsAndOwnReasonsStop() throws {
    let bounded = try Samples.trainer().fit(
      try Samples.data(100), epochs: 30, batchSize: 16, callbacks: [.stop(when: .loss, atMost: 0.38)])
    #expect(bounded.stopReason == .threshold)
    #expect(bounded.epochs.count > 1 && bounded.epochs.count < 30)
    let losses = bounded.epochs.map(\.loss)
    #expect(try #require(losses.last) <= 0.38)
    #expect(losses.dropLast().allSatisfy { $0 > 0.38 })

    let own = try fit(
      try Samples.trainer(), epochs: 9,
      [.onEpochEnd { record, control in if record.epoch == 2 { control.stop("enough") } }])
    #expect(own.stopReason == .callback("enough"))
    #expect(own.stopReason.text == "callback: enough")
    #expect(own.epochs.count == 2)

    let steps = Heard<Int>()
    let within = try fit(
      try Samples.trainer(), epochs: 9,
      [
        .onStepEnd { step, control in
          steps.add(step.step)
          if step.epoch == 2, step.step == 3 { control.stop("a step") }
        }
      ])
    #expect(within.epochs.count == 1)
    #expect(steps.all == [1, 2, 3, 4, 1, 2, 3])
  }

  @Test func callbacksHearInOrder() throws {
    final class Listener: CallbackHandler {
      let name: String
      let heard: Heard<String>
      init(_ name: String, _ heard: Heard<String>) {
        self.name = name
        self.heard = heard
      }
      func trainingBegan(_ plan: TrainingPlan, _ control: TrainingControl) { heard.add("\(name) began") }
      func epochBegan(_ epoch: Int, _ control: TrainingControl) { heard.add("\(name) epoch \(epoch)") }
      func stepEnded(_ progress: StepProgress, _ control: TrainingControl) { heard.add("\(name) step") }
      func epochEnded(_ record: EpochRecord, _ control: TrainingControl) {
        heard.add("\(name) record \(record.epoch) of \(control.epochs.count)")
      }
      func trainingEnded(_ history: History, _ control: TrainingControl) {
        heard.add("\(name) \(history.stopReason.text)")
      }
    }
    let heard = Heard<String>()
    let callbacks = ["a", "b"].map { name in Callback(name: name) { Listener(name, heard) } }
    try Samples.trainer().fit(try Samples.data(16), epochs: 1, batchSize: 16, callbacks: callbacks)
    let expected = ["began", "epoch 1", "step", "record 1 of 1", "finished"]
    #expect(heard.all == expected.flatMap { ["a \($0)", "b \($0)"] })
  }

  @Test func numbersThatAreNotFiniteEndTheTrainingWhereAsked() throws {
    func trainer() throws -> Trainer {
      try Trainer(
        try Samples.network(dropout: 0), optimizer: SGD(learningRate: 1e20), loss: Samples.loss, seed: 1,
        threads: 1)
    }
    let data = try Samples.data(80)
    let plain = try trainer()
    #expect(throws: TrainingError.self) { try plain.fit(data, epochs: 3, batchSize: 16) }
    let ended = try trainer()
    var warnings: [String] = []
    let history = try ended.fit(
      data, epochs: 3, batchSize: 16, callbacks: [.terminateOnNaN]
    ) { event in
      if case .warning(let text) = event { warnings.append(text) }
    }
    #expect(history.stopReason == .notFinite)
    #expect(warnings.contains { $0.contains("expected finite numbers") })
    // The last good weights stay, as where it throws.
    #expect(history.weightsSHA256 == plain.parameters.sha256)
  }

  @Test func aFunctionSetsTheRate() throws {
    func rates(_ callbacks: [Callback], _ schedule: RateSchedule = .constant) throws -> History {
      try Trainer(
        Samples.network(), optimizer: Adam(learningRate: 0.01), loss: Samples.loss, schedule: schedule,
        seed: 1, threads: 1
      ).fit(try Samples.data(32), epochs: 4, batchSize: 16, callbacks: callbacks)
    }
    let scheduled = try rates([], RateSchedule(name: "own") { 1 / Double(1 + $0) })
    let own = try rates([.rateSchedule { epoch, _ in 0.01 * (1 / Double(1 + epoch)) }])
    #expect(own.epochs.map(\.learningRate) == scheduled.epochs.map(\.learningRate))
    #expect(own.weightsSHA256 == scheduled.weightsSHA256)
    let halved = try rates([.rateSchedule { $0 == 0 ? $1 : $1 / 2 }])
    #expect(halved.epochs.map(\.learningRate) == [0.01, 0.005, 0.0025, 0.00125])
    // A reduction multiplies whatever sets the rate.
    let reduced = try rates(
      [.reduceOnPlateau(monitor: .loss, factor: 0.5, patience: 1, minimumDelta: 99)],
      .stepDecay(factor: 0.1, at: [2]))
    #expect(reduced.epochs.map(\.learningRate) == [0.01, 0.01, 0.01 * 0.1 * 0.5, 0.01 * 0.1 * 0.25])
    let reduction = Callback.reduceOnPlateau(monitor: .loss)
    let conflict = text { _ = try rates([reduction], .oneCycle(maximumRate: 0.1, epochs: 4)) }
    #expect(conflict.hasPrefix("reduce_on_plateau: expected a schedule that can be multiplied"))
    #expect(conflict.contains("One Cycle") && conflict.contains("fixes the rate of every step"))
    #expect(text { _ = try rates([.rateSchedule { $1 }], .linearDecay(epochs: 3)) }.contains("Linear Decay"))
    #expect(text { _ = try rates([.rateSchedule { _, _ in -1 }]) }.contains("rate_schedule, epoch 1"))
  }

  @Test func schedulesAreFollowedStepByStep() throws {
    let rates = Heard<Double>()
    let trainer = try Trainer(
      Samples.network(), optimizer: Adam(learningRate: 0.01), loss: Samples.loss,
      schedule: .customPerStep { step, initial in initial / Double(1 + step) }, seed: 1, threads: 1)
    let watch = Callback.onStepEnd { _, control in rates.add(control.learningRate) }
    try trainer.fit(try Samples.data(48), epochs: 1, batchSize: 16, callbacks: [watch])
    // Called again it goes on where it ended.
    try trainer.fit(try Samples.data(48), epochs: 1, batchSize: 16, callbacks: [watch])
    #expect(rates.all == (0..<6).map { 0.01 / Double(1 + $0) })

    let recursive = try Trainer(
      Samples.network(), optimizer: Adam(learningRate: 0.01), loss: Samples.loss,
      schedule: .customFromCurrent { $0 == 0 ? $1 : $1 / 2 }, seed: 1, threads: 1)
    let data = try Samples.data(48)
    let parts = try [2, 2].flatMap { try recursive.fit(data, epochs: $0, batchSize: 16).epochs }
    #expect(parts.map(\.learningRate) == [0.01, 0.005, 0.0025, 0.00125])
  }

  @Test func theRunningLossIsTheMeanOfTheLastBatches() throws {
    let told = Heard<String>()
    let losses = Heard<Double>()
    try Samples.trainer().fit(
      try Samples.data(112), epochs: 2, batchSize: 16,
      callbacks: [
        .onStepEnd { step, _ in losses.add(step.batchLoss) },
        .runningLoss(every: 3) { told.add("\($0) \($1) \($2)") },
      ])
    #expect(losses.all.count == 14)
    // Seven batches an epoch: two means, and the seventh is forgotten.
    let expected = [(1, 3, 0), (1, 6, 3), (2, 3, 7), (2, 6, 10)].map { epoch, batch, start in
      "\(epoch) \(batch) \((losses.all[start] + losses.all[start + 1] + losses.all[start + 2]) / 3)"
    }
    #expect(told.all == expected)
    var mean = RunningMean(every: 2)
    #expect([mean.add(1.0), mean.add(2.0), mean.add(5.0)] == [nil, 1.5, nil])
    mean.reset()
    #expect([mean.add(4.0), mean.add(Float(8))] == [nil, 6])
  }

  @Test func checkpointsGoToTheirFolder() throws {
    try withTemporaryFolder { path in
      let trainer = try Samples.trainer()
      let history = try fit(
        trainer, epochs: 6,
        [
          .checkpoint(.best, directory: "\(path)/a/b"),
          .checkpoint(.best(monitor: .accuracy), directory: "\(path)/accuracy"),
          .checkpoint(.last, directory: path), .checkpoint(.every(epochs: 4), directory: path),
        ])
      #expect(
        try names(in: path) == ["a", "accuracy", "last.safetensors", "state-0004.safetensors"])
      let losses = try history.epochs.map { try #require($0.validationLoss) }
      let best = try #require(history.bestEpoch)
      #expect(losses[best - 1] == losses.min())
      let other = try Samples.trainer(seed: 7)
      try other.load(from: "\(path)/a/b/best.safetensors")
      #expect(try other.evaluate(try Samples.noisy(80).suffix(20)).loss == losses.min())
      try other.load(from: "\(path)/last.safetensors")
      #expect(other.parameters.sha256 == history.weightsSHA256)
      let notes = try TensorFile(reading: "\(path)/accuracy/best.safetensors").metadata
      let accuracies = history.epochs.map(\.accuracy)
      #expect(notes["epoch"] == "\((accuracies.firstIndex(of: accuracies.max() ?? 0) ?? 0) + 1)")
      // Going on from epoch 4 without a run folder ends with the same bytes.
      let resumed = try Samples.trainer().fit(
        try Samples.noisy(80), epochs: 6, batchSize: 16, validation: .last(20),
        resumingFrom: "\(path)/state-0004.safetensors")
      #expect(resumed.weightsSHA256 == history.weightsSHA256)
      #expect(resumed.epochs.map(\.loss) == history.epochs.map(\.loss))
      #expect(
        text {
          try trainer.fit(
            try Samples.noisy(80), epochs: 6, batchSize: 16, validation: .last(20),
            resumingFrom: "\(path)/a/b/best.safetensors")
        }.contains("received weights alone; begin with these weights by load(from:)"))
    }
  }

  @Test func anInterruptedTrainingGoesOnWithoutARunFolder() throws {
    try withTemporaryFolder { path in
      let data = try Samples.noisy(80)
      func fit(stopAt place: Int?, resumingFrom: String? = nil) throws -> History {
        let trainer = try Samples.trainer()
        let token = trainer.stopToken
        return try trainer.fit(
          data, epochs: 4, batchSize: 16, validation: .last(20),
          callbacks: [
            .earlyStopping(patience: 9), .checkpoint(.last, directory: path),
            .onStepEnd { step, _ in if step.epoch == 3, step.step == place { token.request() } },
          ], resumingFrom: resumingFrom)
      }
      let whole = try fit(stopAt: nil)
      #expect(try fit(stopAt: 2).stopReason == .interrupted)
      let history = try fit(stopAt: nil, resumingFrom: "\(path)/last.safetensors")
      #expect(history.weightsSHA256 == whole.weightsSHA256)
      #expect(history.epochs.map(\.loss) == whole.epochs.map(\.loss))
      #expect(history.bestEpoch == whole.bestEpoch)
    }
  }

  @Test func callbacksThatDoNotFitAreRefusedBeforeAnythingChanges() throws {
    let trainer = try Samples.trainer()
    let before = trainer.parameters.sha256
    func refusal(_ callback: Callback, validation: ValidationSplit? = .last(20)) -> String {
      text { _ = try fit(trainer, epochs: 1, [callback], validation: validation) }
    }
    #expect(
      refusal(.earlyStopping(patience: 5), validation: nil)
        == "early_stopping: expected one of loss, accuracy to watch, received validation_loss; validation "
        + "figures need fit(validation:)")
    let mistyped = Callback.stop(when: .metric("validation_los"), atMost: 1)
    #expect(refusal(mistyped).contains("did you mean validation_loss?"))
    #expect(refusal(.earlyStopping(patience: -1)).hasPrefix("early_stopping, patience: expected at least 0"))
    #expect(refusal(.reduceOnPlateau(factor: 1)).hasPrefix("reduce_on_plateau, factor: expected"))
    #expect(refusal(.reduceOnPlateau(cooldown: -1)).contains("cooldown"))
    let nowhere = Callback.checkpoint(.best, directory: "/dev/null/checkpoints")
    #expect(refusal(nowhere).contains("expected a folder that can be made"))
    #expect(refusal(.tensorBoard("/dev/null/log")).hasPrefix("cannot write /dev/null/log"))
    #expect(refusal(.checkpoint(.every(epochs: 0), directory: "x")).contains("at least 1 epoch"))
    #expect(refusal(.runningLoss(every: 0) { _, _, _ in }).contains("running_loss, every"))
    #expect(trainer.parameters.sha256 == before && trainer.parameters.preparation == nil)
    #expect(trainer.completedEpochs == 0)
  }

  @Test func reasonsReadBackFromTheirText() {
    let reasons: [History.StopReason] = [
      .finished, .interrupted, .earlyStopping, .threshold, .notFinite, .callback("a: b"),
    ]
    #expect(reasons.map { History.StopReason(text: $0.text) } == reasons)
    #expect(
      reasons.dropLast().map(\.text) == [
        "finished", "interrupted", "early_stopping", "threshold", "not_finite",
      ])
    #expect(History.StopReason(text: "other") == nil)
  }
}
