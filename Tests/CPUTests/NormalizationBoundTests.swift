import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// What normalizing by x · factor + shift costs where the mean is far greater than the deviation.
@Suite struct NormalizationBoundTests {
  private static let shape = [6, 5, 4, 9]

  /// Each value is within 2^-21 · (|gamma · mean| / deviation + |beta| + |y|) of the one in Double.
  @Test(arguments: [0.0, 1, 30, 1000, 30000]) func errorGrowsWithTheMeanOverTheDeviation(mean: Double) throws
  {
    let network = try Sequential(input: .image(5, 4, 9, element: .float)) { BatchNormalization(name: "norm") }
    let graph = Graph(purpose: .training)
    graph.output("result", network.trace(batch: 6, into: graph))
    let count = Self.shape.reduce(1, *)
    // Numbers that Float holds exactly, so that nothing is lost before.
    let x = Fill.signed.values("x", count: count).map { Double(Float($0) + Float(mean)) }
    let (gamma, beta) = (Fill.signed.values("gamma", count: 9), Fill.signed.values("beta", count: 9))
    let values = (
      inputs: [InputSpec.inputName: x],
      parameters: [
        "norm/gamma": gamma, "norm/beta": beta, "norm/moving_mean": [Double](repeating: 0, count: 9),
        "norm/moving_variance": [Double](repeating: 1, count: 9),
      ]
    )
    let exact = try #require(graph.run64(values).outputs["result"])
    let found = try #require(GraphRunner(graph, batch: 6).run(values).outputs["result"])
    for channel in 0..<9 {
      let column = stride(from: channel, to: count, by: 9).map { x[$0] }
      let average = column.reduce(0, +) / Double(column.count)
      let deviation = (column.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(column.count))
        .squareRoot()
      for place in stride(from: channel, to: count, by: 9) {
        let size = abs(gamma[channel] * average) / deviation + abs(beta[channel]) + abs(exact[place])
        #expect(abs(Double(found[place]) - exact[place]) <= 0x1p-21 * size, "element \(place)")
      }
    }
  }
}
