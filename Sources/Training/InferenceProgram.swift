import MartletCPU
import MartletGraphs
import MartletNetworks
import MartletTensors

/// A network compiled to predict, once for each batch size, on the weights of a store.
final class InferenceProgram {
  /// What is computed.
  enum Kind {
    /// The network's outputs as they are.
    case outputs
    /// Probabilities of the classes.
    case probabilities
    /// The loss of the batch and the class of each sample.
    case evaluation(Objective, frozen: Set<String>)
  }

  let input: BatchInput
  let network: any Network
  private let kind: Kind
  private let parameters: Parameters
  private let engine: Engine
  private var programs: [Int: Executable] = [:]

  init(_ network: any Network, _ kind: Kind, _ parameters: Parameters, _ input: BatchInput, _ engine: Engine)
  {
    self.network = network
    self.kind = kind
    self.parameters = parameters
    self.input = input
    self.engine = engine
  }

  static let outputsName = "outputs"
  static let lossName = "loss"
  static let predictionsName = "predictions"

  /// Runs the program; its outputs are valid until the next one runs.
  func run(
    _ images: UnsafeRawPointer, batch: Int, labels: UnsafeRawPointer? = nil,
    sampleWeights: UnsafeRawPointer? = nil
  ) throws -> Executable {
    let program = try program(batch: batch)
    program.setInput(InputSpec.inputName, images)
    if let labels { program.setInput(StepTrace.labelsName, labels) }
    if let sampleWeights { program.setInput(Objective.sampleWeightsName, sampleWeights) }
    program.compute()
    return program
  }

  private func program(batch: Int) throws -> Executable {
    if let program = programs[batch] { return program }
    let graph = Graph(purpose: .inference)
    if case .evaluation(_, let frozen) = kind { graph.settings.frozen = frozen }
    let outputs = network.trace(batch: batch, into: graph)
    try graph.check()
    switch kind {
    case .outputs: graph.output(Self.outputsName, outputs)
    case .probabilities: graph.output(Self.outputsName, outputs.asProbabilities)
    case .evaluation(let objective, _):
      let labels = graph.input(StepTrace.labelsName, shape: [batch], element: .int32)
      graph.output(Self.lossName, try objective.evaluationLoss(network, outputs, labels))
      graph.output(Self.predictionsName, objective.loss.predictedClasses(outputs))
    }
    try graph.check()
    try parameters.addMissing(graph.parameters)
    let program = engine.executable(graph, batch: batch, parameters)
    programs[batch] = program
    return program
  }
}

extension Value {
  /// Scores become probabilities, by a softmax or, of one output, by a sigmoid; what a softmax or sigmoid
  /// made stays as it is.
  fileprivate var asProbabilities: Value {
    guard isValid, rank == 2 else { return self }
    switch op {
    case .classification(.softmax), .pointwise(.unary(.sigmoid)): return self
    default: return shape[1] == 1 ? sigmoid() : softmax()
    }
  }
}
