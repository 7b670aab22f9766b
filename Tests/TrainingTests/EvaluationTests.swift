import Foundation
import Martlet
import MartletCases
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

  /// Five classes, of which one has no images and one is never predicted.
  private func evaluation(_ golden: RuleGolden) -> Evaluation {
    Evaluation(
      loss: 0, labels: golden.integers("evaluation/labels"),
      predictions: golden.integers("evaluation/predictions").map { Int($0) },
      classNames: ["apple", "pear", "a much longer name", "plum", "fig"])
  }

  @Test func scoresAgreeWithScikitLearn() throws {
    let golden = try RuleGolden()
    let evaluation = evaluation(golden)
    func check(_ values: [Double], _ name: String) {
      let worst = golden.worst(of: values, "evaluation/\(name)")
      #expect(worst.fraction <= 1, "\(name): \(worst.place)")
    }
    let classes = evaluation.perClass
    check(
      classes.map(\.precision) + classes.map(\.recall) + classes.map(\.f1)
        + classes.map { Double($0.support) }, "classes")
    #expect(classes.contains { $0.support == 0 } && evaluation.confusion.contains { $0[3] == 0 })
    for (name, mean) in [
      ("macro", evaluation.macro), ("weighted", evaluation.weighted), ("micro", evaluation.micro),
    ] {
      check([mean.precision, mean.recall, mean.f1], name)
    }
    for (name, normalization) in [
      ("true", Evaluation.Normalization.trueClass), ("pred", .predictedClass), ("all", .all),
    ] {
      check(evaluation.confusion(normalizedBy: normalization).flatMap { $0 }, "confusion-\(name)")
    }
    check([evaluation.cohenKappa, evaluation.matthewsCorrelation], "agreement")
  }

  @Test func agreementIsZeroWhereThereIsNothingToAgreeOn() {
    let one = Evaluation(loss: 0, labels: [0, 0], predictions: [0, 0], classNames: ["a", "b"])
    #expect(one.cohenKappa == 0 && one.matthewsCorrelation == 0)
    let right = Evaluation(loss: 0, labels: [0, 1], predictions: [0, 1], classNames: ["a", "b"])
    #expect(right.cohenKappa == 1 && right.matthewsCorrelation == 1)
    let wrong = Evaluation(loss: 0, labels: [0, 1], predictions: [1, 0], classNames: ["a", "b"])
    #expect(wrong.cohenKappa == -1 && wrong.matthewsCorrelation == -1)
  }

  @Test(arguments: [2, 4]) func theReportIsScikitLearns(_ digits: Int) throws {
    let golden = try RuleGolden()
    let text = try #require(golden.note("report\(digits)"))
    #expect(evaluation(golden).classificationReport(digits: digits) == text)
  }

  /// A `Double` knows 15 decimals.
  @Test func theReportHasNoMoreDecimalsThanANumber() throws {
    let evaluation = evaluation(try RuleGolden())
    #expect(evaluation.classificationReport(digits: 30) == evaluation.classificationReport(digits: 15))
  }

  /// One output stands for two classes, also where the data know one.
  @Test func oneClassOfTwoIsEvaluated() throws {
    let network = try Sequential(input: .image(8, 8, 1)) {
      Rescale(1 / 255)
      Flatten()
      Dense(1, biasInitializer: .ones)
    }
    let trainer = try Trainer(network, loss: .binaryCrossEntropy(fromLogits: true), seed: 1, threads: 1)
    let data = try ImageDataset(
      name: "one class", classNames: ["only"], images: Tensor(repeating: 0, shape: [4, 8, 8, 1]),
      labels: [0, 0, 0, 0])
    let evaluation = try trainer.evaluate(data)
    #expect(evaluation.predictions == [1, 1, 1, 1] && evaluation.confusion == [[0, 4], [0, 0]])
  }

  private func probabilities(_ golden: RuleGolden, _ name: String) throws -> ClassProbabilities {
    try ClassProbabilities(
      labels: golden.integers("evaluation/labels"),
      values: Tensor(shape: [40, 4], scalars: golden["evaluation/\(name)"].map { Float($0) }))
  }

  @Test(arguments: ["tied", "fine"]) func areasAndTopKAgreeWithThePeers(_ name: String) throws {
    let golden = try RuleGolden()
    let kept = try probabilities(golden, name)
    let areas = try kept.aucOfClasses.map { try #require($0) } + [kept.auc(), kept.auc(.weighted)]
    let worst = golden.worst(of: areas, "evaluation/auc-\(name)")
    #expect(worst.fraction <= 1, "\(worst.place)")
    for k in 1...3 {
      let found = golden.worst(of: [try kept.topKAccuracy(k)], "evaluation/top\(k)-\(name)")
      #expect(found.fraction <= 1, "top \(k): \(found.place)")
    }
    #expect(try kept.topKAccuracy(4) == 1)
  }

  @Test func oneColumnStandsForTwoClasses() throws {
    let golden = try RuleGolden()
    let four = golden["evaluation/tied"]
    let scores = (0..<40).map { Float(four[4 * $0 + 2] + four[4 * $0 + 3]) }
    let labels = golden.integers("evaluation/labels").map { $0 > 1 ? Int32(1) : 0 }
    let one = try ClassProbabilities(labels: labels, values: Tensor(shape: [40, 1], scalars: scores))
    let two = try ClassProbabilities(
      labels: labels, values: Tensor(shape: [40, 2], scalars: scores.flatMap { [1 - $0, $0] }))
    for kept in [one, two] {
      #expect(golden.worst(of: [try kept.auc()], "evaluation/auc-binary").fraction <= 1)
      #expect(kept.classes == 2)
    }
    #expect(try one.topKAccuracy(1) == two.topKAccuracy(1))
  }

  @Test func figuresThatCannotBeAreRefused() throws {
    let values = Tensor<Float>(shape: [2, 2], scalars: [0.5, 0.5, 0.25, 0.75])
    #expect(
      text { _ = try ClassProbabilities(labels: [1, 1], values: values).auc() }
        == "auc: expected images of at least two classes, received images of one class")
    #expect(text { _ = try ClassProbabilities(labels: [0], values: values) }.contains("shape [1, classes]"))
    #expect(
      text { _ = try ClassProbabilities(labels: [0, 2], values: values) }
        .contains("labels from 0 to 1, as there are 2 classes, received 2"))
    let kept = try ClassProbabilities(labels: [0, 1], values: values)
    #expect(text { _ = try kept.topKAccuracy(0) }.contains("k of at least 1, received 0"))
    // No number is never right.
    let empty = Tensor<Float>(shape: [2, 2], scalars: [.nan, .nan, 0, 1])
    #expect(try ClassProbabilities(labels: [0, 1], values: empty).topKAccuracy(2) == 0.5)
  }
}
