import MartletGraphs
import MartletNetworks
import MartletTensors

/// A training step that computes each batch in parts and updates once: large batches in little memory.
///
/// ```swift
/// let step = try AccumulatingStep(network, parts: 4, optimizer: Adam()) { network, images, labels in
///   crossEntropy(network(images), labels)
/// }
/// for batch in loader { let loss = try step(batch.images, batch.labels) }
/// ```
///
/// The update is that of the whole batch but for rounding, where the loss is a mean over samples and there
/// is no batch normalization, which sees each part alone. Intermediate results need the memory of one part;
/// the added gradients that of the trained weights. The number of threads changes no bit.
public final class AccumulatingStep {
  /// The number of parts of a batch; a batch of fewer samples has one part for each.
  public let parts: Int
  private let gradients: GradientStep
  private let update: UpdateStep

  /// Creates a step and checks it by tracing it once.
  ///
  /// - Parameters:
  ///   - network: What is trained.
  ///   - parts: The number of parts of each batch, which differ by at most one sample.
  ///   - optimizer: The rule of the update.
  ///   - seed: Decides initial weights and what is dropped.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  ///   - parameters: A store to train; nil makes one with initial values.
  ///   - frozen: Paths of layers or parameters that are left alone.
  ///   - change: Changes the mean gradients before the optimizer sees them.
  ///   - file: The file that mistakes name; filled in by the compiler.
  ///   - line: The line that mistakes name; filled in by the compiler.
  ///   - loss: The mean loss of a batch, a scalar.
  /// - Throws: The first mistake of network or loss, with its layer's path and place.
  public convenience init(
    _ network: some Network, parts: Int, optimizer: some Optimizer = Adam(), seed: UInt64 = 0,
    threads: Int? = nil, exact: ExactLayers = false, parameters: Parameters? = nil, frozen: Set<String> = [],
    gradients change: ((Gradients) -> Gradients)? = nil, file: String = #fileID, line: Int = #line,
    loss: @escaping TrainingStep.LossFunction
  ) throws {
    try self.init(
      try GradientStep(
        network, seed: seed, threads: threads, exact: exact, parameters: parameters, frozen: frozen,
        file: file, line: line, loss: loss), parts: parts, optimizer: optimizer, gradients: change)
  }

  /// Creates a step from one that computes gradients, for instance of a network of named inputs.
  ///
  /// - Throws: A mistake where there is no part, or the first one of the change.
  public init(
    _ step: GradientStep, parts: Int, optimizer: some Optimizer = Adam(),
    gradients change: ((Gradients) -> Gradients)? = nil
  ) throws {
    guard parts >= 1 else {
      throw TrainingError(.badArgument, at: "parts", expected: "at least 1", received: "\(parts)")
    }
    self.parts = parts
    gradients = step
    update = try UpdateStep(step, optimizer: optimizer, gradients: change)
  }

  /// The weights, statistics and optimizer's state that the step changes.
  public var parameters: Parameters { gradients.parameters }

  /// The number of steps made.
  public var stepCount: Int { update.stepCount }

  /// The rate of the next step.
  public var learningRate: Double {
    get { update.learningRate }
    set { update.learningRate = newValue }
  }

  /// Makes a step.
  ///
  /// - Parameters:
  ///   - images: A batch `[N, ...]` of bytes.
  ///   - labels: The label of each image, `[N]`.
  /// - Returns: The mean loss of the batch before the update.
  /// - Throws: As for `TrainingStep`; nothing is changed then, the statistics of earlier parts included.
  @discardableResult
  public func callAsFunction(_ images: Tensor<UInt8>, _ labels: Tensor<Int32>) throws -> Float {
    let data = gradients.input.named(images, labels)
    return try self(data.inputs, targets: data.targets)
  }

  /// Makes a step on named inputs and targets.
  ///
  /// - Returns: The mean loss of the batch before the update.
  /// - Throws: As for `TrainingStep`; nothing is changed then, the statistics of earlier parts included.
  @discardableResult
  public func callAsFunction(_ inputs: NamedData, targets: NamedData) throws -> Float {
    let statistics = parameters.entries.filter { $0.role == .state }
    let before = statistics.map { Array(UnsafeBufferPointer(start: $0.pointer, count: $0.count)) }
    let batchCount = gradients.batchCount
    gradients.clear()
    do {
      let loss = try gradients.withSamples(inputs, targets) { samples, count in
        try accumulate(samples, count)
      }
      try update()
      return loss
    } catch {
      for (entry, values) in zip(statistics, before) {
        entry.pointer.update(from: values, count: entry.count)
      }
      gradients.clear()
      gradients.batchCount = batchCount
      throw error
    }
  }

  /// Saves weights, statistics, the optimizer's state and the number of steps, whole or not at all.
  public func save(to path: String) throws { try update.save(to: path) }

  /// Goes on where a saved step stood: given the same batches, to the same bytes.
  ///
  /// - Throws: `FileError` where the file cannot be read, `TrainingError` where it belongs to another step;
  ///   nothing changes then.
  public func load(from path: String) throws { try update.load(from: path) }

  private func accumulate(_ samples: [SampleBytes], _ count: Int) throws -> Float {
    let parts = min(parts, count)
    var first = 0
    var sum = 0.0
    for part in 0..<parts {
      let size = count / parts + (part < count % parts ? 1 : 0)
      sum += Double(try gradients.add(samples, from: first, count: size)) * Double(size)
      first += size
    }
    return Float(sum / Double(count))
  }
}
