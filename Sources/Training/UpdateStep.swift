import MartletCPU
import MartletGraphs
import MartletNetworks
import MartletTensors

/// The optimizer's part of a step: changes weights by gradients that a `GradientStep` computed.
///
/// ```swift
/// let update = try UpdateStep(step, optimizer: Adam(), gradients: { $0.clipped(norm: 1) })
/// try update()                                  // by the mean of what was accumulated
/// try update.apply(step(images, labels).gradients)  // or by gradients at hand
/// ```
public final class UpdateStep {
  /// The rate of the next update.
  public var learningRate: Double
  /// The number of updates made.
  public internal(set) var stepCount = 0
  /// What is updated.
  public let gradientStep: GradientStep
  let optimizer: any Optimizer
  private let change: ((Gradients) -> Gradients)?
  private let numbers: StepNumbers
  private let scale: UnsafeMutablePointer<Float>
  private let program: Executable

  /// Creates an update of the weights that a gradient step differentiates.
  ///
  /// - Parameters:
  ///   - step: Whose store, threads and frozen set are shared.
  ///   - optimizer: The rule of the update.
  ///   - gradients: Changes the mean gradients before the optimizer sees them.
  /// - Throws: The first mistake of the change.
  public init(
    _ step: GradientStep, optimizer: some Optimizer = Adam(), gradients: ((Gradients) -> Gradients)? = nil
  ) throws {
    let resolved = optimizer.resolved(for: step.recipe.network.preset)
    gradientStep = step
    self.optimizer = resolved
    change = gradients
    learningRate = resolved.learningRate
    let trace = try UpdateTrace(step, resolved, gradients)
    try step.parameters.adopt(trace.graph.parameters)
    program = step.engine.executable(trace.graph, batch: 0, guarded: trace.guarded, step.parameters)
    numbers = StepNumbers(resolved, seed: step.seed)
    numbers.connect(program)
    scale = .allocate(capacity: 1)
    scale.initialize(to: 1)
    program.setInput(UpdateTrace.scaleName, scale)
  }

  deinit { scale.deallocate() }

  /// Updates the weights by the mean of the accumulated gradients and forgets these.
  ///
  /// - Returns: The root of the sum of squares of the mean gradients.
  /// - Throws: `TrainingError` where nothing was accumulated or a number is not finite; nothing changes then.
  @discardableResult
  public func callAsFunction() throws -> Double {
    guard gradientStep.accumulatedCount > 0 else {
      throw TrainingError(
        .badArgument, at: "update", expected: "gradients accumulated since the last update",
        received: "none", hint: "call accumulate before it, or apply gradients")
    }
    for path in gradientStep.paths { program.setInput(UpdateTrace.inputName(path), gradientStep.sum(path)) }
    let norm = try run(scale: 1 / Double(gradientStep.accumulatedCount))
    gradientStep.clear()
    return norm
  }

  /// Updates the weights by gradients at hand, one for each trained tensor, by path.
  ///
  /// - Returns: The root of the sum of squares of the gradients.
  /// - Throws: `TrainingError` where paths or shapes do not fit or a number is not finite; nothing changes
  ///   then.
  @discardableResult
  public func apply(_ gradients: [String: Tensor<Float>]) throws -> Double {
    let paths = gradientStep.paths
    if let unknown = gradients.keys.sorted().first(where: { !paths.contains($0) }) {
      throw TrainingError(
        .badData, at: "gradients", expected: "paths among \(paths.joined(separator: ", "))",
        received: unknown)
    }
    let data = try paths.map { path throws(TrainingError) in
      let shape = gradientStep.parameters.entry(path)?.shape ?? []
      guard let gradient = gradients[path], gradient.shape == shape else {
        throw TrainingError(
          .badData, at: "gradient of \(path)", expected: "shape \(shape)",
          received: gradients[path].map { "shape \($0.shape)" } ?? "none")
      }
      return (name: UpdateTrace.inputName(path), element: BatchData.floats(gradient))
    }
    return try NamedData(data).withSamples(count: 1) { samples in
      for sample in samples { program.setInput(sample.name, sample.base) }
      return try run(scale: 1)
    }
  }

  private func run(scale factor: Double) throws -> Double {
    scale.pointee = Float(factor)
    try numbers.set(rate: learningRate, step: stepCount + 1)
    program.compute()
    if let what = program.firstNonFinite {
      throw TrainingError(step: stepCount + 1, what: what, layer: nil)
    }
    let norm = program.norm(ofGuarded: StepTrace.gradientPrefix)
    program.update()
    stepCount += 1
    return norm
  }

  /// The graph of the update: the gradients and their factor are inputs.
  package func trace() throws -> Graph { try UpdateTrace(gradientStep, optimizer, change).graph }
}

/// The graph of an update alone.
package struct UpdateTrace {
  let graph: Graph
  let guarded: [(name: String, value: Value)]

  /// The name of the graph's input by which the gradients are multiplied.
  package static let scaleName = "scale of the gradients"

  /// The name of the graph's input for a gradient.
  package static func inputName(_ path: String) -> String { "\(StepTrace.gradientPrefix)\(path)" }

  init(
    _ step: GradientStep, _ optimizer: some Optimizer, _ change: ((Gradients) -> Gradients)?
  ) throws(ModelError) {
    let graph = Graph(purpose: .training)
    let scale = graph.input(Self.scaleName, shape: [])
    let trained = Set(step.paths)
    for spec in step.specs where trained.contains(spec.path) { _ = graph.parameter(spec) }
    let entries = step.paths.compactMap { path in
      graph.parameterValue(path).map { weight in
        (path: path, value: graph.input(Self.inputName(path), shape: weight.shape) * scale)
      }
    }
    let (gradients, more) = try Gradients(entries: entries, graph: graph).changed(by: change)
    try gradients.update(with: optimizer)
    self.graph = graph
    guarded = entries.map { (StepTrace.gradientPrefix + $0.path, $0.value) } + more
  }
}
