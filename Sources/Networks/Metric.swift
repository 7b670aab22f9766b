import MartletGraphs

/// A figure besides the loss: one number for each sample, whose mean is reported.
public struct Metric: Sendable {
  /// The name in records and reports, in snake case.
  public let name: String
  private let function: @Sendable (Value, Value) -> Value

  /// Creates a metric from a function of outputs `[N, classes]` and labels `[N]` with the result `[N]`.
  public init(
    name: String, _ function: @escaping @Sendable (_ outputs: Value, _ labels: Value) -> Value
  ) {
    self.name = name
    self.function = function
  }

  /// The figure `[N]` of each sample; another shape is a mistake of the trace.
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
}
