import Foundation
import Martlet
import MartletTensors
import MartletTestSupport
import MartletTraining
import Testing

/// Trainings that something ends: thresholds, numbers that are not finite, figures that no longer improve.
@Suite struct StoppingTests {
  /// "For ever, until a callback ends it" is a number of epochs too.
  @Test func endlessTrainingsEnd() throws {
    let trainer = try Samples.trainer()
    for _ in 0..<2 {
      let history = try trainer.fit(
        try Samples.data(32), epochs: .max, batchSize: 16, callbacks: [.stop(when: .loss, atMost: 1e9)])
      #expect(history.stopReason == .threshold && history.epochs.count == 1)
    }
    let weighted = try Samples.trainer().fit(
      try Samples.data(16), epochs: 1, batchSize: 1 << 40, sampleWeights: [Float](repeating: 1, count: 16))
    #expect(weighted.epochs.count == 1)
  }

  /// Where an update spoils the weights, what was saved before stays, whichever step of the epoch it is.
  @Test(arguments: [1, 2, 3]) func spoiledWeightsAreNotSaved(step: Int) throws {
    try withTemporaryFolder { path in
      let trainer = try Trainer(
        Samples.network(dropout: 0, normalized: false), optimizer: SGD(learningRate: 0.01),
        loss: Samples.loss,
        seed: 1, threads: 1)
      let spoil = Callback.onStepEnd { progress, control in
        if progress.epoch == 2, progress.step == step { control.parameters.entries[0].pointer[0] = .infinity }
      }
      let good = Heard<String>()
      let history = try trainer.fit(
        try Samples.data(48), epochs: 4, batchSize: 16,
        callbacks: [
          .terminateOnNaN, .checkpoint(.last, directory: path), spoil,
          .onEpochEnd { _, control in good.add(control.parameters.sha256) },
        ])
      #expect(history.stopReason == .notFinite && history.epochs.count == 1)
      let saved = try Samples.trainer(Samples.network(dropout: 0, normalized: false), seed: 2)
      try saved.load(from: "\(path)/last.safetensors")
      #expect([saved.parameters.sha256] == good.all)
    }
  }

  /// Without a mode, each loss that is watched as a metric is to get smaller.
  @Test(arguments: [
    Loss.sparseCategoricalCrossEntropy(fromLogits: true), .categoricalCrossEntropy(fromLogits: true), .hinge,
    .categoricalHinge, .huber(), .meanSquaredError, .categoricalFocalCrossEntropy(fromLogits: true),
    .binaryCrossEntropy(fromLogits: true), .meanAbsoluteError,
  ]) func lossesGetBetterBySinking(loss: Loss) throws {
    #expect(try best(loss.name) == 2, "\(loss.name)")
  }

  /// Everything else is to grow, whatever syllables its name has.
  @Test(arguments: ["recall_normal", "accuracy", "normalized_score"])
  func otherFiguresGetBetterByGrowing(name: String) throws {
    #expect(try best(name) == 3, "\(name)")
    #expect(try best("gradient_norm") == 2)
  }

  /// The best of the values 3, 2, 4.
  private func best(_ name: String) throws -> Int? {
    let handler = Callback.earlyStopping(monitor: .metric(name), patience: 9, restoreBestWeights: false)
      .makeHandler()
    let control = TrainingControl(Parameters(seed: 0), epochs: [], rates: TrainingRates(scheduled: 1)) { _ in
    }
    for (epoch, value) in [3.0, 2, 4].enumerated() {
      try handler.epochEnded(EpochRecord(epoch: epoch + 1, loss: 1, metrics: [name: value]), control)
    }
    return (handler as? any BestEpochHolder)?.bestEpoch
  }
}
