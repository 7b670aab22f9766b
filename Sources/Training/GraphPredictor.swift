import MartletNetworks
import MartletTensors

/// A network of named inputs and outputs compiled to predict, with weights of its own; as `Predictor`,
/// several threads may call it at once.
///
/// ```swift
/// let predictor = try GraphPredictor(model, parameters: step.parameters)
/// let scores = try predictor.outputs(["left": .bytes(images), "right": .floats(facts)])["class"]
/// ```
///
/// A `Network` has the input `images` and the output `outputs`.
public final class GraphPredictor: Sendable {
  private let programs: PredictionPrograms

  /// Copies the weights of a network; it is compiled when it is called, once for each batch size.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - parameters: Its weights; nil takes initial ones.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  /// - Throws: The network's first mistake.
  public init(
    _ network: some GraphNetwork, parameters: Parameters? = nil, threads: Int? = nil,
    exact: ExactLayers = false
  ) throws {
    programs = try PredictionPrograms(network, parameters, threads: threads, exact: exact)
  }

  /// The network's outputs `[N, ...]` by name for inputs `[N, ...]` by name.
  ///
  /// - Throws: `TrainingError` that names the input whose shape does not fit.
  public func outputs(_ inputs: NamedData, batchSize: Int = 256) throws -> [String: Tensor<Float>] {
    try programs.run(.outputs, inputs, batchSize: batchSize)
  }

  /// The output `[N, ...]` of a layer inside the network for inputs `[N, ...]` by name.
  ///
  /// - Parameters:
  ///   - path: The layer's path, as the summary shows it.
  ///   - use: Which use of a layer that is applied several times, from 0.
  ///   - inputs: The samples by the inputs' names.
  ///   - batchSize: The samples of a batch, which decides the memory but hardly the result.
  /// - Throws: A mistake that lists the layers where none has this path.
  public func outputs(
    of path: String, use: Int = 0, _ inputs: NamedData, batchSize: Int = 256
  ) throws -> Tensor<Float> {
    let results = try programs.run(.layer(path, use: use), inputs, batchSize: batchSize)
    guard let result = results[path] else { preconditionFailure("\(path) was not computed") }
    return result
  }
}
