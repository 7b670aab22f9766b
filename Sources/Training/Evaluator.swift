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
  private let metrics: [Metric]
  private let program: InferenceProgram

  /// Creates an evaluator of weights in a store.
  ///
  /// - Parameters:
  ///   - network: A classifier; puts out one score for each class.
  ///   - loss: The loss that is reported.
  ///   - metrics: Further figures that are reported.
  ///   - parameters: The network's weights.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  /// - Throws: The first mistake of network or store.
  public convenience init(
    _ network: some Network, loss: Loss, metrics: [Metric] = [], parameters: Parameters,
    threads: Int? = nil, exact: ExactLayers = false
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
    self.metrics = metrics
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
    try program.evaluate(data, batchSize: batchSize, metrics)
  }
}
