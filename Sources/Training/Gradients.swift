import MartletGraphs
import MartletNetworks

/// The gradients of a step while it is traced, one for each trained tensor, to be changed before the
/// optimizer sees them.
public struct Gradients {
  /// The trained tensors' paths and gradients in order.
  public let entries: [(path: String, value: Value)]
  let graph: Graph

  /// Every gradient changed by a function of its path and value.
  public func map(_ change: (_ path: String, _ gradient: Value) -> Value) -> Gradients {
    Gradients(entries: entries.map { ($0.path, change($0.path, $0.value)) }, graph: graph)
  }

  /// The root of the sum of squares over all gradients, a scalar.
  public var norm: Value {
    let squares = entries.map { $0.value.squared().sum() }
    guard let first = squares.first else { return graph.constant(0) }
    return squares.dropFirst().reduce(first, +).squareRoot()
  }

  /// The gradients shortened together so that their norm is at most `limit`; infinity leaves them as they are.
  public func clipped(norm limit: Double) -> Gradients {
    guard isClipping(limit) else { return self }
    let bound = graph.constant(limit)
    let factor = bound / norm.maximum(bound)
    return map { $1 * factor }
  }

  /// Each gradient shortened by itself so that its norm is at most `limit` (Keras's `clipnorm`; its
  /// `global_clipnorm` is `clipped(norm:)`).
  public func clipped(eachNorm limit: Double) -> Gradients {
    guard isClipping(limit) else { return self }
    let bound = graph.constant(limit)
    return map { $1 * (bound / $1.l2Norm().maximum(bound)) }
  }

  /// The gradients with every element brought between `-limit` and `limit`.
  public func clipped(value limit: Double) -> Gradients {
    guard isClipping(limit) else { return self }
    return map { $1.maximum(graph.constant(-limit)).minimum(graph.constant(limit)) }
  }

  /// Whether a limit changes anything; one that is none is a mistake of the trace.
  private func isClipping(_ limit: Double) -> Bool {
    guard limit > 0 else {
      _ = graph.fail(
        ModelError(path: "gradients", expected: "a limit above 0 to clip to", received: "\(limit)"))
      return false
    }
    return limit.isFinite
  }
}

extension TracedNetwork {
  /// Makes a value of the step readable after each step, under a name of one's own.
  ///
  /// `loss` and names that begin with `gradient of ` are the step's own and refused, as is a name used before.
  public func report(_ name: String, _ value: Value) {
    guard name != TrainingStep.lossName, !name.hasPrefix(StepTrace.gradientPrefix) else {
      _ = graph.fail(
        ModelError(
          path: name,
          expected: "a name other than \"\(TrainingStep.lossName)\" and \"\(StepTrace.gradientPrefix)...\"",
          received: name, hint: "Those names are the step's own."))
      return
    }
    guard value.isValid else { return }
    guard !graph.outputs.contains(where: { $0.name == name }) else {
      _ = graph.fail(
        ModelError(
          path: name, expected: "a name for each value reported", received: "\"\(name)\" for two of them"))
      return
    }
    graph.output(name, value.toFloat())
  }
}
