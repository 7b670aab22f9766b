import MartletGraphs

extension Loss {
  /// Cross-entropy with integer labels `[N]`.
  ///
  /// - Parameters:
  ///   - fromLogits: Whether the outputs are scores; probabilities that a softmax made are traced back to
  ///     its scores.
  ///   - labelSmoothing: The part s of the target that is spread over all K classes: the row of a label is
  ///     1 - s + s/K at the label and s/K elsewhere, as in Keras and PyTorch.
  public static func sparseCategoricalCrossEntropy(
    fromLogits: Bool = false, labelSmoothing: Double = 0
  ) -> Loss {
    let loss = Loss(name: "sparse_categorical_crossentropy", targets: .sparse) { outputs, labels in
      let targets = labelSmoothing == 0 ? labels : smoothed(rows(labels, like: outputs), labelSmoothing)
      return crossEntropy(outputs, targets, fromLogits: fromLogits)
    }
    return checked(loss, .fraction("labelSmoothing", labelSmoothing))
  }

  /// Cross-entropy with one row of target probabilities for each sample, `[N, classes]`.
  ///
  /// - Parameters:
  ///   - fromLogits: Whether the outputs are scores; probabilities that a softmax made are traced back to
  ///     its scores.
  ///   - labelSmoothing: The part s of the target that is spread over all K classes: rows·(1 - s) + s/K.
  public static func categoricalCrossEntropy(fromLogits: Bool = false, labelSmoothing: Double = 0) -> Loss {
    let loss = Loss(name: "categorical_crossentropy", targets: .dense) { outputs, rows in
      crossEntropy(outputs, smoothed(rows, labelSmoothing), fromLogits: fromLogits)
    }
    return checked(loss, .fraction("labelSmoothing", labelSmoothing))
  }

  /// Focal cross-entropy (Lin and others 2017) with one row of target probabilities for each
  /// sample: -Σ alpha·(1 - p)^gamma·row·log p, which counts samples that are easy less (Keras's formula).
  ///
  /// - Parameters:
  ///   - alpha: The factor of the whole loss.
  ///   - gamma: How much less easy samples count; 0 is cross-entropy times alpha.
  ///   - fromLogits: Whether the outputs are scores instead of probabilities.
  ///   - labelSmoothing: The part of the target that is spread over all classes.
  public static func categoricalFocalCrossEntropy(
    alpha: Double = 0.25, gamma: Double = 2, fromLogits: Bool = false, labelSmoothing: Double = 0
  ) -> Loss {
    let loss = Loss(name: "categorical_focal_crossentropy", targets: .dense) { outputs, rows in
      guard outputs.isValid, outputs.rank == 2 else { return outputs }
      if let mistake = mistakenForClasses(outputs, forScores: fromLogits) { return mistake }
      let kept = clipped(scaled(fromLogits ? outputs.softmax() : outputs))
      let easiness = (1 - kept).power(outputs.graph.constant(gamma))
      return -(easiness * smoothed(rows, labelSmoothing) * kept.log()).sum(axes: [1]) * alpha
    }
    return checked(
      loss, .fraction("labelSmoothing", labelSmoothing), .above0("alpha", alpha),
      .atLeast0("gamma", gamma))
  }

  /// max(0, 1 + the greatest output of another class - the output of the target's class), with one-hot rows
  /// `[N, classes]` (Keras's formula: others count as 0 at least).
  public static var categoricalHinge: Loss {
    Loss(name: "categorical_hinge", targets: .dense) { outputs, rows in
      guard outputs.isValid, outputs.rank == 2 else { return outputs }
      let rows = rows.toFloat()
      let own = (rows * outputs).sum(axes: [1])
      let other = ((1 - rows) * outputs).max(axes: [1])
      return (other - own + 1).relu()
    }
  }
}

extension Loss {
  /// One-hot rows `[N, classes]` of labels `[N]`.
  static func rows(_ labels: Value, like outputs: Value) -> Value {
    guard outputs.isValid, labels.isValid else { return outputs.isValid ? labels : outputs }
    guard outputs.rank == 2, labels.rank == 1 else { return labels }
    return outputs.graph.apply(.classification(.oneHot(classes: outputs.shape[1])), [labels])
  }

  /// rows·(1 - s) + s/K.
  private static func smoothed(_ rows: Value, _ smoothing: Double) -> Value {
    guard smoothing != 0, rows.isValid, rows.rank == 2 else { return rows }
    return rows.toFloat() * (1 - smoothing) + smoothing / Double(rows.shape[1])
  }

  static func perSampleCrossEntropy(_ logits: Value, _ targets: Value) -> Value {
    let encoding: TargetEncoding = targets.rank == 2 ? .dense : .sparse
    // Labels stay integers; rows of targets may be stored as bytes.
    let targets = encoding == .dense ? targets.toFloat() : targets
    return logits.graph.apply(.classification(.crossEntropy(encoding)), [logits, targets])
  }

  private static func crossEntropy(_ outputs: Value, _ targets: Value, fromLogits: Bool) -> Value {
    guard outputs.isValid, targets.isValid else { return outputs.isValid ? targets : outputs }
    if let mistake = mistakenForClasses(outputs, forScores: fromLogits) { return mistake }
    if fromLogits { return perSampleCrossEntropy(outputs, targets) }
    if outputs.isSoftmax {
      let graph = outputs.graph
      return perSampleCrossEntropy(Value(graph: graph, id: graph.nodes[outputs.id].inputs[0]), targets)
    }
    guard outputs.rank == 2 else { return perSampleCrossEntropy(outputs, targets) }
    return -(rows(targets, like: outputs).toFloat() * clipped(scaled(outputs)).log()).sum(axes: [1])
  }

  /// Rows of probabilities `[N, classes]` scaled to the sum 1, as Keras does.
  private static func scaled(_ outputs: Value) -> Value { outputs / outputs.sum(axes: [1], keepsAxes: true) }

  /// Probabilities kept away from 0 and 1 by Keras's epsilon.
  static func clipped(_ probabilities: Value) -> Value {
    let graph = probabilities.graph
    return probabilities.maximum(graph.constant(1e-7)).minimum(graph.constant(1 - 1e-7))
  }
}

extension Loss {
  /// The mistake of one output where each class has one, which would always have the probability 1, or that of
  /// `mistaken`; nil where there is none.
  static func mistakenForClasses(_ outputs: Value, forScores: Bool) -> Value? {
    guard outputs.isValid, outputs.rank == 2, outputs.shape[1] == 1 else {
      return mistaken(outputs, forScores: forScores, .classification(.softmax))
    }
    return outputs.graph.fail(
      ModelError(
        path: "loss", expected: "one output for each class, at least 2", received: "1 output",
        hint: "Use binaryCrossEntropy, or end the network with Dense(2)."))
  }

  /// The mistake of taking for scores what an activation made, or for probabilities what nothing made them; nil where
  /// the outputs may be what they are taken for.
  static func mistaken(_ outputs: Value, forScores: Bool, _ activation: Op) -> Value? {
    guard outputs.isValid, forScores ? outputs.op == activation : outputs.isOfLinearLayer else { return nil }
    let name = activation.name
    return outputs.graph.fail(
      ModelError(
        path: "loss", expected: forScores ? "scores" : "probabilities",
        received: forScores
          ? "the probabilities of a \(name)" : "the scores of a layer without an activation",
        hint: forScores
          ? "Leave out the \(name); a loss with fromLogits: false takes its probabilities."
          : "End the network with a \(name), or say fromLogits: true."))
  }
}

extension Value {
  /// Whether a softmax made it.
  package var isSoftmax: Bool { isValid && op == .classification(.softmax) }

  /// Whether it is a matrix product, or one with a bias.
  fileprivate var isOfLinearLayer: Bool {
    switch op {
    case .matrix(.multiply): true
    case .pointwise(.binary(.add)):
      graph.nodes[id].inputs.contains {
        if case .matrix(.multiply) = graph.nodes[$0].op { true } else { false }
      }
    default: false
    }
  }
}

/// The mean cross-entropy of scores `[N, classes]`, with labels `[N]` or rows of targets `[N, classes]`.
public func crossEntropy(_ logits: Value, _ targets: Value) -> Value {
  Loss.mistakenForClasses(logits, forScores: true)
    ?? Loss.perSampleCrossEntropy(logits, targets).mean()
}
