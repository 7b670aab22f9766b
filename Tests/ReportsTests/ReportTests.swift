import Foundation
import Martlet
import MartletReports
import MartletTestSupport
import Testing

/// The pages and figures that a program makes of its own training.
@Suite struct ReportTests {
  /// Class k is a bright bar over the columns 2k and 2k + 1.
  private static func bars(_ count: Int, name: String = "bars") throws -> ImageDataset {
    let labels = (0..<count).map { $0 % 3 }
    let pixels = labels.enumerated().flatMap { image, label in
      (0..<64).map { place -> UInt8 in
        place % 8 / 2 == label ? UInt8(200 + image % 50) : UInt8(image * 7 % 30)
      }
    }
    return try ImageDataset(
      name: name, classNames: ["left & first", "middle", "right"],
      images: Tensor(shape: [count, 8, 8, 1], scalars: pixels), labels: labels)
  }

  private static func model() throws -> Sequential {
    try Sequential(input: .image(8, 8, 1)) {
      Rescale(1 / 255)
      Conv2D(4, kernelSize: 3, activation: .relu)
      SpatialAttention()
      Flatten()
      Dropout(0.1)
      Dense(3)
    }
  }

  private static let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)

  /// What a page says, without its pictures.
  private static func text(_ html: String) -> String { html.replacing(#/data:image[^"]*/#, with: "") }

  private static func trained() throws -> (Trainer, History) {
    let trainer = try Trainer(
      try model(), optimizer: Adam(learningRate: 0.01), loss: loss, schedule: .exponentialDecay(factor: 0.9),
      seed: 3,
      threads: 1)
    let history = try trainer.fit(
      try bars(60), epochs: 3, batchSize: 8, validation: .last(0.2),
      callbacks: [.onEpochEnd { _, _ in }])
    return (trainer, history)
  }

  @Test func aTrainingGivesAPageOfAllItsParts() throws {
    let (trainer, history) = try Self.trained()
    let weights = trainer.parameters.sha256
    let (train, test) = (try Self.bars(60), try Self.bars(30))
    let report = try Report(trainer, history, train: train, test: test, name: "Small net")
    let html = report.html
    let sections = html.matches(of: #/<section id="([a-z]+)"/#).map { String($0.1) }
    #expect(
      sections == [
        "training", "confusion", "images", "classes", "filters", "attention", "maps", "time", "network",
        "settings",
      ])
    let result = try trainer.evaluate(test)
    let right = Int((result.accuracy * 30).rounded())
    #expect(html.contains("classifies \(right) of 30 test images rightly"))
    for text in [
      "<title>Small net on bars</title>", "left &amp; first", "adam, learning rate 0.01, beta1 0.9",
      "last 20.0%",
      weights, "Exponential Decay", "on_epoch_end",
    ] {
      let isThere = html.contains(text)
      #expect(isThere, "\(text)")
    }
    #expect(!Self.text(html).contains("Left out") && !Self.text(html).contains("nan"))
    // Looking into a network and timing it changes nothing.
    #expect(trainer.parameters.sha256 == weights)
    #expect(try trainer.fit(train, epochs: 1, batchSize: 8).weightsSHA256 == Self.fourEpochs(train))

    try withTemporaryFolder { folder in
      try report.write(to: folder + "/report.html")
      #expect(try String(contentsOfFile: folder + "/report.html", encoding: .utf8) == html)
    }
  }

  /// The weights of a training that was not looked at after its third epoch.
  private static func fourEpochs(_ train: ImageDataset) throws -> String {
    let (trainer, _) = try trained()
    return try trainer.fit(train, epochs: 1, batchSize: 8).weightsSHA256
  }

  @Test func aLoopOfOnesOwnGivesAPage() throws {
    let train = try Self.bars(60)
    let model = try Self.model()
    let step = try TrainingStep(model, optimizer: SGD(learningRate: 0.1), threads: 1) {
      network, images, labels in
      Self.loss(network(images), labels).mean()
    }
    let loader = try DataLoader(train, batchSize: 10)
    var records: [EpochRecord] = []
    for epoch in 1...2 {
      var sum = 0.0
      for batch in loader { sum += try Double(step(batch.images, batch.labels)) * Double(batch.count) }
      records.append(EpochRecord(epoch: epoch, loss: sum / 60))
    }
    let history = History(epochs: records)
    let trainer = try Trainer(model, loss: Self.loss, threads: 1, parameters: step.parameters)
    let html = try Report(trainer, history, train: train, test: train).html
    let text = Self.text(html)
    #expect(text.contains("After 2 epochs the network classifies"))
    #expect(text.contains(step.parameters.sha256))
    // What a loop did is not known.
    for word in [
      "nan", "Training, all epochs", "Batch size", "Schedule", "Learning rate", "Seconds",
      "adam, learning rate", "seed 0", "Ended because", "Started", "Threads", "Until the first step",
      "Planned for intermediate results",
    ] {
      let isThere = text.contains(word)
      #expect(!isThere, "\(word)")
    }
    // The step that is timed is the trainer's.
    #expect(text.contains("update of its weights by adam"))
    #expect(Plot.curves(history).svg.contains("Loss"))
    #expect(!Plot.curves(history).svg.contains("Accuracy"))
  }

  @Test func imagesPreparedOtherwiseAreRefused() throws {
    let (trainer, history) = try Self.trained()
    let other = try ImageDataset(
      name: "bars", classNames: ["a", "b", "c"],
      images: Tensor(shape: [1, 8, 8, 1], scalars: [UInt8](repeating: 0, count: 64)),
      labels: [0])
    #expect(throws: DatasetError.self) {
      try Report(trainer, history, train: try Self.bars(60), test: other)
    }
  }

  @Test func figuresShowWhatTheyAreGiven() throws {
    let (trainer, history) = try Self.trained()
    let test = try Self.bars(30)
    let result = try trainer.evaluate(test)
    let curves = Plot.curves(history, title: "My training").svg
    for text in ["My training", "Loss", "Accuracy (%)", "validation"] {
      #expect(curves.contains(text), "\(text)")
    }
    #expect(Plot.confusion(result, title: "Mistakes").svg.contains("left &amp; first"))
    #expect(Plot.confusion(result, isNormalized: true).svg != Plot.confusion(result).svg)
    #expect(Plot.classScores(result).svg.contains("Precision"))
    let lines = Plot.lines(
      ["Adam": [0.5, .nan, 0.7], "SGD": [0.4, 0.5, 0.6]], title: "Two", yLabel: "Accuracy"
    ).svg
    #expect(lines.contains("Adam") && lines.contains("SGD") && !lines.contains("nan"))
    let rates = Plot.learningRates(
      ["halves": .customFromCurrent { $1 / 2 }, "constant": .constant], learningRate: 0.1, epochs: 5
    ).svg
    #expect(rates.contains("halves"))
    try withTemporaryFolder { folder in
      try Plot.curves(history).write(to: folder + "/curves.png")
      #expect(FileManager.default.fileExists(atPath: folder + "/curves.png"))
      #expect(throws: FileError.self) { try Plot.curves(history).write(to: folder + "/curves.jpg") }
    }
  }

  @Test func imagesAreShownWithTheirClasses() throws {
    let data = try Self.bars(5)
    let svg = try Plot.images(data, at: 0..<5, predictions: [0, 1, 2, 1, 1], columns: 3).svg
    #expect(svg.contains(">as middle<"))
    #expect(svg.matches(of: #/>as /#).count == 1)
    #expect(svg.matches(of: #/>middle</#).count == 2)
    let large = try ImageDataset(
      name: "large", classNames: ["a", "b"],
      images: Tensor(shape: [1, 300, 500, 3], scalars: [UInt8](repeating: 90, count: 450_000)), labels: [1])
    // Made smaller by whole factors: 100 x 166, each row of one color a rectangle, besides the paper.
    #expect(try Plot.images(large, at: [0]).svg.matches(of: #/<rect/#).count == 101)
    #expect(throws: TrainingError.self) { try Plot.images(data, at: [5]) }
    #expect(throws: TrainingError.self) { try Plot.images(data, at: [0], columns: 0) }
    #expect(throws: TrainingError.self) { try Plot.images(data, at: [0], predictions: [0, 1]) }
    #expect(throws: TrainingError.self) { try Plot.images(data, at: [0], predictions: [0, 1, 2, 3, 0]) }
  }
}
