import MartletGraphs

/// What a weighted mean over a batch is divided by.
public enum WeightDivisor: String, Sendable, Hashable, CaseIterable {
  /// The number of samples, as Keras does.
  case count
  /// The sum of the weights, as PyTorch does with class weights; the mean is 0 where the sum is.
  case weightSum
}

extension Loss {
  /// The same loss with each sample counting by its class.
  ///
  /// A sample's weight is the weight of its label; for a row of targets it is Σ row·weight, before any label
  /// smoothing. (PyTorch's class weights with label smoothing or soft rows weigh each class's term instead.)
  ///
  /// - Parameter classWeights: One weight of at least 0 for each class.
  public func weighted(classWeights: [Double]) -> Loss {
    Loss.checked(
      Loss(
        name: name, targets: targets, binaryThreshold: binaryThreshold, classWeights: classWeights,
        function: function),
      Requirement(
        classWeights.allSatisfy { $0 >= 0 && $0.isFinite }, "class weights of at least 0",
        received: "\(classWeights)"))
  }

  /// The mean over a batch, a scalar.
  ///
  /// - Parameters:
  ///   - outputs: The network's outputs `[N, classes]`.
  ///   - labels: Labels `[N]`, which become rows where the loss wants rows, or rows `[N, classes]`.
  ///   - sampleWeights: How much each sample counts, `[N]`; multiplied by its class's weight.
  ///   - divisor: What the weighted sum is divided by; nil takes the network's preset's.
  /// - Throws: A mistake where shapes do not fit.
  public func mean(
    _ outputs: Value, _ labels: Value, sampleWeights: Value? = nil, divisor: WeightDivisor? = nil
  ) throws(ModelError) -> Value {
    guard outputs.isValid, labels.isValid else { return outputs.isValid ? labels : outputs }
    let graph = outputs.graph
    guard outputs.rank >= 1 else {
      throw ModelError(
        path: "loss", expected: "outputs with a batch axis, such as [batch, classes]", received: "a scalar")
    }
    let targets = targets == .dense ? Self.targetRows(labels, outputs) : labels
    let losses = function(outputs, targets)
    let classWeights = weights(of: targets, outputs)
    try graph.check()
    let count = outputs.shape[0]
    guard losses.shape == [count] else {
      throw ModelError(
        path: "loss", expected: "one number for each sample, shape [\(count)]",
        received: "shape \(losses.shape)", hint: "The loss \(name) must not take the mean over samples.")
    }
    if let sampleWeights, sampleWeights.isValid, sampleWeights.shape != [count] {
      throw ModelError(
        path: "sample weights", expected: "one weight for each sample, shape [\(count)]",
        received: "shape \(sampleWeights.shape)")
    }
    let given = [sampleWeights?.toFloat(), classWeights].compactMap { $0 }
    guard let first = given.first else { return losses.mean() }
    let weights = given.dropFirst().reduce(first, *)
    switch divisor ?? (graph.settings.preset == .pytorch ? .weightSum : .count) {
    case .count: return (losses * weights).mean()
    case .weightSum: return (losses * weights).sum().dividedNoNaN(by: weights.sum())
    }
  }

  /// The weight `[N]` of each sample's class; nil without class weights.
  func weights(of targets: Value, _ outputs: Value) -> Value? {
    guard let classWeights, targets.isValid, outputs.isValid, outputs.rank > 0 else { return nil }
    let graph = targets.graph
    let columns = outputs.shape.dropFirst().reduce(1, *)
    // One output stands for two classes.
    let classes = columns == 1 ? 2 : columns
    guard classWeights.count == classes else {
      return graph.fail(
        ModelError(
          path: "loss \(name)", expected: "\(classes) class weights, one for each class",
          received: "\(classWeights.count)"))
    }
    let table = graph.table(classWeights, shape: [classes])
    if targets.rank == 1, columns > 1 || targets.element != .float {
      return (graph.apply(.classification(.oneHot(classes: classes)), [targets]) * table).sum(axes: [1])
    }
    let targets = targets.toFloat()
    guard columns == 1 else { return (targets * table).sum(axes: [1]) }
    let weights = targets * (classWeights[1] - classWeights[0]) + classWeights[0]
    return weights.reshaped([targets.shape[0]])
  }

  /// Labels `[N]` as the rows that outputs `[N, classes]` are compared with; one output is compared with the
  /// label itself, with or without an axis of its own, and rows stay rows.
  static func targetRows(_ labels: Value, _ outputs: Value) -> Value {
    guard labels.isValid, outputs.isValid, labels.shape != outputs.shape else { return labels }
    // Broadcasting would compare each sample's output with the targets of all.
    if labels.shape == outputs.shape + [1] || outputs.shape == labels.shape + [1] {
      return labels.toFloat().reshaped(outputs.shape)
    }
    guard labels.rank == 1 else { return labels }
    guard outputs.shape.dropFirst().reduce(1, *) > 1 else {
      return labels.toFloat().reshaped(outputs.shape)
    }
    guard outputs.rank == 2 else {
      return outputs.graph.fail(
        ModelError(
          path: "loss", expected: "one score for each class, [batch, classes]",
          received: "outputs of shape \(outputs.shape) with labels",
          hint: "End the network with Flatten() and Dense(classes), or give targets of the outputs' shape."))
    }
    return rows(labels, like: outputs)
  }
}
