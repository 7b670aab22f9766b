import MartletCPU
import MartletGraphs
import MartletNetworks
import MartletTensors

/// One step of training, of one's own making: loss, gradients, a check that all is finite, the update.
///
/// ```swift
/// let step = try TrainingStep(network, optimizer: Adam()) { network, images, labels in
///   crossEntropy(network(images), labels)
/// }
/// for batch in loader { let loss = try step(batch.images, batch.labels) }
/// ```
///
/// The step is traced and compiled once for each batch size. Its result does not depend on the number of
/// threads.
public final class TrainingStep {
  /// Computes the scalar loss of a batch from the network, the images and the labels `[N]`.
  public typealias LossFunction = (_ network: TracedNetwork, _ images: Value, _ labels: Value) throws -> Value

  /// The weights, statistics and optimizer's state that the step changes.
  public let parameters: Parameters
  /// The rate of the next step.
  public var learningRate: Double
  /// The number of steps made.
  public package(set) var stepCount = 0
  /// Decides initial weights and what is dropped.
  public let seed: UInt64
  package let engine: Engine
  /// The seconds spent on tracing and compiling so far.
  package private(set) var compileSeconds = 0.0
  let input: BatchInput
  private let recipe: StepRecipe
  private let numbers: StepNumbers
  private var programs: [Int: Executable] = [:]

  /// Creates a step and checks it by tracing it once.
  ///
  /// - Parameters:
  ///   - network: What is trained.
  ///   - optimizer: The rule of the update.
  ///   - seed: Decides initial weights and what is dropped.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - parameters: A store to train; nil makes one with initial values.
  ///   - frozen: Paths of layers or parameters that are left alone.
  ///   - gradients: Changes the gradients before the optimizer sees them.
  ///   - loss: The loss of a batch, a scalar.
  /// - Throws: The first mistake of network or loss, with its layer's path and place.
  public convenience init(
    _ network: some Network, optimizer: some Optimizer = Adam(), seed: UInt64 = 0, threads: Int? = nil,
    parameters: Parameters? = nil, frozen: Set<String> = [], gradients: ((Gradients) -> Gradients)? = nil,
    loss: @escaping LossFunction
  ) throws {
    try self.init(
      StepRecipe(
        network: network, optimizer: optimizer.resolved(for: network.preset), frozen: frozen,
        gradients: gradients, loss: loss),
      seed: seed, parameters: parameters, engine: try Engine(threads: threads))
  }

  init(_ recipe: StepRecipe, seed: UInt64, parameters: Parameters?, engine: Engine) throws {
    self.recipe = recipe
    self.seed = seed
    self.engine = engine
    input = try BatchInput(recipe.network)
    learningRate = recipe.optimizer.learningRate
    numbers = StepNumbers(recipe.optimizer, seed: seed)
    self.parameters = parameters ?? Parameters(seed: seed)
    // Two samples, because a variance of one is no variance.
    try adopt(StepTrace(recipe, batch: 2).graph.parameters)
  }

  /// The number of threads.
  public var threads: Int { engine.threads }

  static let lossName = "loss"

  /// Makes a step.
  ///
  /// - Parameters:
  ///   - images: A batch `[N, ...]` of bytes.
  ///   - labels: The label of each image, `[N]`.
  /// - Returns: The loss before the update.
  /// - Throws: `TrainingError` where a label has no class, shapes do not fit, or a number is no longer
  ///   finite; the weights are unchanged then.
  @discardableResult
  public func callAsFunction(_ images: Tensor<UInt8>, _ labels: Tensor<Int32>) throws -> Float {
    try images.scalars.withUnsafeBytes {
      try advance($0, shape: images.shape, .uint8, labels).output(Self.lossName)[0]
    }
  }

  /// Makes a step on images that are numbers already.
  @discardableResult
  public func callAsFunction(_ images: Tensor<Float>, _ labels: Tensor<Int32>) throws -> Float {
    try images.scalars.withUnsafeBytes {
      try advance($0, shape: images.shape, .float, labels).output(Self.lossName)[0]
    }
  }

  /// Makes a step and gives what the loss function reported besides the loss.
  public func result(_ images: Tensor<UInt8>, _ labels: Tensor<Int32>) throws -> StepResult {
    var norm = 0.0
    let program = try images.scalars.withUnsafeBytes {
      try advance($0, shape: images.shape, .uint8, labels) {
        norm = $0.norm(ofGuarded: StepTrace.gradientPrefix)
      }
    }
    return StepResult(program, gradientNorm: norm)
  }

  /// Makes a step; the program's outputs are valid until the next one runs.
  package func advance(
    _ images: UnsafeRawBufferPointer, shape: [Int], _ element: ElementType, _ labels: Tensor<Int32>,
    sampleWeights: UnsafePointer<Float>? = nil, beforeUpdate: ((Executable) -> Void)? = nil
  ) throws -> Executable {
    let batch = try input.batch(of: shape, element)
    try input.check(labels: labels, batch: batch)
    let program = try program(batch: batch)
    numbers.set(rate: learningRate, step: stepCount + 1)
    try labels.scalars.withUnsafeBytes { labels in
      guard let images = images.baseAddress, let labels = labels.baseAddress else { return }
      program.setInput(InputSpec.inputName, images)
      program.setInput(StepTrace.labelsName, labels)
      if let sampleWeights { program.setInput(Objective.sampleWeightsName, sampleWeights) }
      program.compute()
      if let what = program.firstNonFinite {
        throw TrainingError(step: stepCount + 1, what: what, layer: program.locateNonFinite())
      }
      beforeUpdate?(program)
      program.update()
    }
    stepCount += 1
    return program
  }

  /// The graph of the step for a batch size, as it is compiled.
  package func trace(batch: Int) throws -> Graph { try StepTrace(recipe, batch: batch).graph }

  /// The compiled step for a batch size.
  package func program(batch: Int) throws -> Executable {
    if let program = programs[batch] { return program }
    let start = ContinuousClock.now
    let trace = try StepTrace(recipe, batch: batch)
    try adopt(trace.graph.parameters)
    let program = engine.executable(trace.graph, batch: batch, guarded: trace.guarded, parameters)
    numbers.connect(program)
    programs[batch] = program
    compileSeconds += (ContinuousClock.now - start).seconds
    return program
  }

  private func adopt(_ specs: [ParameterSpec]) throws(ModelError) {
    try parameters.require(specs)
    parameters.add(specs)
  }
}

/// What a step gave besides the update.
public struct StepResult: Sendable {
  /// The loss before the update, penalties included.
  public let loss: Float
  /// The root of the sum of squares of all gradients.
  public let gradientNorm: Double
  /// What the loss function reported, by name.
  public let outputs: [String: Tensor<Float>]

  fileprivate init(_ program: Executable, gradientNorm: Double) {
    loss = program.output(TrainingStep.lossName)[0]
    self.gradientNorm = gradientNorm
    let names = program.program.outputs.keys.filter { $0 != TrainingStep.lossName }
    outputs = Dictionary(uniqueKeysWithValues: names.map { ($0, program.tensor($0)) })
  }
}
