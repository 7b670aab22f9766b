import MartletGraphs

/// A figure of merit of outputs, computed in the graph: one number for each sample, reported as their mean.
///
/// ```swift
/// let confident = Metric(name: "confident") { outputs, _ in
///   (outputs.softmax().max(axes: [1]) - 0.9).step()
/// }
/// ```
public struct Metric: Sendable {
  /// The name in reports, in Keras's snake case.
  public let name: String
  private let function: @Sendable (Value, Value) -> Value

  /// Creates a metric from a function of the outputs `[N, classes]` and the labels, which are `[N]` or rows
  /// `[N, classes]`, with the result `[N]`.
  public init(
    name: String, _ function: @escaping @Sendable (_ outputs: Value, _ labels: Value) -> Value
  ) {
    self.name = name
    self.function = function
  }

  /// The number `[N]` of each sample; another shape is a mistake of the trace.
  public func callAsFunction(_ outputs: Value, _ labels: Value) -> Value {
    guard outputs.isValid, labels.isValid, outputs.rank > 0 else {
      return outputs.isValid ? labels : outputs
    }
    let values = function(outputs, labels)
    guard values.isValid, values.shape != [outputs.shape[0]] else { return values }
    return outputs.graph.fail(
      ModelError(
        path: "metric \(name)", expected: "one number for each sample, shape [\(outputs.shape[0])]",
        received: "shape \(values.shape)", hint: "The metric must not take the mean over samples."))
  }

  /// The mean over a batch, a scalar.
  public func mean(_ outputs: Value, _ labels: Value) -> Value { self(outputs, labels).mean() }
}

extension Metric {
  /// 1 for a sample whose class was found: the first greatest of several outputs; of one output, whether it
  /// is above a half, where a sigmoid made it, else above 0.
  ///
  /// A `Trainer` reports it unasked; one output is then compared with its loss's own threshold, where it has one.
  public static var accuracy: Metric {
    Metric(name: "accuracy") { outputs, labels in
      outputs.predictedClasses().equal(to: labels.classNumbers)
    }
  }

  /// 1 for a sample whose class is among the k greatest outputs; outputs equal to the k-th count as among
  /// them, as in Keras.
  public static func topKAccuracy(_ k: Int = 5) -> Metric {
    let name = "top_\(k)_accuracy"
    return Metric(name: name) { outputs, labels in
      guard outputs.rank == 2 else { return outputs }
      let graph = outputs.graph
      if let mistake = [Requirement.atLeast1("k", k)].mistake(at: "metric \(name)") {
        return graph.fail(mistake)
      }
      let own = (Loss.rows(labels, like: outputs).toFloat() * outputs).sum(axes: [1], keepsAxes: true)
      // Neither smaller nor equal: so a target that is not a number is never among the greatest.
      let better = (1 - own.greater(than: outputs) - own.equal(to: outputs)).sum(axes: [1])
      return graph.constant(Double(k)).greater(than: better)
    }
  }

  /// The part of a sample's outputs that lie on the side of the threshold that their targets say: outputs
  /// above it stand for 1.
  ///
  /// - Parameter threshold: 0.5 for probabilities, 0 for scores.
  public static func binaryAccuracy(threshold: Double = 0.5) -> Metric {
    Metric(name: "binary_accuracy") { outputs, labels in
      let found = outputs.greater(than: outputs.graph.constant(threshold))
      return Loss.meanOfSample(found.equal(to: Loss.targetRows(labels, outputs).toFloat()))
    }
  }

  /// The mean over a sample's outputs of the squared difference from the targets.
  public static var meanSquaredError: Metric { Metric(.meanSquaredError) }

  /// The mean over a sample's outputs of the difference's magnitude.
  public static var meanAbsoluteError: Metric { Metric(.meanAbsoluteError) }

  /// A loss as a metric, without class weights; labels become rows where the loss wants rows.
  public init(_ loss: Loss) {
    self.init(name: loss.name) { outputs, labels in
      loss.function(outputs, loss.targets == .dense ? Loss.targetRows(labels, outputs) : labels)
    }
  }
}

extension Loss {
  /// The class `[N]` that outputs stand for under this loss.
  package func predictedClasses(_ outputs: Value) -> Value {
    outputs.predictedClasses(threshold: binaryThreshold)
  }

  /// The number of samples whose class was found, a scalar.
  package func correctCount(_ outputs: Value, _ targets: Value) -> Value {
    predictedClasses(outputs).equal(to: targets.classNumbers).sum()
  }
}

/// The part of the rows whose greatest score is the target's, a scalar.
public func accuracy(_ outputs: Value, _ targets: Value) -> Value { Metric.accuracy.mean(outputs, targets) }

extension Value {
  /// The class `[N]` of outputs `[N, classes]`: the first greatest of several; of one, whether it is above a
  /// threshold (a half where a sigmoid made it, else 0, unless one is given).
  func predictedClasses(threshold: Double? = nil) -> Value {
    guard isValid, rank == 2, shape[1] == 1 else { return argmax() }
    let usual = if case .pointwise(.unary(.sigmoid)) = op { 0.5 } else { 0.0 }
    return greater(than: graph.constant(threshold ?? usual)).reshaped([shape[0]])
  }

  /// Labels `[N]` or rows `[N, classes]` as the numbers `[N]` of their classes.
  var classNumbers: Value {
    guard isValid, rank == 2 else { return toFloat() }
    return shape[1] == 1 ? toFloat().reshaped([shape[0]]) : toFloat().argmax()
  }
}
