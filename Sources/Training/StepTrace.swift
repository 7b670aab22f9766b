import MartletGraphs
import MartletNetworks

/// The graph of one training step for one batch size: loss, gradients, updates.
struct StepTrace {
  let graph: Graph
  /// The loss and every gradient, which must be finite before anything is changed.
  let guarded: [(name: String, value: Value)]

  /// Traces the step; throws the first mistake.
  init(_ recipe: StepRecipe, batch: Int) throws {
    let trace = try LossTrace(recipe.loss, batch: batch)
    let (gradients, more) = try Gradients(entries: trace.gradients, graph: trace.graph)
      .changed(by: recipe.gradients)
    try gradients.update(with: recipe.optimizer)
    graph = trace.graph
    guarded = trace.guarded + more
  }

  /// The name of the graph's input for the labels.
  static let labelsName = "labels"

  /// The beginning of a gradient's name among the guarded values.
  static let gradientPrefix = "gradient of "
}

/// What a training step is made of.
struct StepRecipe {
  var loss: LossRecipe
  let optimizer: any Optimizer
  let gradients: ((Gradients) -> Gradients)?

  /// - Parameter optimizer: The rule, with the network's preset.
  init(_ loss: LossRecipe, optimizer: any Optimizer, gradients: ((Gradients) -> Gradients)?) {
    self.loss = loss
    self.optimizer = optimizer
    self.gradients = gradients
  }

  /// The recipe of a network of one input whose targets are labels.
  init(
    network: any Network, optimizer: any Optimizer, frozen: Set<String>,
    gradients: ((Gradients) -> Gradients)?, loss: @escaping TrainingStep.LossFunction
  ) {
    self.init(
      LossRecipe(network: network, frozen: frozen, loss: loss), optimizer: optimizer, gradients: gradients)
  }
}
