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
/// threads. What users of loops reach for:
///
/// ```swift
/// step.learningRate *= 0.5                              // from the next step on
/// try step.setFrozen(["conv2d"])                        // a new trace; the optimizer's state is kept
/// let result = try step.result(images, labels)          // loss, the gradients' norm, reported values
/// let evaluator = try Evaluator(step, network, loss: loss)  // accuracy on data held out
/// try step.save(to: "step.safetensors")                 // and load(from:) goes on to the same bytes
/// ```
public final class TrainingStep {
  /// Computes the scalar loss of a batch from the network, the images and the labels `[N]`.
  public typealias LossFunction = (_ network: TracedNetwork, _ images: Value, _ labels: Value) throws -> Value

  /// Computes the scalar loss of a batch from the network, its inputs `[N, ...]` and the targets `[N, ...]`,
  /// both by name.
  public typealias NamedLossFunction = (
    _ network: TracedNetwork, _ inputs: NamedValues, _ targets: NamedValues
  ) throws -> Value

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
  private(set) var recipe: StepRecipe
  let numbers: StepNumbers
  private var programs: [Int: Executable] = [:]
  /// The programs of other frozen sets, which may come back.
  private var otherPrograms: [Set<String>: [Int: Executable]] = [:]

  /// Creates a step and checks it by tracing it once.
  ///
  /// - Parameters:
  ///   - network: What is trained.
  ///   - optimizer: The rule of the update.
  ///   - seed: Decides initial weights and what is dropped.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  ///   - parameters: A store to train; nil makes one with initial values.
  ///   - frozen: Paths of layers or parameters that are left alone.
  ///   - gradients: Changes the gradients before the optimizer sees them.
  ///   - file: The file that mistakes name; filled in by the compiler.
  ///   - line: The line that mistakes name; filled in by the compiler.
  ///   - loss: The loss of a batch, a scalar.
  /// - Throws: The first mistake of network or loss, with its layer's path and place.
  public convenience init(
    _ network: some Network, optimizer: some Optimizer = Adam(), seed: UInt64 = 0, threads: Int? = nil,
    exact: ExactLayers = false,
    parameters: Parameters? = nil, frozen: Set<String> = [], gradients: ((Gradients) -> Gradients)? = nil,
    file: String = #fileID, line: Int = #line, loss: @escaping LossFunction
  ) throws {
    try self.init(
      StepRecipe(
        LossRecipe(network: network, frozen: frozen, location: "\(file):\(line)", loss: loss),
        optimizer: optimizer.resolved(for: network.preset), gradients: gradients),
      seed: seed, parameters: parameters, engine: try Engine(threads: threads, exact: exact))
  }

  /// Creates a step for a network of named inputs and outputs, and checks it by tracing it once.
  ///
  /// ```swift
  /// let step = try TrainingStep(model, targets: ["class": .labels, "side": .numbers([2])]) {
  ///   network, inputs, targets in
  ///   let outputs = network(inputs)
  ///   let distance = (outputs["side"] - targets["side"]).squared().mean()
  ///   return crossEntropy(outputs["class"], targets["class"]) + 0.1 * distance
  /// }
  /// let loss = try step(
  ///   ["left": .bytes(images), "right": .floats(facts)],
  ///   targets: ["class": .labels(labels), "side": .floats(places)])
  /// ```
  ///
  /// - Parameters:
  ///   - network: What is trained.
  ///   - targets: What the loss compares outputs with: names, shapes and types.
  ///   - optimizer: The rule of the update.
  ///   - seed: Decides initial weights and what is dropped.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  ///   - parameters: A store to train; nil makes one with initial values.
  ///   - frozen: Paths of layers or parameters that are left alone.
  ///   - gradients: Changes the gradients before the optimizer sees them.
  ///   - file: The file that mistakes name; filled in by the compiler.
  ///   - line: The line that mistakes name; filled in by the compiler.
  ///   - loss: The loss of a batch, a scalar.
  /// - Throws: The first mistake of network or loss, with its layer's path and place.
  public convenience init(
    _ network: some GraphNetwork, targets: NamedTargets, optimizer: some Optimizer = Adam(),
    seed: UInt64 = 0, threads: Int? = nil, exact: ExactLayers = false, parameters: Parameters? = nil,
    frozen: Set<String> = [],
    gradients: ((Gradients) -> Gradients)? = nil, file: String = #fileID, line: Int = #line,
    loss: @escaping NamedLossFunction
  ) throws {
    try self.init(
      StepRecipe(
        LossRecipe(
          network: network, targets: targets, frozen: frozen, location: "\(file):\(line)", loss: loss),
        optimizer: optimizer.resolved(for: network.preset), gradients: gradients),
      seed: seed, parameters: parameters, engine: try Engine(threads: threads, exact: exact))
  }

  init(_ recipe: StepRecipe, seed: UInt64, parameters: Parameters?, engine: Engine) throws {
    self.recipe = recipe
    self.seed = seed
    self.engine = engine
    // Two samples, because a variance of one is no variance.
    let graph = try StepTrace(recipe, batch: 2).graph
    try engine.exact.check(graph)
    input = try BatchInput(recipe.loss, graph)
    learningRate = recipe.optimizer.learningRate
    numbers = StepNumbers(recipe.optimizer, seed: seed)
    self.parameters = parameters ?? Parameters(seed: seed)
    try self.parameters.adopt(graph.parameters)
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

  /// Makes a step on named inputs and targets.
  ///
  /// - Returns: The loss before the update.
  /// - Throws: `TrainingError` that names the input or target whose shape does not fit, or tells that a
  ///   number is no longer finite; the weights are unchanged then.
  @discardableResult
  public func callAsFunction(_ inputs: NamedData, targets: NamedData) throws -> Float {
    try advance(inputs, targets).output(Self.lossName)[0]
  }

  /// Makes a step and gives what the loss function reported besides the loss.
  public func result(_ images: Tensor<UInt8>, _ labels: Tensor<Int32>) throws -> StepResult {
    try result { note in
      try images.scalars.withUnsafeBytes {
        try advance($0, shape: images.shape, .uint8, labels, beforeUpdate: note)
      }
    }
  }

  /// Makes a step on named inputs and targets and gives what the loss function reported besides the loss.
  public func result(_ inputs: NamedData, targets: NamedData) throws -> StepResult {
    try result { note in try advance(inputs, targets, beforeUpdate: note) }
  }

  private func result(
    _ make: (_ note: @escaping (Executable) -> Void) throws -> Executable
  ) throws -> StepResult {
    var norm = 0.0
    let program = try make { norm = $0.norm(ofGuarded: StepTrace.gradientPrefix) }
    return StepResult(
      loss: program.output(Self.lossName)[0], gradientNorm: norm, outputs: program.reportedOutputs)
  }

  /// Makes a step; the program's outputs are valid until the next one runs.
  package func advance(
    _ images: UnsafeRawBufferPointer, shape: [Int], _ element: ElementType, _ labels: Tensor<Int32>,
    sampleWeights: UnsafePointer<Float>? = nil, beforeUpdate: ((Executable) -> Void)? = nil
  ) throws -> Executable {
    let batch = try input.batch(of: shape, element)
    try input.check(labels: labels, batch: batch)
    let program = try program(batch: batch)
    try labels.scalars.withUnsafeBytes { labels in
      guard let images = images.baseAddress, let labels = labels.baseAddress else { return }
      program.setInput(input.imagesName, images)
      program.setInput(input.labelsName, labels)
      if let sampleWeights { program.setInput(Objective.sampleWeightsName, sampleWeights) }
      try run(program, beforeUpdate)
    }
    return program
  }

  /// Makes a step on named inputs; the program's outputs are valid until the next one runs.
  private func advance(
    _ inputs: NamedData, _ targets: NamedData, beforeUpdate: ((Executable) -> Void)? = nil
  ) throws -> Executable {
    let batch = try input.batch(of: inputs)
    try input.check(targets: targets, batch: batch)
    let program = try program(batch: batch)
    try NamedData(inputs.entries + targets.entries).withSamples(count: batch) { samples in
      for sample in samples { program.setInput(sample.name, sample.base) }
      try run(program, beforeUpdate)
    }
    return program
  }

  /// Runs a program whose data are in place: compute, guard, update.
  private func run(_ program: Executable, _ beforeUpdate: ((Executable) -> Void)?) throws {
    try numbers.set(rate: learningRate, step: stepCount + 1)
    program.compute()
    if let what = program.firstNonFinite {
      try parameters.requireFinite(after: stepCount)
      throw TrainingError(step: stepCount + 1, what: what, layer: program.locateNonFinite())
    }
    beforeUpdate?(program)
    program.update()
    stepCount += 1
  }

  /// The layers and parameters that are left alone, by path.
  public var frozen: Set<String> { recipe.loss.frozen }

  /// Freezes these layers and parameters, and no others, from the next step on.
  ///
  /// The step is traced anew; the optimizer's state of every parameter is kept and goes on where it stood.
  /// - Throws: A mistake where a path is unknown or nothing would be trained; nothing changes then.
  public func setFrozen(_ paths: Set<String>) throws {
    guard paths != frozen else { return }
    var changed = recipe
    changed.loss.frozen = paths
    try parameters.adopt(StepTrace(changed, batch: 2).graph.parameters)
    otherPrograms[frozen] = programs
    programs = otherPrograms.removeValue(forKey: paths) ?? [:]
    recipe = changed
  }

  /// The graph of the step for a batch size, as it is compiled.
  package func trace(batch: Int) throws -> Graph { try StepTrace(recipe, batch: batch).graph }

  /// The compiled step for a batch size.
  package func program(batch: Int) throws -> Executable {
    if let program = programs[batch] { return program }
    let start = ContinuousClock.now
    let trace = try StepTrace(recipe, batch: batch)
    try parameters.adopt(trace.graph.parameters)
    let program = engine.executable(trace.graph, batch: batch, guarded: trace.guarded, parameters)
    numbers.connect(program)
    programs[batch] = program
    compileSeconds += (ContinuousClock.now - start).seconds
    return program
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
}

extension Executable {
  /// What the loss function reported, by name.
  var reportedOutputs: [String: Tensor<Float>] {
    let names = program.outputs.keys.filter {
      $0 != TrainingStep.lossName && !$0.hasPrefix(StepTrace.gradientPrefix)
    }
    return Dictionary(uniqueKeysWithValues: names.map { ($0, tensor($0)) })
  }
}
