import MartletCPU
import MartletDatasets
import MartletGraphs
import MartletNetworks
import MartletTensors

/// A network compiled to predict, with weights of its own: nothing is random and nothing changes.
///
/// ```swift
/// let predictor = try Predictor(model, parameters: trainer.parameters)
/// let probabilities = try predictor(images)  // [N, classes]; of one image [classes]
/// ```
///
/// The weights are copied and packed when the predictor is made; training on afterwards does not change it.
/// Several threads may call it at once: each call has memory of its own, and the bits do not depend on how
/// many there are. The worker threads serve one call at a time, the others run on the thread that calls.
public final class Predictor: Sendable {
  /// The images of a batch where a call does not say otherwise, which decides the memory but hardly the
  /// result.
  public let batchSize: Int
  private let programs: PredictionPrograms

  /// Compiles a network and copies its weights.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - parameters: Its weights; nil takes initial ones.
  ///   - batchSize: The images of a batch.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  /// - Throws: The network's first mistake, or one of the arguments.
  public init(
    _ network: some Network, parameters: Parameters? = nil, batchSize: Int = 256, threads: Int? = nil,
    exact: ExactLayers = false
  ) throws {
    try BatchInput.check(batchSize: batchSize)
    self.batchSize = batchSize
    programs = try PredictionPrograms(network, parameters, threads: threads, exact: exact)
    _ = try programs.program(.probabilities, batch: batchSize)
  }

  /// The number of threads of a call that runs alone.
  public var threads: Int { programs.threads.pool.count }

  /// The probabilities `[N, classes]` of images `[N, H, W, C]` of bytes, or `[classes]` of one `[H, W, C]`.
  ///
  /// Scores go through a softmax; outputs that a softmax made stay as they are.
  public func callAsFunction(_ images: Tensor<UInt8>) throws -> Tensor<Float> {
    guard images.shape == programs.input.spec.shape else { return try probabilities(images) }
    let one = try probabilities(Tensor(shape: [1] + images.shape, scalars: images.scalars), batchSize: 1)
    return Tensor(shape: Array(one.shape.dropFirst()), scalars: one.scalars)
  }

  /// The probabilities `[N, classes]` of images `[N, ...]` of bytes.
  ///
  /// Scores go through a softmax; outputs that a softmax made stay as they are.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - batchSize: The images of a batch; nil takes the predictor's.
  public func probabilities(_ images: Tensor<UInt8>, batchSize: Int? = nil) throws -> Tensor<Float> {
    try run(.probabilities, images, batchSize: batchSize, output: InputSpec.outputName)
  }

  /// The probabilities `[N, classes]` of a data set's images, in their order.
  ///
  /// - Parameters:
  ///   - data: The images.
  ///   - batchSize: The images of a batch; nil takes the predictor's.
  public func probabilities(_ data: ImageDataset, batchSize: Int? = nil) throws -> Tensor<Float> {
    let loader = try DataLoader(data, batchSize: batchSize ?? self.batchSize, shuffle: false)
    try programs.input.check(data, labels: false)
    try programs.preparation?.require(data.preparation, classes: false)
    var collected = CollectedOutputs(count: data.count)
    for batch in loader.batches(epoch: 0) {
      collected.append(try probabilities(batch.images, batchSize: batch.count))
    }
    return collected.tensor
  }

  /// The network's outputs for images `[N, ...]` of bytes.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - batchSize: The images of a batch; nil takes the predictor's.
  public func outputs(_ images: Tensor<UInt8>, batchSize: Int? = nil) throws -> Tensor<Float> {
    try run(.outputs, images, batchSize: batchSize, output: InputSpec.outputName)
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
  ///   - images: The images.
  ///   - batchSize: The images of a batch; nil takes the predictor's.
  /// - Throws: A mistake that lists the layers where none has this path.
  public func outputs(
    of path: String, use: Int = 0, _ images: Tensor<UInt8>, batchSize: Int? = nil
  ) throws -> Tensor<Float> {
    try run(.layer(path, use: use), images, batchSize: batchSize, output: path)
  }

  private func run(
    _ prediction: Prediction, _ images: Tensor<UInt8>, batchSize: Int?, output: String
  ) throws -> Tensor<Float> {
    let count = try programs.input.batch(of: images.shape, .uint8)
    let size = batchSize ?? self.batchSize
    let name = programs.input.imagesName
    if count <= size {
      let program = try programs.program(prediction, batch: count)
      return images.scalars.withUnsafeBytes {
        program.run(InputAddress(name, $0.baseAddress), output: output)
      }
    }
    let results = try programs.run(prediction, [name: .bytes(images)], batchSize: size)
    guard let result = results[output] else { preconditionFailure("\(output) was not computed") }
    return result
  }
}

extension Predictor {
  /// The memory of the program for a batch: bytes of packed weights, and of one call on all threads.
  package func memory(batch: Int) throws -> (prepared: Int, arena: Int) {
    try programs.program(.probabilities, batch: batch).bytes
  }

  /// The time of each step of the program for these images, all threads together, measured; nobody else may
  /// call meanwhile.
  package func profile(_ images: Tensor<UInt8>, repeats: Int) throws -> [StepTime] {
    let count = try programs.input.batch(of: images.shape, .uint8)
    let program = try programs.program(.probabilities, batch: count)
    return images.scalars.withUnsafeBytes { bytes in
      program.profile([InputAddress(programs.input.imagesName, bytes.baseAddress)], repeats: repeats)
    }
  }
}
