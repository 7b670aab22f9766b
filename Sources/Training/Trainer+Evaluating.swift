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
    try program.evaluate(data, batchSize: batchSize, metrics, weights: weights)
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
