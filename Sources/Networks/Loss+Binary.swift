import MartletGraphs

extension Loss {
  /// The mean over a sample's outputs of -t·log p - (1 - t)·log(1 - p): for one output `[N, 1]` with labels
  /// 0 and 1, or for several outputs `[N, k]`, each of which is a class that may be present or not.
  ///
  /// - Parameters:
  ///   - fromLogits: Whether the outputs are scores; probabilities that a sigmoid made are traced back to
  ///     its scores, others are kept 1e-7 away from 0 and 1, as Keras does.
  ///   - labelSmoothing: The part s of the targets that becomes a half: t·(1 - s) + s/2.
  public static func binaryCrossEntropy(fromLogits: Bool = false, labelSmoothing: Double = 0) -> Loss {
    let loss = Loss(
      name: "binary_crossentropy", targets: .dense, binaryThreshold: fromLogits ? 0 : 0.5
    ) { outputs, targets in
      guard outputs.isValid, targets.isValid else { return outputs.isValid ? targets : outputs }
      if let mistake = mistaken(outputs, forScores: fromLogits, .pointwise(.unary(.sigmoid))) {
        return mistake
      }
      var rows = targets.toFloat()
      if labelSmoothing != 0 { rows = rows * (1 - labelSmoothing) + 0.5 * labelSmoothing }
      let graph = outputs.graph
      let terms: Value
      if fromLogits {
        terms = binaryTerms(outputs, rows)
      } else if case .pointwise(.unary(.sigmoid)) = outputs.op {
        terms = binaryTerms(Value(graph: graph, id: graph.nodes[outputs.id].inputs[0]), rows)
      } else {
        let kept = clipped(outputs)
        terms = -(rows * kept.log() + (1 - rows) * (1 - kept).log())
      }
      return meanOfSample(terms)
    }
    return checked(loss, .fraction("labelSmoothing", labelSmoothing))
  }

  /// The mean over a sample's outputs of max(0, 1 - t·y), with targets 0 and 1 read as t = -1 and 1.
  public static var hinge: Loss {
    Loss(name: "hinge", targets: .dense, binaryThreshold: 0) { outputs, targets in
      meanOfSample((1 - (targets.toFloat() * 2 - 1) * outputs).relu())
    }
  }

  /// max(x, 0) - x·t + log(1 + e^-|x|), which overflows nowhere.
  private static func binaryTerms(_ logits: Value, _ targets: Value) -> Value {
    logits.relu() - logits * targets + (-logits.abs()).softplus()
  }
}
