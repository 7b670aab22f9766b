import MartletDatasets
import MartletNetworks
import MartletTensors

extension Trainer {
  /// Classifies a data set and compares with its labels.
  ///
  /// - Parameters:
  ///   - data: The images.
  ///   - batchSize: The images of a batch, which decides the memory but hardly the result.
  ///   - metrics: The figures besides loss and accuracy; nil takes the trainer's.
  /// - Throws: A mistake where images or labels do not fit the network.
  public func evaluate(
    _ data: ImageDataset, batchSize: Int = 256, metrics: [Metric]? = nil
  ) throws -> Evaluation {
    guard let metrics else { return try evaluate(data, batchSize: batchSize, evaluation, self.metrics) }
    var objective = objective
    objective.metrics = metrics
    try objective.check(classes: classes)
    return try evaluate(data, batchSize: batchSize, evaluationProgram(objective), metrics)
  }

  /// Evaluates with a program; weights, one for each image, count as they do in training.
  func evaluate(
    _ data: ImageDataset, batchSize: Int = 256, _ program: InferenceProgram, _ metrics: [Metric],
    weights: [Float]? = nil
  ) throws -> Evaluation {
    let loader = try DataLoader(data, batchSize: batchSize, shuffle: false)
    try step.input.check(data, labels: true)
    var (loss, share) = (0.0, 0.0)
    var sums = [Double](repeating: 0, count: metrics.count)
    var predictions: [Int] = []
    predictions.reserveCapacity(data.count)
    for batch in loader.batches(epoch: 0) {
      // The loader does not shuffle, so a batch's weights are a slice.
      let range = predictions.count..<predictions.count + batch.count
      let program = try batch.images.scalars.withUnsafeBytes { images in
        try batch.labels.scalars.withUnsafeBytes { labels in
          guard let images = images.baseAddress, let labels = labels.baseAddress else {
            preconditionFailure("a batch of \(batch.count) images has no bytes")
          }
          guard let weights else { return try program.run(images, batch: batch.count, labels: labels) }
          return try weights[range].withUnsafeBytes {
            try program.run(images, batch: batch.count, labels: labels, sampleWeights: $0.baseAddress)
          }
        }
      }
      // PyTorch's mean divides by the weights' sum, so that a batch counts by it.
      let part =
        network.preset == .pytorch
        ? weights.map { $0[range].reduce(0) { $0 + Double($1) } } ?? Double(batch.count) : Double(batch.count)
      loss += Double(program.output(InferenceProgram.lossName)[0]) * part
      share += part
      for (index, metric) in metrics.enumerated() {
        sums[index] += Double(program.output(Objective.outputName(metric))[0])
      }
      predictions += program.output(InferenceProgram.predictionsName).map { Int($0) }
    }
    // A network may have more classes than the data; each needs a row.
    let names =
      data.classNames + (data.classNames.count..<max(classes, data.classNames.count)).map { "class \($0)" }
    let means = zip(metrics, sums).map { ($0.name, $1 / Double(data.count)) }
    return Evaluation(
      loss: loss / share, labels: data.labels, predictions: predictions, classNames: names,
      metrics: Dictionary(uniqueKeysWithValues: means))
  }

  /// The probabilities `[N, classes]` of images `[N, ...]` of bytes.
  ///
  /// Scores go through a softmax; outputs that a softmax made stay as they are.
  public func predict(_ images: Tensor<UInt8>, batchSize: Int = 256) throws -> Tensor<Float> {
    try prediction.outputs(images, batchSize: batchSize)
  }

  /// The probabilities `[N, classes]` of a data set's images, in their order.
  public func predict(_ data: ImageDataset, batchSize: Int = 256) throws -> Tensor<Float> {
    try prediction.outputs(data, batchSize: batchSize)
  }
}

extension BatchInput {
  /// Checks that a data set's images, and its labels, fit the network.
  func check(_ data: ImageDataset, labels: Bool) throws(TrainingError) {
    guard spec.element == .uint8, data.imageShape == spec.shape else {
      throw TrainingError(
        .badData, at: data.name,
        expected: "images [\(Self.list(spec.shape))] of \(spec.element), as the network takes",
        received: "images [\(Self.list(data.imageShape))] of uint8",
        hint: "build the network with input: .image(\(Self.list(data.imageShape)))")
    }
    guard labels else { return }
    let all = data.labels
    if let index = wrongLabel(in: all) {
      throw outOfRange(all[index], at: "\(data.name), image \(index)")
    }
  }
}
