import MartletCPU
import MartletGraphs
import MartletNetworks
import MartletTensors

/// A network compiled to predict or to evaluate, once for each batch size, on the weights of a store that
/// training may change between two calls.
final class InferenceProgram {
  /// What is computed.
  enum Kind {
    case prediction(Prediction)
    /// The loss of the batch and the class of each sample.
    case evaluation(Objective, frozen: Set<String>)
  }

  let input: BatchInput
  let network: any Network
  private let kind: Kind
  let parameters: Parameters
  private let engine: Engine
  private var programs: [Int: Executable] = [:]
  /// The batch sizes whose programs have been given the weights as they are now.
  private var current: Set<Int> = []

  init(_ network: any Network, _ kind: Kind, _ parameters: Parameters, _ input: BatchInput, _ engine: Engine)
  {
    self.network = network
    self.kind = kind
    self.parameters = parameters
    self.input = input
    self.engine = engine
  }

  static let outputsName = InputSpec.outputName
  static let lossName = "loss"
  static let predictionsName = "predictions"

  /// Takes over the weights of the store as they are now, for all runs up to the next call.
  func takeWeights() { current = [] }

  /// Runs the program; its outputs are valid until the next one runs.
  func run(
    _ images: UnsafeRawPointer, batch: Int, labels: UnsafeRawPointer? = nil,
    sampleWeights: UnsafeRawPointer? = nil
  ) throws -> Executable {
    let program = try program(batch: batch)
    if current.insert(batch).inserted { program.prepare() }
    program.setInput(InputSpec.inputName, images)
    if let labels { program.setInput(StepTrace.labelsName, labels) }
    if let sampleWeights { program.setInput(Objective.sampleWeightsName, sampleWeights) }
    program.compute()
    return program
  }

  private func program(batch: Int) throws -> Executable {
    if let program = programs[batch] { return program }
    let graph = try trace(batch: batch)
    try engine.exact.check(graph)
    try parameters.addMissing(graph.parameters)
    let program = engine.executable(graph, batch: batch, weightsStay: true, parameters)
    programs[batch] = program
    return program
  }

  private func trace(batch: Int) throws -> Graph {
    switch kind {
    case .prediction(let prediction): return try prediction.trace(network, batch: batch)
    case .evaluation(let objective, let frozen):
      let graph = Graph(purpose: .inference)
      graph.settings.frozen = frozen
      let outputs = network.trace(batch: batch, into: graph)
      try graph.check()
      let labels = graph.input(StepTrace.labelsName, shape: [batch], element: .int32)
      graph.output(Self.lossName, try objective.evaluationLoss(network, outputs, labels))
      graph.output(Self.predictionsName, objective.loss.predictedClasses(outputs))
      try graph.check()
      return graph
    }
  }
}
