import Foundation
import Martlet
import MartletTraining
import Testing

@Suite struct EvaluationTests {
  @Test func scoresByHand() {
    // Class a: 3 images, 2 found, once taken wrongly; b: 2 images, 1 found; c: none, taken once.
    let evaluation = Evaluation(
      loss: 0.5, labels: [0, 0, 0, 1, 1], predictions: [0, 0, 1, 0, 2], classNames: ["a", "b", "c"])
    #expect(evaluation.accuracy == 0.4)
    #expect(evaluation.confusion == [[2, 1, 0], [1, 0, 1], [0, 0, 0]])
    #expect(evaluation.perClass.map(\.support) == [3, 2, 0])
    #expect(evaluation.perClass.map(\.precision) == [2.0 / 3, 0, 0])
    #expect(evaluation.perClass.map(\.recall) == [2.0 / 3, 0, 0])
    #expect(evaluation.perClass.map(\.f1) == [2.0 / 3, 0, 0])
    #expect(abs(evaluation.weighted.f1 - 0.4) < 1e-12)
    #expect(abs(evaluation.macro.precision - 2.0 / 9) < 1e-12)
    let other = Evaluation(
      loss: 0, labels: [0, 0, 0, 0, 1], predictions: [0, 1, 1, 1, 1], classNames: ["a", "b"])
    #expect(other.perClass[0].precision == 1 && other.perClass[0].recall == 0.25)
    #expect(abs(other.perClass[0].f1 - 0.4) < 1e-12)
    #expect(other.perClass[1].precision == 0.25 && other.perClass[1].recall == 1)
    #expect(abs(other.weighted.precision - (4 * 1 + 0.25) / 5) < 1e-12)
    #expect(abs(other.macro.recall - 0.625) < 1e-12)
  }

  @Test func theTextHasALineForEachClass() {
    let evaluation = Evaluation(
      loss: 0.5, labels: [0, 0, 0, 0, 1], predictions: [0, 1, 1, 1, 1], classNames: ["a", "boat"])
    #expect(
      evaluation.description == """
        loss 0.5000  accuracy 0.4000  (5 images)
                      precision    recall        F1    images
        a                1.0000    0.2500    0.4000         4
        boat             0.2500    1.0000    0.4000         1
        weighted mean    0.8500    0.4000    0.4000         5
        macro mean       0.6250    0.6250    0.4000         5
        """)
  }

  @Test func evaluationAgreesWithPredictions() throws {
    let trainer = try Samples.trainer()
    let data = try Samples.data(75)
    try trainer.fit(data, epochs: 2, batchSize: 16)
    let evaluation = try trainer.evaluate(data)
    let probabilities = try trainer.predict(data)
    #expect(probabilities.shape == [75, 3])
    var (loss, right) = (0.0, 0)
    for index in 0..<75 {
      let row = probabilities.scalars[index * 3..<index * 3 + 3]
      #expect(abs(row.reduce(0, +) - 1) < 1e-5)
      let best = try #require(row.indices.max { row[$0] < row[$1] }) - index * 3
      #expect(best == evaluation.predictions[index])
      right += best == data.label(at: index) ? 1 : 0
      loss -= log(Double(row[index * 3 + data.label(at: index)]))
    }
    #expect(evaluation.accuracy == Double(right) / 75)
    #expect(abs(evaluation.loss - loss / 75) < 1e-4)
    #expect(evaluation.confusion.flatMap { $0 }.reduce(0, +) == 75)
    // Neither the batch size nor the way the images come changes anything but the last bits.
    let small = try trainer.evaluate(data, batchSize: 32)
    #expect(small.predictions == evaluation.predictions)
    #expect(abs(small.loss - evaluation.loss) < 1e-6)
    let batch = try #require(try DataLoader(data, batchSize: 75, shuffle: false).makeIterator().next())
    #expect(try trainer.predict(batch.images) == probabilities)
    let predictor = try Predictor(Samples.network(), parameters: trainer.parameters, threads: 1)
    #expect(try predictor.probabilities(batch.images, batchSize: 75) == probabilities)
    let scores = try predictor.outputs(batch.images)
    #expect(scores.shape == [75, 3] && scores != probabilities)
  }

  @Test func evaluationChangesNothing() throws {
    let trainer = try Samples.trainer()
    let before = trainer.parameters.sha256
    let first = try trainer.evaluate(try Samples.data(40))
    #expect(try trainer.evaluate(try Samples.data(40)) == first)
    #expect(trainer.parameters.sha256 == before)
  }

  @Test func softmaxIsAppliedOnce() throws {
    func predictor(_ activation: ActivationFunction) throws -> Predictor {
      try Predictor(
        Sequential(input: .image(8, 8, 1)) {
          Rescale(1 / 255)
          Flatten()
          Dense(3, activation: activation)
        }, threads: 1)
    }
    let images = Tensor<UInt8>(shape: [2, 8, 8, 1], scalars: (0..<128).map { UInt8($0) })
    let (plain, ended) = (try predictor(.linear), try predictor(.softmax))
    #expect(try plain.probabilities(images) == ended.probabilities(images))
    #expect(try ended.outputs(images) == ended.probabilities(images))
    #expect(try plain.outputs(images) != plain.probabilities(images))
  }

  @Test func penaltiesCountInTheReportedLoss() throws {
    func loss(_ factor: Double) throws -> Double {
      let network = try Sequential(input: .image(8, 8, 1)) {
        Rescale(1 / 255)
        Flatten()
        Dense(3, kernelRegularizer: .l2(factor))
      }
      return try Samples.trainer(network).evaluate(try Samples.data(20), batchSize: 8).loss
    }
    #expect(try loss(1) > loss(0) + 0.1)
  }
}
