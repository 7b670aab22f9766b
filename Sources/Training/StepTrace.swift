import MartletGraphs
import MartletNetworks

/// The graph of one training step for one batch size: loss, gradients, updates.
struct StepTrace {
  let graph: Graph
  /// The loss and every gradient, which must be finite before anything is changed.
  let guarded: [(name: String, value: Value)]

  /// Traces the step; throws the first mistake.
  init(_ recipe: StepRecipe, batch: Int) throws {
    try recipe.optimizer.validate()
    let graph = Graph(purpose: .training)
    graph.settings = TraceSettings(preset: recipe.network.preset, frozen: recipe.frozen)
    let input = recipe.network.input
    let images = graph.input(InputSpec.inputName, shape: [batch] + input.shape, element: input.element)
    let labels = graph.input(StepTrace.labelsName, shape: [batch], element: .int32)
    let loss = try recipe.loss(TracedNetwork(recipe.network, in: graph), images, labels)
    try graph.check()
    graph.scopes.enter("loss", location: "")
    let total = graph.penalties.reduce(loss) { $0 + $1.value }
    graph.scopes.leave()
    graph.output(TrainingStep.lossName, total)

    let weights = try Self.weights(of: graph, frozen: recipe.frozen)
    let found = graph.gradients(of: total, withRespectTo: weights.map(\.value))
    try graph.check()
    let entries = zip(weights, found).compactMap { weight, gradient in
      gradient.map { (path: weight.path, value: $0) }
    }
    guard !entries.isEmpty else {
      throw ModelError(
        path: "loss", expected: "a loss that depends on the network's weights", received: "none of them",
        hint: "Compute it from the network's outputs.")
    }
    var guarded = [(name: TrainingStep.lossName, value: total)]
    guarded += entries.map { (Self.gradientPrefix + $0.path, $0.value) }
    var gradients = Gradients(entries: entries, graph: graph)
    if let change = recipe.gradients {
      gradients = change(gradients)
      try graph.check()
      guarded += gradients.entries.map { ("changed \(Self.gradientPrefix)\($0.path)", $0.value) }
    }
    for (path, gradient) in gradients.entries {
      graph.scopes.enter(path, location: "")
      recipe.optimizer.trace(path, gradient: gradient, in: graph)
      graph.scopes.leave()
    }
    try graph.check()
    self.graph = graph
    self.guarded = guarded
  }

  /// The name of the graph's input for the labels.
  static let labelsName = "labels"

  /// The beginning of a gradient's name among the guarded values.
  static let gradientPrefix = "gradient of "

  private static func weights(
    of graph: Graph, frozen: Set<String>
  ) throws(ModelError) -> [(path: String, value: Value)] {
    let weights = graph.parameters.filter { $0.role == .weight }
    for name in frozen.sorted()
    where !weights.contains(where: { $0.path == name || $0.path.hasPrefix("\(name)/") }) {
      throw ModelError(
        path: "frozen", expected: "a layer or parameter of the network", received: name,
        hint: "The parameters are: \(weights.map(\.path).joined(separator: ", ")).")
    }
    let trained = weights.filter(\.isTrainable)
    guard !trained.isEmpty else {
      throw ModelError(
        path: "frozen", expected: "at least one weight that is trained", received: "none",
        hint: "Leave a layer with weights out of the frozen set, and apply the network in the loss.")
    }
    return trained.compactMap { spec in graph.parameterValue(spec.path).map { (spec.path, $0) } }
  }
}

/// What a training step is made of.
struct StepRecipe {
  let network: any Network
  let optimizer: any Optimizer
  let frozen: Set<String>
  let gradients: ((Gradients) -> Gradients)?
  let loss: TrainingStep.LossFunction
}
