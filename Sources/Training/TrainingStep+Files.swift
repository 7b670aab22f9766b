import MartletNetworks
import MartletTensors

extension TrainingStep {
  /// Saves weights, statistics, the optimizer's state, the number of steps, the rate and the frozen set, as
  /// a safetensors file, whole or not at all.
  public func save(to path: String) throws(FileError) {
    let notes: [String: String] = [
      NoteName.steps: "\(stepCount)", NoteName.rate: "\(learningRate)", NoteName.seed: "\(seed)",
      NoteName.frozen: JSON.array(frozen.sorted().map { .string($0) }).text,
    ]
    try parameters.tensorFile(withOptimizer: true, metadata: notes).write(to: path)
  }

  /// Goes on where a saved step stood: given the same batches, to the same bytes.
  ///
  /// The step must have been made as the saved one was: network, loss, optimizer and seed.
  /// - Throws: `FileError` where the file cannot be read, `TrainingError` where it belongs to another step;
  ///   nothing changes then.
  public func load(from path: String) throws {
    let file = try TensorFile(reading: path)
    guard let steps = file.metadata[NoteName.steps].flatMap({ Int($0) }), steps >= 0,
      let rate = file.metadata[NoteName.rate].flatMap({ Double($0) }),
      let paths = file.metadata[NoteName.frozen].flatMap({ try? JSON(parsing: $0) })?.arrayValue
    else {
      throw TrainingError(
        .badData, at: path, expected: "a step saved by save(to:)", received: "tensors without its notes",
        hint: "load weights alone with parameters.load(from:)")
    }
    guard file.metadata[NoteName.seed] == "\(seed)" else {
      throw TrainingError(
        .badData, at: path, expected: "a step of seed \(seed)",
        received: "seed \(file.metadata[NoteName.seed] ?? "unknown")",
        hint: "make the step with the saved one's seed")
    }
    let before = frozen
    try setFrozen(Set(paths.compactMap(\.stringValue)))
    do {
      try parameters.load(file, from: path, withOptimizer: true)
    } catch {
      try setFrozen(before)
      throw error
    }
    stepCount = steps
    learningRate = rate
  }

  /// The names of the file's notes.
  private enum NoteName {
    static let steps = "step_count"
    static let rate = "learning_rate"
    static let seed = "seed"
    static let frozen = "frozen"
  }
}
