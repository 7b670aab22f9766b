import MartletGraphs
import MartletNetworks

/// What a step computes before anything is changed: network, targets, loss, and what is trained.
struct LossRecipe {
  let network: any GraphNetwork
  let targets: NamedTargets
  var frozen: Set<String>
  let loss: TrainingStep.NamedLossFunction
  /// `file:line` of the step, for mistakes without a place of their own.
  let location: String

  init(
    network: any GraphNetwork, targets: NamedTargets, frozen: Set<String>, location: String = "",
    loss: @escaping TrainingStep.NamedLossFunction
  ) {
    self.network = network
    self.targets = targets
    self.frozen = frozen
    self.location = location
    self.loss = loss
  }

  /// The recipe of a network of one input whose targets are labels.
  init(
    network: any Network, frozen: Set<String>, location: String = "",
    loss: @escaping TrainingStep.LossFunction
  ) {
    self.init(
      network: network, targets: [StepTrace.labelsName: .labels], frozen: frozen, location: location
    ) { network, inputs, targets in
      try loss(network, inputs.elements[0], targets.elements[0])
    }
  }
}

/// The graph of loss and gradients for one batch size.
struct LossTrace {
  let graph: Graph
  /// The trained tensors and their gradients.
  let gradients: [(path: String, value: Value)]
  /// The loss and every gradient, which must be finite before anything is changed.
  let guarded: [(name: String, value: Value)]

  /// Traces loss and gradients; throws the first mistake.
  init(_ recipe: LossRecipe, batch: Int) throws {
    do {
      try self.init(unlocated: recipe, batch: batch)
    } catch let error as ModelError {
      throw error.located(at: recipe.location)
    }
  }

  private init(unlocated recipe: LossRecipe, batch: Int) throws {
    try recipe.checkNames()
    let graph = Graph(purpose: .training)
    graph.settings = TraceSettings(preset: recipe.network.preset, frozen: recipe.frozen)
    let inputs = recipe.network.declareInputs(batch: batch, in: graph)
    let targets = NamedValues(
      recipe.targets.entries.map { name, spec in
        (name, graph.input(name, shape: [batch] + spec.shape, element: spec.element))
      })
    let loss = try recipe.loss(TracedNetwork(recipe.network, in: graph), inputs, targets)
    try graph.check()
    graph.scopes.enter("loss", location: "")
    let total = graph.penalties.reduce(loss) { $0 + $1.value }
    graph.scopes.leave()
    graph.output(TrainingStep.lossName, total)

    let weights = try Self.weights(of: graph, frozen: recipe.frozen)
    let found = graph.gradients(of: total, withRespectTo: weights.map(\.value))
    try graph.check()
    let gradients = zip(weights, found).compactMap { weight, gradient in
      gradient.map { (path: weight.path, value: $0) }
    }
    guard !gradients.isEmpty else {
      throw ModelError(
        path: "loss", expected: "a loss that depends on the network's weights", received: "none of them",
        hint: "Compute it from the network's outputs.")
    }
    self.graph = graph
    self.gradients = gradients
    guarded =
      [(name: TrainingStep.lossName, value: total)]
      + gradients.map { (StepTrace.gradientPrefix + $0.path, $0.value) }
  }

  private static func weights(
    of graph: Graph, frozen: Set<String>
  ) throws(ModelError) -> [(path: String, value: Value)] {
    let weights = graph.parameters.filter { $0.role == .weight }
    // A batch normalization may have statistics alone, which are frozen with the layer.
    let stored = weights + graph.parameters.filter { $0.role == .state }
    for name in frozen.sorted()
    where !stored.contains(where: {
      $0.path.hasPrefix("\(name)/") || ($0.path == name && $0.role == .weight)
    }) {
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

extension Gradients {
  /// The gradients changed by a function, and what must be finite besides.
  func changed(
    by change: ((Gradients) -> Gradients)?
  ) throws(ModelError) -> (gradients: Gradients, guarded: [(name: String, value: Value)]) {
    guard let change else { return (self, []) }
    let changed = change(self)
    try graph.check()
    for (old, new) in zip(entries, changed.entries) where new.value.shape != old.value.shape {
      throw ModelError(
        path: "\(StepTrace.gradientPrefix)\(new.path)",
        expected: "shape \(old.value.shape), as before the change",
        received: "shape \(new.value.shape)", hint: "sum, mean and max take keepsAxes: true.")
    }
    return (
      changed, changed.entries.map { ("changed \(StepTrace.gradientPrefix)\($0.path)", $0.value) }
    )
  }

  /// Traces the optimizer's update of every tensor; throws where one of its settings is out of range.
  func update(with optimizer: any Optimizer) throws(ModelError) {
    try optimizer.validate()
    for (path, gradient) in entries {
      graph.scopes.enter(path, location: "")
      optimizer.trace(path, gradient: gradient, in: graph)
      graph.scopes.leave()
    }
    try graph.check()
  }
}
