import MartletNetworks
import MartletTensors

extension TrainingStep {
  /// Saves weights, statistics, the optimizer's state, the number of steps, the rate and the frozen set, as
  /// a safetensors file, whole or not at all.
  public func save(to path: String) throws {
    let notes = StepNotes(
      seed: seed, stepCount: stepCount, batchCount: stepCount, learningRate: learningRate, frozen: frozen,
      optimizer: "\(recipe.optimizer)", graph: try graphDigest())
    try parameters.tensorFile(withOptimizer: true, metadata: notes.metadata).write(to: path)
  }

  /// Goes on where a saved step stood: given the same batches, to the same bytes.
  ///
  /// The step must have been made as the saved one was: network, loss, optimizer and seed.
  /// - Throws: `FileError` where the file cannot be read, `TrainingError` where it belongs to another step;
  ///   nothing changes then.
  public func load(from path: String) throws {
    let file = try TensorFile(reading: path)
    let notes = try StepNotes(file, from: path, seed: seed)
    let prepared = try Parameters.preparation(file, from: path)
    let before = frozen
    try setFrozen(notes.frozen)
    do {
      try notes.require(optimizer: "\(recipe.optimizer)", graph: try graphDigest(), at: path)
      try parameters.load(file, from: path, withOptimizer: true)
    } catch {
      try setFrozen(before)
      throw error
    }
    parameters.preparation = prepared
    stepCount = notes.stepCount
    learningRate = notes.learningRate
  }

  private func graphDigest() throws -> String { StepNotes.digest(try trace(batch: 2)) }
}

extension UpdateStep {
  /// Saves weights, statistics, the optimizer's state, the numbers of updates and batches and the rate, as a
  /// safetensors file, whole or not at all.
  ///
  /// - Throws: `TrainingError` where gradients are added up that no update has used: they are not saved.
  public func save(to path: String) throws {
    guard gradientStep.accumulatedCount == 0 else {
      throw TrainingError(
        .badArgument, at: path, expected: "no gradients that wait for an update",
        received: "those of \(gradientStep.accumulatedCount) samples",
        hint: "save after an update, or clear() first")
    }
    let notes = StepNotes(
      seed: gradientStep.seed, stepCount: stepCount, batchCount: gradientStep.batchCount,
      learningRate: learningRate, frozen: gradientStep.recipe.frozen, optimizer: "\(optimizer)",
      graph: try graphDigest())
    try gradientStep.parameters.tensorFile(withOptimizer: true, metadata: notes.metadata).write(to: path)
  }

  /// Goes on where a saved update stood: given the same batches, to the same bytes.
  ///
  /// Both steps must have been made as the saved ones were: network, loss, frozen set, optimizer and seed.
  /// - Throws: `FileError` where the file cannot be read, `TrainingError` where it belongs to other steps;
  ///   nothing changes then.
  public func load(from path: String) throws {
    let file = try TensorFile(reading: path)
    let notes = try StepNotes(file, from: path, seed: gradientStep.seed)
    let prepared = try Parameters.preparation(file, from: path)
    guard notes.frozen == gradientStep.recipe.frozen else {
      throw TrainingError(
        .badData, at: path, expected: "a step with \(Self.list(gradientStep.recipe.frozen)) frozen",
        received: "one with \(Self.list(notes.frozen)) frozen")
    }
    try notes.require(optimizer: "\(optimizer)", graph: try graphDigest(), at: path)
    try gradientStep.parameters.load(file, from: path, withOptimizer: true)
    gradientStep.parameters.preparation = prepared
    gradientStep.clear()
    gradientStep.batchCount = notes.batchCount
    stepCount = notes.stepCount
    learningRate = notes.learningRate
  }

  private func graphDigest() throws -> String {
    StepNotes.digest(try gradientStep.trace(batch: 2), try trace())
  }

  private static func list(_ paths: Set<String>) -> String {
    paths.isEmpty ? "nothing" : paths.sorted().joined(separator: ", ")
  }
}
