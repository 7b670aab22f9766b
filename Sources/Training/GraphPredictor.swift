import MartletCPU
import MartletGraphs
import MartletNetworks
import MartletTensors

/// Predicts with a network of named inputs and outputs; nothing is random and nothing changes.
///
/// ```swift
/// let predictor = try GraphPredictor(model, parameters: step.parameters)
/// let scores = try predictor.outputs(["left": .bytes(images), "right": .floats(facts)])["class"]
/// ```
///
/// A `Network` has the input `images` and the output `outputs`.
public final class GraphPredictor {
  /// The weights and statistics.
  public let parameters: Parameters
  private let values: ValuePrograms

  /// Creates a predictor.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - parameters: Its weights; nil makes initial ones, into which a file can be loaded.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: Keeps to direct sums where a faster algorithm rounds otherwise.
  /// - Throws: The network's first mistake.
  public init(
    _ network: some GraphNetwork, parameters: Parameters? = nil, threads: Int? = nil, exact: Bool = false
  ) throws {
    let graph = Graph(purpose: .inference)
    _ = network.traceOutputs(batch: 1, into: graph)
    try graph.check()
    let store = parameters ?? Parameters(seed: 0)
    try store.addMissing(graph.parameters)
    self.parameters = store
    values = ValuePrograms(network, store, try Engine(threads: threads, exact: exact))
  }

  /// The network's outputs `[N, ...]` by name for inputs `[N, ...]` by name.
  ///
  /// - Throws: `TrainingError` that names the input whose shape does not fit.
  public func outputs(_ inputs: NamedData, batchSize: Int = 256) throws -> [String: Tensor<Float>] {
    try values.outputs(inputs, batchSize: batchSize)
  }

  /// The output `[N, ...]` of a layer inside the network for inputs `[N, ...]` by name.
  ///
  /// - Parameters:
  ///   - path: The layer's path, as the summary shows it.
  ///   - use: Which use of a layer that is applied several times, from 0.
  ///   - batchSize: The samples of a batch, which decides the memory but hardly the result.
  /// - Throws: A mistake that lists the layers where none has this path.
  public func outputs(
    of path: String, use: Int = 0, _ inputs: NamedData, batchSize: Int = 256
  ) throws -> Tensor<Float> {
    try values.layer(path, use: use, inputs, batchSize: batchSize)
  }
}

/// A network compiled to compute its outputs, or a layer's, once for each batch size.
final class ValuePrograms {
  let input: BatchInput
  private let network: any GraphNetwork
  private let parameters: Parameters
  private let engine: Engine
  private var programs: [Key: Executable] = [:]

  /// What is computed: a use of a layer, or all outputs.
  private struct Key: Hashable {
    var path: String?
    var use = 0
    var batch = 0
  }

  init(_ network: any GraphNetwork, _ parameters: Parameters, _ engine: Engine) {
    self.network = network
    self.parameters = parameters
    self.engine = engine
    input = BatchInput(network)
  }

  func outputs(_ data: NamedData, batchSize: Int) throws -> [String: Tensor<Float>] {
    try run(Key(), data, batchSize: batchSize)
  }

  func layer(_ path: String, use: Int, _ data: NamedData, batchSize: Int) throws -> Tensor<Float> {
    let results = try run(Key(path: path, use: use), data, batchSize: batchSize)
    guard let result = results[path] else { preconditionFailure("\(path) was not computed") }
    return result
  }

  private func run(_ key: Key, _ data: NamedData, batchSize: Int) throws -> [String: Tensor<Float>] {
    let count = try input.batch(of: data)
    try BatchInput.check(batchSize: batchSize)
    var collected: [String: CollectedOutputs] = [:]
    try data.withSamples(count: count) { samples in
      for start in stride(from: 0, to: count, by: batchSize) {
        var key = key
        key.batch = min(batchSize, count - start)
        let program = try program(key)
        for sample in samples { program.setInput(sample.name, sample.address(ofSample: start)) }
        program.compute()
        for name in program.program.outputs.keys {
          collected[name, default: CollectedOutputs(count: count)].append(program.tensor(name))
        }
      }
    }
    return collected.mapValues(\.tensor)
  }

  private func program(_ key: Key) throws -> Executable {
    if let program = programs[key] { return program }
    let graph = Graph(purpose: .inference)
    let outputs = network.traceOutputs(batch: key.batch, into: graph)
    try graph.check()
    if let path = key.path {
      // A layer may put out what it was given, such as labels; outputs are numbers.
      graph.output(path, graph.layerOutput(path, use: key.use).toFloat())
    } else {
      for (name, value) in outputs.entries { graph.output(name, value.toFloat()) }
    }
    try graph.check()
    try parameters.addMissing(graph.parameters)
    let program = engine.executable(graph, batch: key.batch, parameters)
    programs[key] = program
    return program
  }
}
