import MartletGraphs

/// The time of one step of a program, measured.
package struct StepTime: Sendable {
  /// The layer and what is done there, such as `Conv1: conv 3x3`.
  package let name: String
  /// The layer's path; empty for what is no layer's.
  package let path: String
  /// The number of what runs between two barriers, in the order of execution.
  package let phase: Int
  /// The seconds of one execution, all threads together.
  package let seconds: Double
  /// What the graph counts for it.
  package let cost: Cost
  /// How much of the cost is computed.
  package let arithmetic: Arithmetic
}

extension Executable {
  /// Measures each step of the program that ran last, with its inputs: median of some executions.
  ///
  /// The guard's verdict is not looked at and the update is carried out, so the store changes: for
  /// measurements on a store of their own.
  package func profile(repeats: Int) -> [StepTime] {
    precondition(repeats >= 1, "a profile of \(repeats) executions")
    let phases = profiledPhases
    let labels = phases.enumerated().flatMap { index, phase in phase.labels.map { (index, $0) } }
    let runs = (0..<repeats).map { _ in phases.flatMap { times(of: $0) } }
    return labels.indices.map { index in
      let sorted = runs.map { $0[index] / .seconds(1) }.sorted()
      let (phase, label) = labels[index]
      return StepTime(
        name: label.name, path: label.path, phase: phase, seconds: sorted[repeats / 2], cost: label.cost,
        arithmetic: label.arithmetic)
    }
  }
}
