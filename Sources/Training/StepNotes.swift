import MartletGraphs
import MartletNetworks
import MartletTensors

/// What the file of a step holds besides tensors, so that it goes on exactly.
struct StepNotes {
  var seed: UInt64
  /// The number of updates made.
  var stepCount: Int
  /// The number of batches whose gradients were computed; that of the updates where each has one.
  var batchCount: Int
  var learningRate: Double
  var frozen: Set<String>
  /// The rule of the update, with its settings.
  var optimizer: String
  /// The digest of the graphs of a step: of network, loss and changes of the gradients.
  var graph: String

  private enum Key {
    static let seed = "seed"
    static let steps = "step_count"
    static let batches = "batch_count"
    static let rate = "learning_rate"
    static let frozen = "frozen"
    static let optimizer = "optimizer"
    static let graph = "graph"
  }

  var metadata: [String: String] {
    [
      Key.seed: "\(seed)", Key.steps: "\(stepCount)", Key.batches: "\(batchCount)",
      Key.rate: "\(learningRate)",
      Key.frozen: JSON.array(frozen.sorted().map { .string($0) }).text,
      Key.optimizer: optimizer, Key.graph: graph,
    ]
  }

  /// Reads the notes of a file and refuses a step of another seed.
  init(_ file: TensorFile, from path: String, seed: UInt64) throws(TrainingError) {
    let notes = file.metadata
    guard let steps = notes[Key.steps].flatMap({ Int($0) }), steps >= 0,
      let batches = notes[Key.batches].flatMap({ Int($0) }), batches >= 0,
      let rate = notes[Key.rate].flatMap({ Double($0) }),
      let frozen = notes[Key.frozen].flatMap({ try? JSON(parsing: $0) })?.arrayValue,
      let optimizer = notes[Key.optimizer], let graph = notes[Key.graph]
    else {
      throw TrainingError(
        .badData, at: path, expected: "a step saved by save(to:)", received: "tensors without its notes",
        hint: "load weights alone with parameters.load(from:)")
    }
    guard notes[Key.seed] == "\(seed)" else {
      throw TrainingError(
        .badData, at: path, expected: "a step of seed \(seed)",
        received: "seed \(notes[Key.seed] ?? "unknown")", hint: "make the step with the saved one's seed")
    }
    self.seed = seed
    stepCount = steps
    batchCount = batches
    learningRate = rate
    self.frozen = Set(frozen.compactMap(\.stringValue))
    self.optimizer = optimizer
    self.graph = graph
  }

  /// Refuses notes of a step that was made otherwise.
  func require(optimizer: String, graph: String, at path: String) throws(TrainingError) {
    guard self.optimizer == optimizer else {
      throw TrainingError(
        .badData, at: path, expected: "a step with \(optimizer)", received: "one with \(self.optimizer)",
        hint: "make the step with the saved one's optimizer")
    }
    guard self.graph == graph else {
      throw TrainingError(
        .badData, at: path, expected: "a step of this network and loss", received: "one of others",
        hint: "make the step as the saved one was made, or load weights alone with parameters.load(from:)")
    }
  }

  /// The digest of the graphs that make a step.
  static func digest(_ graphs: Graph...) -> String {
    var digest = SHA256()
    for graph in graphs { digest.update(Array(graph.text.utf8)) }
    return digest.hexDigest()
  }

  init(
    seed: UInt64, stepCount: Int, batchCount: Int, learningRate: Double, frozen: Set<String>,
    optimizer: String, graph: String
  ) {
    self.seed = seed
    self.stepCount = stepCount
    self.batchCount = batchCount
    self.learningRate = learningRate
    self.frozen = frozen
    self.optimizer = optimizer
    self.graph = graph
  }
}
