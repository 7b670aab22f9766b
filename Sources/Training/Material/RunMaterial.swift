import MartletDatasets
import MartletGraphs
import MartletNetworks
import MartletRuns
import MartletTensors

/// Gathers what a report needs from a network that has been trained.
package struct RunMaterial {
  let trainer: Trainer
  let train: ImageDataset
  let test: ImageDataset
  /// The images of the step whose times are measured.
  let batchSize: Int

  private static let profileRepeats = 5

  package init(_ trainer: Trainer, train: ImageDataset, test: ImageDataset, batchSize: Int) {
    self.trainer = trainer
    self.train = train
    self.test = test
    self.batchSize = batchSize
  }

  /// Everything, for the evaluation of the test images.
  package func gathered(_ evaluation: Evaluation) throws -> ReportMaterial {
    let details = try details()
    let predictions = try predictions(evaluation)
    return ReportMaterial(
      details: details, predictions: predictions, views: try views(evaluation, details.layers))
  }

  private func details() throws -> RunDetails {
    let summary = trainer.summary(batchSize: batchSize)
    return RunDetails(
      network: summary.name,
      layers: summary.rows.map {
        RunDetails.Layer(
          name: $0.name, type: $0.type, shape: $0.outputShape.dropFirst().compactMap(\.self),
          parameters: $0.parameters)
      },
      nodes: trainer.network.layerNodes(summary), parameters: summary.parameters,
      trainableParameters: summary.trainableParameters, flops: summary.flops,
      activationBytes: summary.activationBytes, trainImages: train.count, testImages: test.count,
      profile: try profile())
  }

  /// Measures the steps of a training step on a store of its own, because measuring changes it.
  private func profile() throws -> RunDetails.Profile {
    let other = try trainer.freshStep()
    let batch = min(batchSize, train.count)
    var steps: [RunDetails.Profile.Step] = []
    for batch in try DataLoader(train, batchSize: batch, shuffle: false).prefix(1) {
      let program = try batch.images.scalars.withUnsafeBytes {
        try other.advance($0, shape: batch.images.shape, .uint8, batch.labels)
      }
      steps = program.profile(repeats: Self.profileRepeats).map {
        RunDetails.Profile.Step(name: $0.name, layer: $0.path, seconds: $0.seconds, flops: $0.cost.flops)
      }
    }
    return RunDetails.Profile(
      batch: batch, threads: trainer.threads, optimizer: trainer.optimizer.name, steps: steps)
  }

  private func predictions(_ evaluation: Evaluation) throws -> PredictionRecord {
    let values = try trainer.predict(test)
    let columns = values.shape[1]
    /// One output is the probability of class 1 against class 0.
    func probability(_ image: Int, _ index: Int) -> Float {
      let value = values.scalars[image * columns + (columns == 1 ? 0 : index)]
      return columns == 1 && index == 0 ? 1 - value : value
    }
    let labels = test.labels.map { Int($0) }
    var record = PredictionRecord(
      labels: labels, predictions: evaluation.predictions,
      trueProbabilities: labels.enumerated().map { probability($0, $1) },
      probabilities: evaluation.predictions.enumerated().map { probability($0, $1) }, shape: [],
      pictures: [])
    let scale = PictureScale(test.imageShape, longest: 64)
    record.shape = scale.shape
    record.pictures = record.worthShowing(bytes: scale.shape.reduce(1, *)).map { index in
      PredictionRecord.Picture(
        index: index, pixels: scale.applied(to: test.image(at: index).scalars),
        probabilities: (0..<max(2, columns)).map { probability(index, $0) })
    }
    return record
  }
}

extension PredictionRecord {
  /// The most pictures of a run, and the most bytes of their pixels: a page must stay below 3 MB.
  private static let most = (pictures: 640, bytes: 900_000)
  /// The most wrong and the least sure images that are kept, and the images of a confused pair.
  private static let kept = (worst: 24, perPair: 8)

  /// The images of which a report shows the pictures: the most wrong, the least sure, then of each confused
  /// pair of classes one, then a second one and so on, as long as there is room.
  func worthShowing(bytes: Int) -> [Int] {
    var chosen: [Int] = []
    var known: Set<Int> = []
    func add(_ image: Int) { if known.insert(image).inserted { chosen.append(image) } }
    mostWrong.prefix(Self.kept.worst).forEach(add)
    leastSure.prefix(Self.kept.worst).forEach(add)
    let pairs = confusedPairs
    for round in 0..<Self.kept.perPair {
      for pair in pairs where round < pair.images.count { add(pair.images[round]) }
    }
    return Array(chosen.prefix(min(Self.most.pictures, max(Self.kept.worst, Self.most.bytes / bytes))))
  }
}
