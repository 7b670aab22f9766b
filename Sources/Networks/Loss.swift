import MartletGraphs

/// How far outputs are from their targets, one number for each sample.
public struct Loss: Sendable {
  /// The name in reports, in Keras's snake case.
  public let name: String
  /// Whether targets are labels `[N]` or one row for each sample `[N, classes]`.
  package let targets: TargetEncoding
  private let function: @Sendable (Value, Value) -> Value

  /// Creates a loss from a function of outputs and targets with the result `[N]`.
  ///
  /// - Parameters:
  ///   - takesLabels: Whether the targets are integer labels `[N]`; else one row `[N, classes]`.
  public init(
    name: String, takesLabels: Bool,
    _ function: @escaping @Sendable (_ outputs: Value, _ targets: Value) -> Value
  ) {
    self.name = name
    targets = takesLabels ? .sparse : .dense
    self.function = function
  }

  /// The loss `[N]` of each sample.
  public func callAsFunction(_ outputs: Value, _ targets: Value) -> Value { function(outputs, targets) }

  /// Cross-entropy with integer labels `[N]`.
  ///
  /// - Parameter fromLogits: Whether the outputs are scores; probabilities that a softmax made are
  ///   traced back to its scores.
  public static func sparseCategoricalCrossEntropy(fromLogits: Bool = false) -> Loss {
    Loss(name: "sparse_categorical_crossentropy", takesLabels: true) { outputs, labels in
      fromLogits
        ? perSampleCrossEntropy(outputs, labels)
        : crossEntropyOfProbabilities(outputs, labels)
    }
  }

  /// Cross-entropy with one row of target probabilities for each sample, `[N, classes]`.
  ///
  /// - Parameter fromLogits: Whether the outputs are scores; probabilities that a softmax made are
  ///   traced back to its scores.
  public static func categoricalCrossEntropy(fromLogits: Bool = false) -> Loss {
    Loss(name: "categorical_crossentropy", takesLabels: false) { outputs, rows in
      fromLogits ? perSampleCrossEntropy(outputs, rows) : crossEntropyOfProbabilities(outputs, rows)
    }
  }

  /// The mean over a sample's outputs of the squared difference.
  public static var meanSquaredError: Loss {
    Loss(name: "mean_squared_error", takesLabels: false) { outputs, targets in
      let difference = outputs - targets.toFloat()
      guard difference.isValid, difference.rank > 1 else { return difference.squared() }
      return difference.squared().mean(axes: Array(1..<difference.rank))
    }
  }
}

/// The mean cross-entropy of scores `[N, classes]`, with labels `[N]` or rows of targets `[N, classes]`.
public func crossEntropy(_ logits: Value, _ targets: Value) -> Value {
  perSampleCrossEntropy(logits, targets).mean()
}

/// The part of the rows whose greatest score is the target's, a scalar.
public func accuracy(_ outputs: Value, _ targets: Value) -> Value {
  guard outputs.isValid, outputs.rank > 0 else { return outputs }
  return correctCount(outputs, targets) * (1 / Double(outputs.shape[0]))
}

/// The number of rows whose greatest score is the target's, a scalar.
package func correctCount(_ outputs: Value, _ targets: Value) -> Value {
  let labels = targets.rank == 2 ? targets.toFloat().argmax() : targets.toFloat()
  return outputs.argmax().equal(to: labels).sum()
}

private func perSampleCrossEntropy(_ logits: Value, _ targets: Value) -> Value {
  let encoding: TargetEncoding = targets.rank == 2 ? .dense : .sparse
  // Labels stay integers; rows of targets may be stored as bytes.
  let targets = encoding == .dense ? targets.toFloat() : targets
  return logits.graph.apply(.classification(.crossEntropy(encoding)), [logits, targets])
}

private func crossEntropyOfProbabilities(_ outputs: Value, _ targets: Value) -> Value {
  guard outputs.isValid, targets.isValid else { return outputs.isValid ? targets : outputs }
  let graph = outputs.graph
  if case .classification(.softmax) = outputs.op {
    return perSampleCrossEntropy(Value(graph: graph, id: graph.nodes[outputs.id].inputs[0]), targets)
  }
  guard outputs.rank == 2 else { return perSampleCrossEntropy(outputs, targets) }
  let rows =
    targets.rank == 2
    ? targets.toFloat()
    : graph.apply(.classification(.oneHot(classes: outputs.shape[1])), [targets])
  // Keras: rows are scaled to the sum 1, then kept away from 0 and 1 by its epsilon.
  let scaled = outputs / outputs.sum(axes: [1], keepsAxes: true)
  let kept = scaled.maximum(graph.constant(1e-7)).minimum(graph.constant(1 - 1e-7))
  return -(rows * kept.log()).sum(axes: [1])
}
