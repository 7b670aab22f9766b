import MartletCPU
import MartletDatasets
import MartletGraphs
import MartletNetworks

/// Classifies data sets and compares with their labels, without a `Trainer`.
///
/// ```swift
/// let evaluator = try Evaluator(step, network, loss: .sparseCategoricalCrossEntropy(fromLogits: true))
/// for epoch in 0..<5 {
///   for batch in loader { try step(batch.images, batch.labels) }
///   print(epoch, try evaluator(test).accuracy)
/// }
/// ```
public final class Evaluator {
  /// The weights and statistics, as they are at each evaluation.
  public let parameters: Parameters
  private let program: InferenceProgram

  /// Creates an evaluator of weights in a store.
  ///
  /// - Parameters:
  ///   - network: A classifier; puts out one score for each class.
  ///   - loss: The loss that is reported.
  ///   - metrics: Further figures that are reported.
  ///   - parameters: The network's weights.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: Keeps to direct sums where a faster algorithm rounds otherwise.
  /// - Throws: The first mistake of network or store.
  public convenience init(
    _ network: some Network, loss: Loss, metrics: [Metric] = [], parameters: Parameters,
    threads: Int? = nil, exact: Bool = false
  ) throws {
    try self.init(network, loss, metrics, [], parameters, try Engine(threads: threads, exact: exact))
  }

  /// Creates an evaluator of the weights that a step trains, which shares its threads and memory.
  ///
  /// - Parameters:
  ///   - step: The step that trains the network.
  ///   - network: The network of the step.
  ///   - loss: The loss that is reported.
  ///   - metrics: Further figures that are reported.
  /// - Throws: The first mistake of network or store.
  public convenience init(
    _ step: TrainingStep, _ network: some Network, loss: Loss, metrics: [Metric] = []
  ) throws {
    try self.init(network, loss, metrics, step.frozen, step.parameters, step.engine)
  }

  private init(
    _ network: some Network, _ loss: Loss, _ metrics: [Metric], _ frozen: Set<String>,
    _ parameters: Parameters, _ engine: Engine
  ) throws {
    let input = try BatchInput(network)
    guard let classes = input.classes else {
      throw ModelError(
        path: "outputs", expected: "one score for each class, [batch, classes]", received: "another rank",
        hint: "End the network with Flatten() and Dense(classes).")
    }
    let objective = Objective(loss: loss, metrics: metrics)
    try objective.check(classes: classes)
    self.parameters = parameters
    program = InferenceProgram(
      network, .evaluation(objective, frozen: frozen), parameters, input, engine)
  }

  /// Classifies a data set and compares with its labels.
  ///
  /// - Parameters:
  ///   - data: The images.
  ///   - batchSize: The images of a batch, which decides the memory but hardly the result.
  /// - Throws: A mistake where images or labels do not fit the network.
  public func callAsFunction(_ data: ImageDataset, batchSize: Int = 256) throws -> Evaluation {
    try program.evaluate(data, batchSize: batchSize)
  }
}

extension InferenceProgram {
  /// Classifies a data set and compares with its labels.
  ///
  /// - Parameter weights: One for each image, where they count as they do in training.
  func evaluate(_ data: ImageDataset, batchSize: Int = 256, weights: [Float]? = nil) throws -> Evaluation {
    let loader = try DataLoader(data, batchSize: batchSize, shuffle: false)
    try input.check(data, labels: true)
    var (loss, share) = (0.0, 0.0)
    var sums = [Double](repeating: 0, count: metrics.count)
    var predictions: [Int] = []
    predictions.reserveCapacity(data.count)
    for batch in loader.batches(epoch: 0) {
      // The loader does not shuffle, so a batch's weights are a slice.
      let range = predictions.count..<predictions.count + batch.count
      let program = try run(batch, weights: weights?[range])
      // PyTorch's mean divides by the weights' sum, so that a batch counts by it.
      let part = weights.map { weights in weights[range].reduce(0) { $0 + Double($1) } }
      let counted = isPyTorch ? part ?? Double(batch.count) : Double(batch.count)
      loss += Double(program.output(Self.lossName)[0]) * counted
      share += counted
      for (index, metric) in metrics.enumerated() {
        sums[index] += Double(program.output(Objective.outputName(metric))[0])
      }
      predictions += program.output(Self.predictionsName).map { Int($0) }
    }
    // A network may have more classes than the data; each needs a row.
    let classes = max(input.classes ?? 0, data.classNames.count)
    let names = data.classNames + (data.classNames.count..<classes).map { "class \($0)" }
    let means = zip(metrics, sums).map { ($0.name, $1 / Double(data.count)) }
    return Evaluation(
      loss: loss / share, labels: data.labels, predictions: predictions, classNames: names,
      metrics: Dictionary(uniqueKeysWithValues: means))
  }

  private func run(_ batch: Batch, weights: ArraySlice<Float>?) throws -> Executable {
    try batch.images.scalars.withUnsafeBytes { images in
      try batch.labels.scalars.withUnsafeBytes { labels in
        guard let images = images.baseAddress, let labels = labels.baseAddress else {
          preconditionFailure("a batch of \(batch.count) images has no bytes")
        }
        guard let weights else { return try run(images, batch: batch.count, labels: labels) }
        return try weights.withUnsafeBytes {
          try run(images, batch: batch.count, labels: labels, sampleWeights: $0.baseAddress)
        }
      }
    }
  }
}
