import MartletCPU
import MartletGraphs
import MartletNetworks
import MartletTensors

/// Loss and gradients without an optimizer: to be looked at, or added up and applied by an `UpdateStep`.
///
/// ```swift
/// let step = try GradientStep(network) { network, images, labels in crossEntropy(network(images), labels) }
/// let update = try UpdateStep(step, optimizer: Adam())
/// for (index, batch) in loader.enumerated() {
///   try step.accumulate(batch.images, batch.labels)
///   if index % 4 == 3 { try update() }
/// }
/// print(try step(images, labels).gradients["conv2d/kernel"])
/// ```
///
/// Gradients are added up in tensors of the step's own, of the size of the trained weights, which exist from
/// the first `accumulate` on; they are neither saved nor counted as parameters.
public final class GradientStep {
  /// The weights, statistics and optimizer's state.
  public let parameters: Parameters
  /// Decides initial weights and what is dropped.
  public let seed: UInt64
  /// The number of batches computed; each draws its own random numbers.
  public internal(set) var batchCount = 0
  /// The number of samples whose gradients are added up.
  public internal(set) var accumulatedCount = 0
  let recipe: LossRecipe
  let engine: Engine
  let input: BatchInput
  /// The tensors of the trace, those that are trained among them.
  let specs: [ParameterSpec]
  /// The paths of the gradients, in order.
  let paths: [String]
  private let numbers: StepNumbers
  private let sums: Parameters
  private var programs: [Key: Executable] = [:]

  private struct Key: Hashable {
    let batch: Int
    let isAdding: Bool
  }

  /// Creates a step and checks it by tracing it once.
  ///
  /// - Parameters:
  ///   - network: What is differentiated.
  ///   - seed: Decides initial weights and what is dropped.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  ///   - parameters: The weights; nil makes a store with initial values.
  ///   - frozen: Paths of layers or parameters that have no gradient.
  ///   - file: The file that mistakes name; filled in by the compiler.
  ///   - line: The line that mistakes name; filled in by the compiler.
  ///   - loss: The mean loss of a batch, a scalar.
  /// - Throws: The first mistake of network or loss, with its layer's path and place.
  public convenience init(
    _ network: some Network, seed: UInt64 = 0, threads: Int? = nil, exact: ExactLayers = false,
    parameters: Parameters? = nil,
    frozen: Set<String> = [], file: String = #fileID, line: Int = #line,
    loss: @escaping TrainingStep.LossFunction
  ) throws {
    try self.init(
      LossRecipe(network: network, frozen: frozen, location: "\(file):\(line)", loss: loss), seed: seed,
      parameters: parameters, engine: try Engine(threads: threads, exact: exact))
  }

  /// Creates a step for a network of named inputs and outputs, and checks it by tracing it once.
  ///
  /// - Parameters:
  ///   - network: What is differentiated.
  ///   - targets: What the loss compares outputs with: names, shapes and types.
  ///   - seed: Decides initial weights and what is dropped.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  ///   - parameters: The weights; nil makes a store with initial values.
  ///   - frozen: Paths of layers or parameters that have no gradient.
  ///   - file: The file that mistakes name; filled in by the compiler.
  ///   - line: The line that mistakes name; filled in by the compiler.
  ///   - loss: The mean loss of a batch, a scalar.
  /// - Throws: The first mistake of network or loss, with its layer's path and place.
  public convenience init(
    _ network: some GraphNetwork, targets: NamedTargets, seed: UInt64 = 0, threads: Int? = nil,
    exact: ExactLayers = false,
    parameters: Parameters? = nil, frozen: Set<String> = [], file: String = #fileID, line: Int = #line,
    loss: @escaping TrainingStep.NamedLossFunction
  ) throws {
    try self.init(
      LossRecipe(
        network: network, targets: targets, frozen: frozen, location: "\(file):\(line)", loss: loss),
      seed: seed, parameters: parameters, engine: try Engine(threads: threads, exact: exact))
  }

  init(_ recipe: LossRecipe, seed: UInt64, parameters: Parameters?, engine: Engine) throws {
    let trace = try LossTrace(recipe, batch: 2)
    try engine.exact.check(trace.graph)
    self.recipe = recipe
    self.seed = seed
    self.engine = engine
    input = try BatchInput(recipe, trace.graph)
    specs = trace.graph.parameters
    paths = trace.gradients.map(\.path)
    numbers = StepNumbers(nil, seed: seed)
    sums = Parameters(seed: seed)
    self.parameters = parameters ?? Parameters(seed: seed)
    try self.parameters.adopt(specs)
  }

  /// The number of threads.
  public var threads: Int { engine.threads }

  /// Computes loss and gradients of a batch; the weights stay as they are.
  ///
  /// - Parameters:
  ///   - images: A batch `[N, ...]` of bytes.
  ///   - labels: The label of each image, `[N]`.
  ///   - movingStatistics: Whether running statistics move as in training; else nothing changes at all.
  /// - Throws: `TrainingError` where a label has no class, shapes do not fit, or a number is not finite.
  public func callAsFunction(
    _ images: Tensor<UInt8>, _ labels: Tensor<Int32>, movingStatistics: Bool = true
  ) throws -> GradientResult {
    let data = input.named(images, labels)
    return try self(data.inputs, targets: data.targets, movingStatistics: movingStatistics)
  }

  /// Computes loss and gradients of a batch of named inputs and targets; the weights stay as they are.
  ///
  /// - Parameters:
  ///   - inputs: The inputs `[N, ...]` by name.
  ///   - targets: What the loss compares outputs with, by name.
  ///   - movingStatistics: Whether running statistics move as in training; else nothing changes.
  /// - Throws: `TrainingError` that names the input or target whose shape does not fit, or tells that a
  ///   number is not finite.
  public func callAsFunction(
    _ inputs: NamedData, targets: NamedData, movingStatistics: Bool = true
  ) throws -> GradientResult {
    try withSamples(inputs, targets) { samples, count in
      let program = try program(batch: count, isAdding: false)
      try run(program, samples, from: 0)
      let result = GradientResult(
        loss: program.output(TrainingStep.lossName)[0],
        gradientNorm: program.norm(ofGuarded: StepTrace.gradientPrefix),
        gradients: Dictionary(
          uniqueKeysWithValues: paths.map { ($0, program.tensor(StepTrace.gradientPrefix + $0)) }),
        outputs: program.reportedOutputs)
      if movingStatistics { program.update() }
      return result
    }
  }

  /// Computes a batch's gradients and adds them up, each sample counting alike.
  ///
  /// After k batches the update is that of one batch with all their samples, but for rounding and for batch
  /// normalization, which sees each batch alone.
  /// - Returns: The loss of this batch.
  /// - Throws: As for a step; nothing is added or changed then.
  @discardableResult
  public func accumulate(_ images: Tensor<UInt8>, _ labels: Tensor<Int32>) throws -> Float {
    let data = input.named(images, labels)
    return try accumulate(data.inputs, targets: data.targets)
  }

  /// Computes the gradients of a batch of named inputs and targets and adds them up.
  ///
  /// - Returns: The loss of this batch.
  /// - Throws: As for a step; nothing is added or changed then.
  @discardableResult
  public func accumulate(_ inputs: NamedData, targets: NamedData) throws -> Float {
    try withSamples(inputs, targets) { samples, count in try add(samples, from: 0, count: count) }
  }

  /// The means of the gradients added up so far, by path; empty where there are none.
  public var accumulatedGradients: [String: Tensor<Float>] {
    guard accumulatedCount > 0 else { return [:] }
    let factor = 1 / Float(accumulatedCount)
    let means = paths.compactMap { path in
      sums.tensor(path).map { (path, Tensor(shape: $0.shape, scalars: $0.scalars.map { $0 * factor })) }
    }
    return Dictionary(uniqueKeysWithValues: means)
  }

  /// Forgets the gradients added up so far.
  public func clear() {
    for entry in sums.entries { entry.pointer.update(repeating: 0, count: entry.count) }
    accumulatedCount = 0
  }

  /// Where a gradient is added up.
  func sum(_ path: String) -> UnsafeMutablePointer<Float> { sums.pointer(path) }
}

extension GradientStep {
  /// Checks a batch and keeps it in place while a function runs.
  func withSamples<Result>(
    _ inputs: NamedData, _ targets: NamedData, _ body: ([SampleBytes], Int) throws -> Result
  ) throws -> Result {
    let count = try input.batch(of: inputs)
    try input.check(targets: targets, batch: count)
    return try NamedData(inputs.entries + targets.entries).withSamples(count: count) {
      try body($0, count)
    }
  }

  /// Computes the gradients of some of the samples and adds them up; gives their loss.
  func add(_ samples: [SampleBytes], from first: Int, count: Int) throws -> Float {
    let program = try program(batch: count, isAdding: true)
    try run(program, samples, from: first)
    let loss = program.output(TrainingStep.lossName)[0]
    program.update()
    accumulatedCount += count
    return loss
  }

  private func run(_ program: Executable, _ samples: [SampleBytes], from first: Int) throws {
    for sample in samples { program.setInput(sample.name, sample.address(ofSample: first)) }
    try numbers.set(rate: 0, step: batchCount + 1)
    program.compute()
    if let what = program.firstNonFinite {
      try parameters.requireFinite(after: batchCount)
      throw TrainingError(step: batchCount + 1, what: what, layer: program.locateNonFinite())
    }
    batchCount += 1
  }

  private func program(batch: Int, isAdding: Bool) throws -> Executable {
    let key = Key(batch: batch, isAdding: isAdding)
    if let program = programs[key] { return program }
    let trace = try GradientTrace(recipe, batch: batch, isAdding: isAdding)
    try parameters.adopt(trace.graph.parameters.filter { !trace.isSum($0.path) })
    sums.add(trace.sums)
    let program = engine.executable(trace.graph, batch: batch, guarded: trace.guarded) { path in
      trace.isSum(path) ? sums.pointer(trace.gradientPath(ofSum: path)) : parameters.pointer(path)
    }
    numbers.connect(program)
    programs[key] = program
    return program
  }

  /// The graph of a batch's gradients, as it is compiled: given out, or added up in tensors of the store
  /// whose paths begin with `GradientTrace.sumPrefix`.
  package func trace(batch: Int, isAdding: Bool = false) throws -> Graph {
    try GradientTrace(recipe, batch: batch, isAdding: isAdding).graph
  }
}

/// The graph of loss and gradients, which are given out or added up.
package struct GradientTrace {
  let graph: Graph
  let guarded: [(name: String, value: Value)]
  /// The tensors in which gradients are added up, by the paths of the weights.
  let sums: [ParameterSpec]

  /// The beginning of the paths under which the graph knows the sums.
  package static let sumPrefix = "sum of gradients of "

  init(_ recipe: LossRecipe, batch: Int, isAdding: Bool) throws {
    let trace = try LossTrace(recipe, batch: batch)
    graph = trace.graph
    guarded = trace.guarded
    guard isAdding else {
      for (path, gradient) in trace.gradients { graph.output(StepTrace.gradientPrefix + path, gradient) }
      sums = []
      return
    }
    var sums: [ParameterSpec] = []
    for (path, gradient) in trace.gradients {
      let count = gradient.shape.reduce(1, *)
      var spec = ParameterSpec(
        path: Self.sumPrefix + path, shape: gradient.shape, role: .state, isTrainable: false
      ) { _ in [Float](repeating: 0, count: count) }
      graph.assign(spec.path, graph.parameter(spec) + gradient * Double(batch))
      spec.path = path
      sums.append(spec)
    }
    self.sums = sums
  }

  func isSum(_ path: String) -> Bool { path.hasPrefix(Self.sumPrefix) }
  func gradientPath(ofSum path: String) -> String { String(path.dropFirst(Self.sumPrefix.count)) }
}

/// Loss and gradients of a batch.
public struct GradientResult: Sendable {
  /// The loss, penalties included.
  public let loss: Float
  /// The root of the sum of squares of all gradients.
  public let gradientNorm: Double
  /// The gradient of each trained tensor, by path and of its shape.
  public let gradients: [String: Tensor<Float>]
  /// What the loss function reported, by name.
  public let outputs: [String: Tensor<Float>]
}
