import Foundation
import Martlet
import MartletTraining
import Testing

/// Norms of gradients and spikes of the loss, as `fit` tells them.
@Suite struct GradientNormTests {
  @Test func theNormIsThatOfTheStepsAndChangesNothing() throws {
    let data = try Samples.data(50)
    let plain = try Samples.trainer().fit(data, epochs: 2, batchSize: 16)
    let path = FileManager.default.temporaryDirectory.path + "/martlet-norm-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var norms: [Double] = []
    let history = try Samples.trainer().fit(
      data, epochs: 2, batchSize: 16, callbacks: [.csv(path)], gradientNorm: true
    ) { event in
      if case .step(let progress) = event, let norm = progress.gradientNorm { norms.append(norm) }
    }
    #expect(history.weightsSHA256 == plain.weightsSHA256)
    #expect(norms.count == 8 && norms.allSatisfy { $0 > 0 && $0.isFinite })
    for (epoch, record) in history.epochs.enumerated() {
      let mean = norms[4 * epoch..<4 * epoch + 4].reduce(0, +) / 4
      #expect(abs(try #require(record.metrics["gradient_norm"]) - mean) < 1e-12)
    }
    #expect(plain.epochs[0].metrics.isEmpty)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.first == "epoch,loss,accuracy,learning_rate,seconds,gradient_norm")
    #expect(lines.last?.hasSuffix(",\(history.epochs[1].metrics["gradient_norm"] ?? 0)") == true)

    // The same by hand.
    let step = try TrainingStep(
      Samples.network(), optimizer: Adam(learningRate: 0.01), seed: 1, threads: 1
    ) { network, images, labels in crossEntropy(network(images), labels) }
    for (index, batch) in try DataLoader(data, batchSize: 16, seed: 1).batches(epoch: 0).enumerated() {
      #expect(try step.result(batch.images, batch.labels).gradientNorm == norms[index])
    }
  }

  /// One batch whose images count a thousandfold.
  @Test func aLossSpikeIsToldWithItsPlace() throws {
    let data = try Samples.data(800)
    var weights = [Float](repeating: 1, count: 800)
    func warnings() throws -> [String] {
      var warnings: [String] = []
      try Samples.trainer().fit(
        data, epochs: 1, batchSize: 8, shuffle: false, sampleWeights: weights
      ) { event in
        if case .warning(let text) = event, !text.contains("debug build") { warnings.append(text) }
      }
      return warnings
    }
    #expect(try warnings() == [])
    for index in 640..<648 { weights[index] = 1000 }
    let told = try warnings()
    #expect(told.count == 1)
    #expect(told.first?.hasPrefix("loss spike at epoch 1, step 81: the batch's loss ") == true)
  }

  /// Small losses at the end, hard batches now and then, and a slow rise are no spikes.
  @Test func ordinaryCoursesHaveNone() {
    func count(_ loss: (Int) -> Double) -> Int {
      var spikes = LossSpikes()
      return (0..<2000).count { spikes.add(loss($0)) != nil }
    }
    #expect(count { 2.3 * exp(-Double($0) / 200) + 0.001 } == 0)
    #expect(count { $0 < 200 ? 2.3 : $0 % 50 == 0 ? 0.15 : 0.001 } == 0)
    #expect(count { 0.5 * exp(Double($0) / 500) } == 0)
    #expect(count { $0 == 999 ? 5 : 0.5 } == 1)
    #expect(count { $0 >= 999 ? 5 : 0.5 } == 1)
    #expect(count { $0 < 64 ? 100 : 1 } == 0)
  }
}
