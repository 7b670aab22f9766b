import MartletGraphs

/// The time of one step of a program, measured.
package struct StepTime: Sendable {
  /// The layer and what is done there, such as `Conv1: conv 3x3`.
  package let name: String
  /// The layer's path; empty for what is no layer's.
  package let path: String
  /// The seconds of one execution, all threads together.
  package let seconds: Double
  /// What the graph counts for it.
  package let cost: Cost
}

extension Executable {
  /// Measures each step of the program that ran last, with its inputs: median of some executions.
  ///
  /// The guard's verdict is not looked at and the update is carried out, so the store changes: for
  /// measurements on a store of their own.
  package func profile(repeats: Int) -> [StepTime] {
    precondition(repeats >= 1, "a profile of \(repeats) executions")
    let phases = profiledPhases
    let labels = phases.flatMap(\.labels)
    let runs = (0..<repeats).map { _ in phases.flatMap { times(of: $0) } }
    return labels.indices.map { index in
      let sorted = runs.map { $0[index] / .seconds(1) }.sorted()
      return StepTime(
        name: labels[index].name, path: labels[index].path, seconds: sorted[repeats / 2],
        cost: labels[index].cost)
    }
  }
}
