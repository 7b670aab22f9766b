import MartletGraphs
import MartletNetworks

/// A term over all trained tensors, biases included, that is added to the loss in training and evaluation.
///
/// A penalty on one layer's kernel is that layer's regularizer.
public struct Penalty: Sendable {
  let text: String
  private let factor: Double
  private let isIncluded: (@Sendable (String) -> Bool)?
  private let term: @Sendable (Value) -> Value

  /// Creates a penalty: factor · the sum of a term over the trained tensors.
  ///
  /// - Parameters:
  ///   - name: The name in messages and notes.
  ///   - factor: What the sum is multiplied by.
  ///   - isIncluded: Chooses tensors by their path, such as `conv2d/kernel`; nil takes all.
  ///   - term: A scalar for a tensor of any shape.
  public init(
    name: String, factor: Double, where isIncluded: (@Sendable (_ path: String) -> Bool)? = nil,
    term: @escaping @Sendable (_ parameter: Value) -> Value
  ) {
    text = "\(name)(\(factor))"
    self.factor = factor
    self.isIncluded = isIncluded
    self.term = term
  }

  /// factor · Σ |w|, the sum of the tensors' L1 norms.
  public static func l1(
    _ factor: Double, where isIncluded: (@Sendable (_ path: String) -> Bool)? = nil
  ) -> Penalty {
    Penalty(name: "l1", factor: factor, where: isIncluded) { $0.l1Norm() }
  }

  /// factor · Σ w², as Keras's L2 regularizer.
  public static func l2(
    _ factor: Double, where isIncluded: (@Sendable (_ path: String) -> Bool)? = nil
  ) -> Penalty {
    Penalty(name: "l2", factor: factor, where: isIncluded) { $0.squared().sum() }
  }

  /// factor · the sum of the tensors' L1 norms; another name of `l1`.
  public static func l1Norm(
    _ factor: Double, where isIncluded: (@Sendable (_ path: String) -> Bool)? = nil
  ) -> Penalty {
    l1(factor, where: isIncluded)
  }

  /// factor · the sum of the tensors' L2 norms √Σ w², not of their squares.
  public static func l2Norm(
    _ factor: Double, where isIncluded: (@Sendable (_ path: String) -> Bool)? = nil
  ) -> Penalty {
    Penalty(name: "l2_norm", factor: factor, where: isIncluded) { $0.l2Norm() }
  }

  /// The term for a network that was applied in a trace, a scalar.
  func value(_ network: TracedNetwork) -> Value {
    let all = network.parameters
    return (isIncluded.map { all.matching($0) } ?? all).sum(term) * factor
  }
}
