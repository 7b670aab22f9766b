import Foundation
import Martlet
import MartletTensors
import MartletTestSupport
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

  /// All epochs of a training have the same figures: the setting stays as it was begun, both ways.
  @Test(arguments: [false, true]) func theSettingStaysWhenResuming(noted: Bool) throws {
    try withTemporaryFolder { path in
      let data = try Samples.data(50)
      let trainer = try Samples.trainer()
      try trainer.fit(
        data, epochs: 1, batchSize: 16, callbacks: [.checkpoint(.last, directory: path)], gradientNorm: noted)
      let file = try #require(
        try FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasSuffix(".safetensors") })
      let other = try Samples.trainer()
      let before = other.parameters.sha256
      func resume(_ notes: Bool) throws -> History {
        try other.fit(
          data, epochs: 2, batchSize: 16, callbacks: [.checkpoint(.last, directory: path)],
          resumingFrom: "\(path)/\(file)", gradientNorm: notes)
      }
      let error = #expect(throws: TrainingError.self) { try resume(!noted) }
      #expect(error?.description.contains("metrics \(noted ? "gradient_norm" : "none")") == true)
      #expect(other.parameters.sha256 == before)
      let history = try resume(noted)
      #expect(history.epochs.map { $0.metrics["gradient_norm"] != nil } == [noted, noted])
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
    // Four digits of a loss say enough.
    #expect(
      told.first?.contains(
        #/^loss spike at epoch 1, step 81: the batch's loss [\d.e+-]{1,9} is \d+ times [\d.e+-]{1,9}, the median/#
      )
        == true)
  }

  /// A training that was stopped warns where an undisturbed one does.
  @Test func spikesAreToldAtTheSameStepsAfterResuming() throws {
    let data = try Samples.data(800)
    var weights = [Float](repeating: 1, count: 800)
    for index in 640..<648 { weights[index] = 1000 }
    func warnings(
      _ trainer: Trainer, stopAt step: Int? = nil, from file: String? = nil, into folder: String
    ) throws -> [String] {
      var warnings: [String] = []
      try trainer.fit(
        data, epochs: 1, batchSize: 8, shuffle: false, callbacks: [.checkpoint(.last, directory: folder)],
        sampleWeights: weights, resumingFrom: file
      ) { event in
        if case .warning(let text) = event, text.hasPrefix("loss spike") { warnings.append(text) }
        if case .step(let progress) = event, progress.step == step { trainer.stop() }
      }
      return warnings
    }
    try withTemporaryFolder { path in
      let whole = try warnings(try Samples.trainer(), into: "\(path)/whole")
      #expect(whole.count == 1)
      // The spike comes 11 steps after the stop, when a window begun anew would not be full.
      #expect(try warnings(try Samples.trainer(), stopAt: 70, into: "\(path)/stopped").isEmpty)
      let file = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/stopped").first {
          $0.hasSuffix(".safetensors")
        })
      let resumed = try warnings(
        try Samples.trainer(), from: "\(path)/stopped/\(file)", into: "\(path)/stopped")
      #expect(resumed == whole)
    }
  }

  /// The median is kept in order as losses come: the same as by sorting each time.
  @Test func theMedianIsThatOfTheLastBatches() {
    let stream = RandomStream(seed: 5, purpose: .sample)
    var spikes = LossSpikes()
    var losses: [Double] = []
    var found = 0
    var level = 0.0
    for index in 0..<3000 {
      let number = Double(stream.uint32(at: UInt64(index)) % 1000) / 1000
      let loss = index % 97 == 96 ? 20 + number : (1 + (number * 8).rounded() / 8) / (1 + Double(index) / 500)
      let window = losses.suffix(LossSpikes.window).sorted()
      var expected: Double?
      if window.count == LossSpikes.window {
        let median = (window[31] + window[32]) / 2
        if loss > 5 * median, loss > 2 * window[63], loss > 0.25 * level { expected = median }
      }
      let told = spikes.add(loss)
      #expect(told == expected, "batch \(index)")
      found += told == nil ? 0 : 1
      losses.append(loss)
      if losses.count == 8 || losses.count % LossSpikes.window == 0 {
        let last = losses.suffix(LossSpikes.window).sorted()
        level = max(level, (last[last.count / 2 - 1] + last[last.count / 2]) / 2)
      }
    }
    #expect(found > 10)
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
    // A few pictures with wrong labels in a batch of 32, as in MNIST once it is learned.
    #expect(count { $0 == 1500 ? 0.44 : 2.3 * exp(-Double($0) / 30) + 0.02 } == 0)
    #expect(count { $0 == 999 ? 5 : 0.5 } == 1)
    #expect(count { $0 >= 999 ? 5 : 0.5 } == 1)
    #expect(count { $0 < 64 ? 100 : 1 } == 0)
  }
}
