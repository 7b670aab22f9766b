import MartletCases
import MartletGraphs
import Testing

/// One training step of the goldens' networks in single precision.
@Suite struct GoldenTests {
  /// The loss is within 1e-5 of the peer's float64 one, each gradient's relative distance to the float64
  /// golden at most twice the peer's own single-precision distance.
  @Test(arguments: GoldenNetwork.allCases)
  func firstStepIsAsNearAsThePeer(_ network: GoldenNetwork) throws {
    let golden = try network.golden()
    let graph = network.makeGraph()
    let runner = GraphRunner(graph, batch: GoldenNetwork.batchSize)
    let trace = network.train(graph, steps: 1) { inputs, parameters in
      let result = runner.run((inputs, parameters), updates: true)
      return (
        result.outputs.mapValues { $0.map { Double($0) } },
        result.parameters.mapValues { $0.map { Double($0) } }
      )
    }
    #expect(abs(trace.losses[0] - golden.losses[0]) <= 1e-5 * abs(golden.losses[0]))
    for path in golden.gradients.keys.sorted() {
      let distance = golden.peerDistances(of: try #require(trace.gradients[path]), path)
      #expect(distance <= 2, "\(network.rawValue): \(path) is at \(distance) times the peer's distance")
    }
  }
}
