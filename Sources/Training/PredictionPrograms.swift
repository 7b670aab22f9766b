import MartletCPU
import MartletCompilation
import MartletDatasets
import MartletGraphs
import MartletNetworks
import MartletTensors

/// A network compiled to predict with weights of its own, once for each prediction and batch size.
final class PredictionPrograms: Sendable {
  let input: BatchInput
  let threads: PredictorThreads
  /// How the images were prepared that the weights were trained on.
  let preparation: DataPreparation?
  private let network: any GraphNetwork
  private let weights: WeightSnapshot
  private let exact: ExactLayers
  private let programs = Guarded<[Key: ConcurrentProgram]>([:])

  private struct Key: Hashable {
    var prediction: Prediction
    var batch: Int
  }

  /// Checks the network by tracing it and copies its weights.
  ///
  /// - Parameter parameters: The weights; nil takes initial ones.
  init(_ network: any GraphNetwork, _ parameters: Parameters?, threads: Int?, exact: ExactLayers) throws {
    let graph = try Prediction.outputs.trace(network, batch: 1)
    try exact.check(graph)
    let store = parameters ?? Parameters(seed: 0)
    try store.addMissing(graph.parameters)
    let count = try Engine.checked(threads: threads)
    self.network = network
    preparation = store.preparation
    input = BatchInput(network)
    weights = WeightSnapshot(store, of: graph.parameters)
    self.exact = exact
    self.threads = PredictorThreads(count: count)
  }

  /// The outputs `[N, ...]` by name for samples `[N, ...]` by the inputs' names.
  func run(_ prediction: Prediction, _ data: NamedData, batchSize: Int) throws -> [String: Tensor<Float>] {
    let count = try input.batch(of: data)
    try BatchInput.check(batchSize: batchSize)
    var collected: [String: CollectedOutputs] = [:]
    return try data.withSamples(count: count) { samples in
      for start in stride(from: 0, to: count, by: batchSize) {
        let program = try program(prediction, batch: min(batchSize, count - start))
        let results = program.run(samples.map { InputAddress($0.name, $0.address(ofSample: start)) })
        for (name, tensor) in results {
          collected[name, default: CollectedOutputs(count: count)].append(tensor)
        }
      }
      return collected.mapValues(\.tensor)
    }
  }

  /// The compiled program; made where it is not there yet.
  func program(_ prediction: Prediction, batch: Int) throws -> ConcurrentProgram {
    try programs.withLock { programs in
      let key = Key(prediction: prediction, batch: batch)
      if let program = programs[key] { return program }
      let graph = try prediction.trace(network, batch: batch)
      let known = Dictionary(programs.values.map { ($0.preparation, $0.prepared) }) { first, _ in first }
      let program = ConcurrentProgram(
        Compiler.compile(graph, batch: batch, exact: exact.contains, weightsStay: true), weights, threads,
        known: known)
      programs[key] = program
      return program
    }
  }
}
