import MartletGraphs

/// What one execution of a graph gives.
package struct ReferenceResult<Scalar: Sendable>: Sendable {
  /// The values of the graph's outputs, by name.
  package let outputs: [String: [Scalar]]
  /// The values that parameters are assigned, by path.
  package let assignments: [String: [Scalar]]
  /// The value of every node, by its number.
  package let nodes: [HostTensor<Scalar>]
}

/// Executes a graph in double precision, operation by operation, with plain loops.
///
/// The oracle for operations, gradients and the compiler's passes. The generic interpreter stays inside
/// this module, where the optimiser specialises it; called across modules it would be ten times slower.
package enum Reference64 {
  /// Computes every node of the graph.
  ///
  /// - Parameters:
  ///   - graph: A graph without mistakes.
  ///   - inputs: The values of all its inputs, by name.
  ///   - parameters: The values of all its parameters, by path.
  /// - Returns: The values of outputs, assignments and nodes.
  package static func run(
    _ graph: Graph, inputs: [String: HostTensor<Double>] = [:], parameters: [String: [Double]] = [:]
  ) -> ReferenceResult<Double> {
    Interpreter<Double>(inputs: inputs, parameters: parameters).run(graph)
  }
}

/// Executes a graph in single precision, operation by operation, with plain loops.
package enum Reference32 {
  /// Computes every node of the graph.
  ///
  /// - Parameters:
  ///   - graph: A graph without mistakes.
  ///   - inputs: The values of all its inputs, by name.
  ///   - parameters: The values of all its parameters, by path.
  /// - Returns: The values of outputs, assignments and nodes.
  package static func run(
    _ graph: Graph, inputs: [String: HostTensor<Float>] = [:], parameters: [String: [Float]] = [:]
  ) -> ReferenceResult<Float> {
    Interpreter<Float>(inputs: inputs, parameters: parameters).run(graph)
  }
}
