import MartletGraphs
import MartletNetworks

/// What a step compares a network's outputs with: the shape and type of one sample's target.
public struct TargetSpec: Sendable, Hashable {
  /// The extents of one sample's target, without the batch; empty for a label.
  public let shape: [Int]
  /// The type of the elements.
  public let element: ElementType

  /// One class label for each sample, `[N]`.
  public static let labels = TargetSpec(shape: [], element: .int32)

  /// Numbers of a shape for each sample, `[N, ...]`; `.numbers([])` is one number for each, `[N]`.
  public static func numbers(_ shape: [Int]) -> TargetSpec { TargetSpec(shape: shape, element: .float) }
}

/// A step's targets by name.
public typealias NamedTargets = Named<TargetSpec>

extension LossRecipe {
  /// Checks that inputs and targets can be told apart by their names.
  func checkNames() throws(ModelError) {
    let inputs = network.inputs.names
    for (index, name) in targets.names.enumerated()
    where inputs.contains(name) || targets.names[..<index].contains(name) || name.isEmpty {
      throw ModelError(
        path: "targets", expected: "a name of its own for each input and target",
        received: name.isEmpty ? "an empty name" : "\(name) twice")
    }
    for name in inputs + targets.names where name == Graph.randomKeyName || name.hasPrefix("optimizer/") {
      throw ModelError(
        path: "targets", expected: "names that the step does not use itself", received: name)
    }
    for (name, target) in targets.entries where !target.shape.allSatisfy({ $0 > 0 }) {
      throw ModelError(path: "target \(name)", expected: "positive extents", received: "\(target.shape)")
    }
  }
}
