import Foundation
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

@Suite struct ReportMaterialTests {
  static let details = RunDetails(
    network: "ConvNet",
    layers: [
      .init(name: "Input", type: "InputLayer", shape: [4, 4, 1], parameters: 0),
      .init(name: "conv2d", type: "Conv2D", shape: [4, 4, 2], parameters: 20),
    ],
    nodes: [
      .init(name: "Input", type: "InputLayer", shape: [4, 4, 1], inputs: []),
      .init(name: "conv2d", type: "Conv2D", shape: [4, 4, 2], inputs: [0]),
    ], parameters: 20, trainableParameters: 18, flops: 640, activationBytes: 128, trainImages: 9,
    testImages: 3,
    profile: .init(
      batch: 8, threads: 2, optimizer: "adam",
      steps: [.init(name: "conv2d: conv 3x3", layer: "conv2d", seconds: 0.25, flops: 1_000)]))

  static let predictions = PredictionRecord(
    labels: [0, 1, 0], predictions: [0, 0, 1], trueProbabilities: [0.75, 0.25, 0.125],
    probabilities: [0.75, 0.75, 0.875], shape: [1, 2, 1],
    pictures: [.init(index: 2, pixels: [7, 9], probabilities: [0.125, 0.875])])

  static let views = NetworkViews(
    filterLayer: "conv2d", filters: Tensor(shape: [1, 1, 1, 2], scalars: [0.5, -0.5]),
    samples: Tensor(shape: [1, 1, 2, 1], scalars: [1, 2]), labels: [1], predictions: [0],
    maps: [.init(layer: "conv2d", values: Tensor(shape: [1, 2, 1, 1], scalars: [0, 255]), channels: 40)],
    positions: [.init(layer: "spatial", values: Tensor(shape: [1, 1, 2], scalars: [0.25, 0.5]))],
    channels: [.init(layer: "channel", values: Tensor(shape: [1, 3], scalars: [0, 0.5, 1]))])

  static let robustness = RobustnessRecord(
    accuracy: 0.5, images: 3, rows: [.init(change: "noise", strength: 0.1, unit: "deviation", accuracy: 0.25)]
  )

  private func record(at path: String) throws -> RunRecord {
    _ = try Sample.folder(at: path)
    return try RunRecord.load(path)
  }

  @Test func allPartsAreReadBack() throws {
    try withTemporaryFolder { folder in
      let record = try record(at: folder + "/run")
      try ReportMaterial(
        details: Self.details, predictions: Self.predictions, views: Self.views, robustness: Self.robustness
      ).write(to: record.path)
      let material = record.material { Issue.record("\($0)") }
      #expect(material.details == Self.details)
      #expect(material.predictions == Self.predictions)
      #expect(material.views == Self.views)
      #expect(material.robustness == Self.robustness)
    }
  }

  @Test func missingPartsAreNil() throws {
    try withTemporaryFolder { folder in
      let material = try record(at: folder + "/run").material { Issue.record("\($0)") }
      #expect(material.details == nil && material.predictions == nil && material.views == nil)
      #expect(material.robustness == nil)
    }
  }

  @Test func aBrokenPartIsToldAndTheOthersAreRead() throws {
    try withTemporaryFolder { folder in
      let record = try record(at: folder + "/run")
      try ReportMaterial(details: Self.details, predictions: Self.predictions, views: Self.views)
        .write(to: record.path)
      let path = record.path + "/predictions.safetensors"
      var bytes = try InputFile.contents(of: path, limit: 1 << 20)
      bytes[bytes.count - 1] ^= 1
      try AtomicFile.write(bytes, to: path)
      try AtomicFile.write(Array("{}".utf8), to: record.path + "/details.json")
      var problems: [String] = []
      let material = record.material { problems.append($0) }
      #expect(material.details == nil && material.predictions == nil && material.views == Self.views)
      #expect(problems.count == 2 && problems.allSatisfy { $0.contains("left out") })
      #expect(problems[0].contains("details.json") && problems[1].contains("predictions.safetensors"))
    }
  }

  /// A drawing whose arrows point nowhere would be wrong.
  @Test func nodesThatReadWhatComesLaterAreDropped() throws {
    var details = Self.details
    details.nodes[0].inputs = [1]
    #expect(RunDetails(details.json)?.nodes == [])
    #expect(RunDetails(details.json)?.layers == details.layers)
  }

  /// A training changes the weights, so that what was told of them no longer holds.
  @Test func theBeginOfATrainingRemovesTheParts() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      try ReportMaterial(details: Self.details).write(to: try record(at: path).path)
      let folder = try RunFolder.resume(at: path, onProblem: { _ in }).folder
      #expect(FileManager.default.fileExists(atPath: path + "/details.json"))
      try folder.begin(after: 0)
      #expect(!FileManager.default.fileExists(atPath: path + "/details.json"))
    }
  }

  /// Measured after the training, it is not measured again at the end of one that had nothing left to do.
  @Test func robustnessStaysUntilAStepIsMade() throws {
    try withTemporaryFolder { folder in
      for epoch in [0, 1] {
        let path = "\(folder)/\(epoch)"
        let file = path + "/robustness.json"
        try ReportMaterial(robustness: Self.robustness).write(to: try record(at: path).path)
        let folder = try RunFolder.resume(at: path, onProblem: { _ in }).folder
        try folder.begin(after: 0)
        folder.append(.result(Sample.result))
        #expect(FileManager.default.fileExists(atPath: file))
        if epoch == 1 { folder.append(Sample.epoch(1)) }
        try folder.saveCheckpoint(Sample.weights(1), epoch: epoch)
        #expect(!FileManager.default.fileExists(atPath: file))
      }
    }
  }

  @Test func imagesAreOrderedByWhatIsWorthSeeing() {
    let record = PredictionRecord(
      labels: [0, 0, 1, 1, 2], predictions: [0, 1, 0, 1, 0],
      trueProbabilities: [0.9, 0.1, 0.3, 0.4, 0.2], probabilities: [0.9, 0.6, 0.65, 0.4, 0.65],
      shape: [1, 1, 1], pictures: [])
    // Of equally sure mistakes the one that gave the truth less comes first.
    #expect(record.mostWrong == [4, 2, 1])
    #expect(record.leastSure == [3, 1, 2, 4, 0])
    #expect(record.confusedPairs.map(\.images) == [[1], [2], [4]])
    #expect(record.confusedPairs.map { [$0.label, $0.prediction] } == [[0, 1], [1, 0], [2, 0]])
  }
}
