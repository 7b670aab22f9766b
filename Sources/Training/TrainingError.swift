/// A training that cannot begin or cannot go on: what is wrong, where, and what to do about it.
///
/// Mistakes in a network are `ModelError`s, in data and arguments of loading `DatasetError`s.
public struct TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kinds of failure that a program tells apart, for instance by its exit code.
  public enum Kind: Sendable, Equatable {
    /// An argument is outside its range, for instance 0 epochs.
    case badArgument
    /// Images, labels or a file do not fit the network.
    case badData
    /// A loss, gradient or weight is no longer finite. The step that found a loss or gradient so changed nothing.
    case notFinite
  }

  /// What kind of failure it is.
  public let kind: Kind
  /// The whole message: where, what was expected, what was received and what to do.
  public let description: String
  /// The step at which numbers ceased to be finite, from 1.
  public let step: Int?
  /// The layer in which a number first ceased to be finite, as far as it is known.
  public let layer: String?

  package init(_ kind: Kind, at place: String, expected: String, received: String, hint: String = "") {
    self.kind = kind
    step = nil
    layer = nil
    let text = "\(place): expected \(expected), received \(received)"
    description = hint.isEmpty ? text : "\(text); \(hint)"
  }

  /// Numbers that are no longer finite.
  package init(step: Int, what: String, layer: String?) {
    kind = .notFinite
    self.step = step
    self.layer = layer
    let place = layer.map { ", first in \($0)" } ?? ""
    description =
      "step \(step): expected finite numbers, received a \(what) that is not finite\(place); the weights are "
      + "those before this step; try a smaller learning rate, or clip the gradients"
  }

  /// Weights that an update made too great for a number.
  init(weightsAfter step: Int, path: String) {
    kind = .notFinite
    self.step = step
    layer = path
    description =
      "step \(step): expected finite weights, received numbers in \(path) that an update left not finite; load "
      + "the last checkpoint and train with a smaller learning rate, or clip the gradients"
  }
}
