import MartletDatasets
import MartletGraphs
import MartletNetworks
import MartletTensors

/// Predicts with a network and its weights; nothing is random and nothing changes.
public final class Predictor {
  /// The weights and statistics.
  public let parameters: Parameters
  private let outputProgram: InferenceProgram
  private let probabilityProgram: InferenceProgram
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
    _ network: some Network, parameters: Parameters? = nil, threads: Int? = nil, exact: Bool = false
  ) throws {
    let graph = Graph(purpose: .inference)
    _ = network.trace(batch: 1, into: graph)
    try graph.check()
    let store = parameters ?? Parameters(seed: 0)
    try store.addMissing(graph.parameters)
    let engine = try Engine(threads: threads, exact: exact)
    let input = try BatchInput(network)
    self.parameters = store
    outputProgram = InferenceProgram(network, .outputs, store, input, engine)
    probabilityProgram = InferenceProgram(network, .probabilities, store, input, engine)
    values = ValuePrograms(network, store, engine)
  }

  /// The network's outputs for images `[N, ...]` of bytes.
  public func outputs(_ images: Tensor<UInt8>, batchSize: Int = 256) throws -> Tensor<Float> {
    try outputProgram.outputs(images, batchSize: batchSize)
  }

  /// The output `[N, ...]` of a layer inside the network for images `[N, ...]` of bytes: feature maps.
  ///
  /// ```swift
  /// let maps = try predictor.outputs(of: "conv2d_1", images)  // [N, H, W, C]
  /// ```
  ///
  /// - Parameters:
  ///   - path: The layer's path, as the summary shows it.
  ///   - use: Which use of a layer that is applied several times, from 0.
  ///   - batchSize: The images of a batch, which decides the memory but hardly the result.
  /// - Throws: A mistake that lists the layers where none has this path.
  public func outputs(
    of path: String, use: Int = 0, _ images: Tensor<UInt8>, batchSize: Int = 256
  ) throws -> Tensor<Float> {
    let name = values.input.inputs.names[0]
    _ = try values.input.batch(of: images.shape, .uint8)
    return try values.layer(path, use: use, [name: .bytes(images)], batchSize: batchSize)
  }

  /// The probabilities `[N, classes]` of images `[N, ...]` of bytes.
  ///
  /// Scores go through a softmax; outputs that a softmax made stay as they are.
  public func probabilities(_ images: Tensor<UInt8>, batchSize: Int = 256) throws -> Tensor<Float> {
    try probabilityProgram.outputs(images, batchSize: batchSize)
  }

  /// The probabilities `[N, classes]` of a data set's images, in their order.
  public func probabilities(_ data: ImageDataset, batchSize: Int = 256) throws -> Tensor<Float> {
    try probabilityProgram.outputs(data, batchSize: batchSize)
  }
}

extension InferenceProgram {
  /// The outputs for images in memory, batch by batch without copying them.
  func outputs(_ images: Tensor<UInt8>, batchSize: Int) throws -> Tensor<Float> {
    let count = try input.batch(of: images.shape, .uint8)
    try BatchInput.check(batchSize: batchSize)
    var collected = CollectedOutputs(count: count)
    try images.scalars.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for start in stride(from: 0, to: count, by: batchSize) {
        let batch = min(batchSize, count - start)
        collected.append(try run(base + start * (bytes.count / count), batch: batch).tensor(Self.outputsName))
      }
    }
    return collected.tensor
  }

  /// The outputs for a data set in its order.
  func outputs(_ data: ImageDataset, batchSize: Int) throws -> Tensor<Float> {
    let loader = try DataLoader(data, batchSize: batchSize, shuffle: false)
    try input.check(data, labels: false)
    var collected = CollectedOutputs(count: data.count)
    for batch in loader.batches(epoch: 0) {
      try batch.images.scalars.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        collected.append(try run(base, batch: batch.count).tensor(Self.outputsName))
      }
    }
    return collected.tensor
  }
}

extension BatchInput {
  static func check(batchSize: Int) throws(TrainingError) {
    guard batchSize > 0 else {
      throw TrainingError(.badArgument, at: "batch size", expected: "at least 1", received: "\(batchSize)")
    }
  }
}

/// The outputs of several batches, one after another.
struct CollectedOutputs {
  let count: Int
  private var shape: [Int] = []
  private var scalars: [Float] = []

  init(count: Int) { self.count = count }

  mutating func append(_ batch: Tensor<Float>) {
    shape = Array(batch.shape.dropFirst())
    if scalars.isEmpty { scalars.reserveCapacity(count * shape.reduce(1, *)) }
    scalars += batch.scalars
  }

  var tensor: Tensor<Float> { Tensor(shape: [count] + shape, scalars: scalars) }
}
