import MartletDatasets
import MartletNetworks
import MartletTensors

extension InferenceProgram {
  /// Classifies a data set and compares with its labels, for a program that evaluates.
  ///
  /// Weights, one for each image, count as they do in training.
  func evaluate(
    _ data: ImageDataset, batchSize: Int, _ metrics: [Metric] = [], weights: [Float]? = nil
  ) throws -> Evaluation {
    let loader = try DataLoader(data, batchSize: batchSize, shuffle: false)
    try input.check(data, labels: true)
    try parameters.preparation?.require(data.preparation)
    takeWeights()
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
          guard let weights else { return try run(images, batch: batch.count, labels: labels) }
          return try weights[range].withUnsafeBytes {
            try run(images, batch: batch.count, labels: labels, sampleWeights: $0.baseAddress)
          }
        }
      }
      // PyTorch's mean divides by the weights' sum, so that a batch counts by it.
      let part =
        network.preset == .pytorch
        ? weights.map { $0[range].reduce(0) { $0 + Double($1) } } ?? Double(batch.count) : Double(batch.count)
      loss += Double(program.output(Self.lossName)[0]) * part
      share += part
      for (index, metric) in metrics.enumerated() {
        sums[index] += Double(program.output(Objective.outputName(metric))[0])
      }
      predictions += program.output(Self.predictionsName).map { Int($0) }
    }
    // A network may have more classes than the data; each needs a row.
    let classes = max(input.labelBound(of: StepTrace.labelsName) ?? 0, data.classNames.count)
    let names = data.classNames + (data.classNames.count..<classes).map { "class \($0)" }
    let means = zip(metrics, sums).map { ($0.name, $1 / Double(data.count)) }
    return Evaluation(
      loss: loss / share, labels: data.labels, predictions: predictions, classNames: names,
      metrics: Dictionary(uniqueKeysWithValues: means))
  }
}
