import Martlet
import MartletTestSupport
import MartletTraining
import Testing

/// What `fit` tells of networks that do no better than guessing.
@Suite struct GuessingTests {
  private func warnings(_ trainer: Trainer, _ data: ImageDataset, epochs: Int) throws -> [String] {
    var warnings: [String] = []
    try trainer.fit(data, epochs: epochs, batchSize: 8) { event in
      if case .warning(let text) = event, text.contains("guessing") { warnings.append(text) }
    }
    return warnings
  }

  /// After the second epoch, and not again while it stays so.
  @Test func aNetworkThatLearnsNothingIsToldOnce() throws {
    let data = try Samples.data(1000)
    let dead = try Trainer(
      Sequential(input: .image(8, 8, 1)) {
        Rescale(1 / 255)
        Flatten()
        Dense(4, activation: .relu, biasInitializer: .constant(-1e6))
        Dense(3)
      }, optimizer: Adam(learningRate: 1e-3), loss: Samples.loss)
    let told = try warnings(dead, data, epochs: 4)
    #expect(told.count == 1)
    #expect(told.first?.contains("in epoch 2") == true)
    #expect(try warnings(try Samples.trainer(), data, epochs: 3) == [])
    // A hundred steps say nothing yet.
    #expect(try warnings(dead, data.prefix(400), epochs: 2) == [])
  }

  @Test func twoEpochsTogetherCount() throws {
    let guessing = try #require(Guessing(classCounts: [500, 300, 200]))
    // 3 · sqrt(0.5 · 0.5 / 1000) = 0.0474
    func told(_ accuracies: Double..., stepsPerEpoch: Int = 100) -> [Int] {
      let records = accuracies.enumerated().map { EpochRecord(epoch: $0 + 1, loss: 1, accuracy: $1) }
      return (1...records.count).filter {
        guessing.begins(in: Array(records[..<$0]), stepsPerEpoch: stepsPerEpoch)
      }
    }
    #expect(told(0.5, 0.547, 0.3, 0.5) == [2])
    #expect(told(0.5, 0.548, 0.5, 0.6) == [])
    #expect(told(0.9, 0.9, 0.5, 0.5, 0.5, 0.9, 0.5, 0.5) == [4, 8])
    #expect(told(0.5, 0.5, 0.5, 0.5, stepsPerEpoch: 60) == [4])
    #expect(told(.nan, .nan, .nan) == [])
    #expect(Guessing(classCounts: [10, 0]) == nil)
    #expect(Guessing(classCounts: []) == nil)
  }
}
