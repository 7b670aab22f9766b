import MartletGraphs
import MartletReference

/// One row of the table that serves forward, gradient, determinism and timing on every backend.
package struct OpCase: Sendable, CustomStringConvertible {
  package let name: String
  package let operands: [CaseOperand]
  /// How near a single-precision backend must come to the double-precision reference.
  package let forward: Closeness
  package let gradient: Closeness
  private let build: @Sendable (Graph, [Value]) -> Value

  package init(
    _ name: String, _ operands: [CaseOperand], forward: Closeness = .elementwise,
    gradient: Closeness = .gradient, build: @escaping @Sendable (Graph, [Value]) -> Value
  ) {
    self.name = name
    self.operands = operands
    self.forward = forward
    self.gradient = gradient
    self.build = build
  }

  package var description: String { name }

  /// The name of the graph's output.
  package static let resultName = "result"
  /// The input by which the result's elements are weighted before they are summed to a scalar.
  package static let weightsName = "result weights"
  /// The name of the output with an operand's gradient.
  package static func gradientName(_ operand: String) -> String { "gradient of \(operand)" }

  /// The operands that have a gradient.
  package var differentiable: [CaseOperand] { operands.filter(\.isDifferentiable) }

  /// The traced graph with the output `result`.
  ///
  /// With gradients it takes one more input, the result's weights, and gives the gradients of
  /// Σ result·weights with respect to each differentiable operand.
  package func makeGraph(withGradients: Bool = false) -> Graph {
    let graph = Graph(purpose: .training)
    let values = operands.map { $0.declared(in: graph) }
    let result = build(graph, values)
    graph.output(Self.resultName, result)
    let targets = zip(operands, values).filter(\.0.isDifferentiable)
    guard withGradients, !targets.isEmpty else { return graph }
    let weights = graph.input(Self.weightsName, shape: result.shape)
    let gradients = graph.gradients(of: (result * weights).sum(), withRespectTo: targets.map(\.1))
    for (target, gradient) in zip(targets, gradients) {
      guard let gradient else { preconditionFailure("\(name): \(target.0.name) has no gradient") }
      graph.output(Self.gradientName(target.0.name), gradient)
    }
    return graph
  }

  /// The weights of a result of this many elements.
  package func weights(count: Int) -> [Double] { Fill.signed.values(Self.weightsName, count: count) }

  /// The values of the graph's inputs and parameters, all exact in Float.
  ///
  /// - Parameters:
  ///   - graph: A graph that `makeGraph` gave.
  ///   - isWhole: Replaces real numbers by whole ones in -2...2, whose sums are exact in Float.
  /// - Returns: Elements of inputs by name, of parameters by path.
  package func values(
    for graph: Graph, isWhole: Bool = false
  ) -> (inputs: [String: [Double]], parameters: [String: [Double]]) {
    var inputs: [String: [Double]] = [:]
    var parameters: [String: [Double]] = [:]
    for node in graph.nodes {
      guard case .source(.input(Self.weightsName, let shape, _)) = node.op else { continue }
      let count = shape.reduce(1, *)
      inputs[Self.weightsName] =
        isWhole ? Fill.integers.values(Self.weightsName, count: count) : weights(count: count)
    }
    for operand in operands {
      let values = operand.values(isWhole: isWhole)
      if operand.isParameter { parameters[operand.name] = values } else { inputs[operand.name] = values }
    }
    return (inputs, parameters)
  }
}

/// A tensor that a case is given.
package struct CaseOperand: Sendable {
  package let name: String
  package let shape: [Int]
  package let element: ElementType
  package let fill: Fill
  /// Whether it is a tensor of the store instead of an input.
  package let isParameter: Bool
  package let isDifferentiable: Bool

  /// An input of floating-point numbers with a gradient.
  package static func input(_ name: String, _ shape: [Int], _ fill: Fill = .signed) -> CaseOperand {
    CaseOperand(
      name: name, shape: shape, element: .float, fill: fill, isParameter: false, isDifferentiable: true)
  }

  /// A tensor of the store with a gradient.
  package static func parameter(_ name: String, _ shape: [Int], _ fill: Fill = .signed) -> CaseOperand {
    CaseOperand(
      name: name, shape: shape, element: .float, fill: fill, isParameter: true, isDifferentiable: true)
  }

  /// An input without a gradient.
  package static func data(
    _ name: String, _ shape: [Int], _ fill: Fill = .signed, _ element: ElementType = .float
  ) -> CaseOperand {
    CaseOperand(
      name: name, shape: shape, element: element, fill: fill, isParameter: false, isDifferentiable: false)
  }

  package var count: Int { shape.reduce(1, *) }

  package func values(isWhole: Bool = false) -> [Double] {
    (isWhole && element == .float ? Fill.integers : fill).values(name, count: count)
  }

  func declared(in graph: Graph) -> Value {
    guard isParameter else { return graph.input(name, shape: shape, element: element) }
    let spec = ParameterSpec(path: name, shape: shape, role: .weight) { _ in values().map { Float($0) } }
    return graph.parameter(spec)
  }
}
