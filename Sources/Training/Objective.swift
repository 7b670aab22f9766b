import MartletGraphs
import MartletNetworks

/// What a trainer makes small, and the figures it reports besides: one place for training and evaluation.
struct Objective {
  let loss: Loss
  var metrics: [Metric] = []
  var penalties: [Penalty] = []
  /// How much each class counts in training.
  var classWeights: [Double]?
  /// Whether each image brings a weight of its own.
  var takesSampleWeights = false

  /// The graph's input for the weights `[N]` of a batch's images.
  static let sampleWeightsName = "sample weights"
  /// How many images of a batch were classified rightly.
  static let correctName = "correct"

  /// The name of the graph's output with the sum of a metric over a batch.
  static func outputName(_ metric: Metric) -> String { "metric \(metric.name)" }

  /// The loss of a training batch, a scalar; class and sample weights multiply each sample's loss.
  func trainingLoss(_ network: TracedNetwork, _ images: Value, _ labels: Value) throws -> Value {
    let outputs = network(images)
    let graph = network.graph
    graph.scopes.enter("loss", location: "")
    defer { graph.scopes.leave() }
    let weighted = classWeights.map { loss.weighted(classWeights: $0) } ?? loss
    let mean = try weighted.mean(outputs, labels, sampleWeights: sampleWeights(labels))
    network.report(Self.correctName, loss.correctCount(outputs, labels))
    addTerms(network, outputs, labels)
    return mean
  }

  /// The loss of a batch with the network as it is, penalties included; classes count the same.
  func evaluationLoss(_ network: any Network, _ outputs: Value, _ labels: Value) throws -> Value {
    let graph = outputs.graph
    graph.scopes.enter("loss", location: "")
    defer { graph.scopes.leave() }
    let mean = try loss.mean(outputs, labels, sampleWeights: sampleWeights(labels))
    addTerms(TracedNetwork(network, in: graph), outputs, labels)
    return graph.penalties.reduce(mean) { $0 + $1.value }
  }

  /// Adds the penalties to the graph's, and the sums of the metrics to its outputs.
  private func addTerms(
    _ network: TracedNetwork, _ outputs: Value, _ labels: Value
  ) {
    let graph = network.graph
    for (index, penalty) in penalties.enumerated() {
      graph.penalize("penalty \(index + 1)", penalty.value(network))
    }
    for metric in metrics {
      let figures = metric(outputs, labels)
      if figures.isValid { graph.output(Self.outputName(metric), figures.sum()) }
    }
  }

  /// The weight `[N]` that each sample brings; nil where all count the same.
  private func sampleWeights(_ labels: Value) -> Value? {
    takesSampleWeights ? labels.graph.input(Self.sampleWeightsName, shape: labels.shape) : nil
  }
}

extension Objective {
  /// Refuses weights and metrics that do not fit a network with so many classes.
  func check(classes: Int) throws(TrainingError) {
    if let classWeights {
      guard classWeights.count == max(classes, 2) else {
        throw TrainingError(
          .badArgument, at: "class weights", expected: "one for each of the \(max(classes, 2)) classes",
          received: "\(classWeights.count)")
      }
      try Self.check(classWeights, at: "class weights")
    }
    var names: Set<String> = ["loss", "accuracy"]
    for metric in metrics {
      guard names.insert(metric.name).inserted, !metric.name.hasPrefix("validation_") else {
        throw TrainingError(
          .badArgument, at: "metrics",
          expected: "names that differ from each other, from loss and accuracy, and begin otherwise than "
            + "validation_",
          received: "\"\(metric.name)\"",
          hint: ["loss", "accuracy"].contains(metric.name)
            ? "\(metric.name) is always reported: leave it out" : "")
      }
    }
  }

  /// Refuses weights that are negative, no numbers, or all zero.
  static func check(
    _ weights: some Collection<some BinaryFloatingPoint>, at place: String
  ) throws(TrainingError) {
    for (index, weight) in weights.enumerated() where !(weight.isFinite && weight >= 0) {
      throw TrainingError(
        .badArgument, at: "\(place), number \(index)", expected: "a finite number of at least 0",
        received: "\(weight)")
    }
    guard weights.contains(where: { $0 > 0 }) else {
      throw TrainingError(
        .badArgument, at: place, expected: "at least one above 0", received: "\(weights.count) zeros")
    }
  }
}
