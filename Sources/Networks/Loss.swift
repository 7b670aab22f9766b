import MartletGraphs

/// How far outputs are from their targets, one number for each sample.
///
/// Ready losses are static members with Keras's names; `mean` takes the mean over a batch, with class and
/// sample weights.
public struct Loss: Sendable {
  /// The name in reports, in Keras's snake case.
  public let name: String
  /// Whether targets are labels `[N]` or one row for each sample `[N, classes]`.
  package let targets: TargetEncoding
  /// The single output above which a sample is of class 1; nil where the loss does not know.
  let binaryThreshold: Double?
  /// The weight of each class, where it is given.
  let classWeights: [Double]?
  let function: @Sendable (Value, Value) -> Value

  init(
    name: String, targets: TargetEncoding, binaryThreshold: Double? = nil, classWeights: [Double]? = nil,
    function: @escaping @Sendable (Value, Value) -> Value
  ) {
    self.name = name
    self.targets = targets
    self.binaryThreshold = binaryThreshold
    self.classWeights = classWeights
    self.function = function
  }

  /// Creates a loss from a function of outputs and targets with the result `[N]`.
  ///
  /// - Parameters:
  ///   - name: What messages call it.
  ///   - takesLabels: Whether the targets are integer labels `[N]`; else one row `[N, classes]`.
  ///   - function: The loss of each sample, `[N]`, of outputs `[N, ...]` and targets.
  public init(
    name: String, takesLabels: Bool,
    _ function: @escaping @Sendable (_ outputs: Value, _ targets: Value) -> Value
  ) {
    self.init(name: name, targets: takesLabels ? .sparse : .dense, function: function)
  }

  /// The loss `[N]` of each sample, times its class's weight where there are class weights.
  ///
  /// Labels `[N]` become rows where the loss wants rows, as in `mean`.
  public func callAsFunction(_ outputs: Value, _ targets: Value) -> Value {
    let targets = self.targets == .dense ? Self.targetRows(targets, outputs) : targets
    let losses = function(outputs, targets)
    return weights(of: targets, outputs).map { losses * $0 } ?? losses
  }
}

extension Loss {
  /// The loss or, where a setting is out of its range, one that reports the mistake when it is traced.
  static func checked(_ loss: Loss, _ settings: Requirement...) -> Loss {
    guard let mistake = settings.mistake(at: "loss \(loss.name)") else { return loss }
    return Loss(name: loss.name, targets: loss.targets) { outputs, _ in outputs.graph.fail(mistake) }
  }
}

/// Labels `[N]` as rows `[N, classes]`: 1 in the column of the label, 0 elsewhere.
///
/// A label that is no class gives a row of zeros.
public func oneHot(_ labels: Value, classes: Int) -> Value {
  guard labels.isValid else { return labels }
  guard classes > 0 else {
    return labels.graph.fail(
      ModelError(path: "oneHot", expected: "at least one class", received: "\(classes)"))
  }
  return labels.graph.apply(.classification(.oneHot(classes: classes)), [labels])
}
