import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Constraints in the part of a step that follows the guard, on the CPU against the reference.
@Suite struct ConstraintTests {
  private static let all: [Constraint] = [
    .maxNorm(0.3), .maxNorm(0.5, axes: [0, 1, 2]), .nonNegative, .unitNorm(axes: [-1]),
    .minMaxNorm(minimum: 0.5, maximum: 0.75, rate: 0.5, axes: [2, 3]),
  ]

  @Test(arguments: all)
  private func cpuAgreesWithReference(_ constraint: Constraint) throws {
    let graph = Graph(purpose: .training)
    let x = graph.input("images", shape: [5, 7, 6, 3])
    let y = Conv2D(9, kernelSize: 3, kernelConstraint: constraint, biasConstraint: .nonNegative)(x)
    graph.output("loss", y.squared().sum())
    let paths = graph.parameters.map(\.path)
    let gradients = graph.gradients(
      of: y.squared().mean(), withRespectTo: paths.compactMap { graph.parameterValue($0) })
    let optimizer = Adam(learningRate: 0.1)
    for (path, gradient) in zip(paths, gradients) {
      optimizer.trace(path, gradient: try #require(gradient), in: graph)
    }
    try graph.check()
    var inputs = ["images": Fill.signed.values("images", count: 5 * 7 * 6 * 3)]
    for (name, value) in optimizer.scalars(rate: 0.1, step: 1) { inputs["optimizer/\(name)"] = [value] }
    let stored = graph.parameters.map { ($0.path, $0.initial(3).map { Double($0) }) }
    let values = (inputs: inputs, parameters: Dictionary(uniqueKeysWithValues: stored))
    let exact = graph.run64(values).assignments
    for threads in [1, 3] {
      let found = GraphRunner(graph, batch: 5, threads: threads).run(values, updates: true).parameters
      for path in paths {
        let expected = try #require(exact[path])
        let actual = try #require(found[path]).map { Double($0) }
        let bound = Closeness.elementwise(relative: 1e-4, absolute: 1e-5)
        let (fraction, place) = bound.worst(of: actual, against: expected)
        #expect(fraction <= 1, "\(path): \(place)")
        #expect(expected != values.parameters[path])
      }
    }
  }
}
