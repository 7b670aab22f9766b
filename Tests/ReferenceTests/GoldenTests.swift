import MartletCases
import MartletGraphs
import MartletReference
import Testing

/// Whole training steps against what PyTorch and Keras compute in double precision.
@Suite struct GoldenTests {
  @Test(arguments: GoldenNetwork.allCases)
  func tenStepsAgreeWithThePeer(_ network: GoldenNetwork) throws {
    let golden = try network.golden()
    let graph = network.makeGraph()
    try graph.check()
    #expect(graph.verify() == nil)
    let trace = network.train(graph, steps: golden.losses.count) { inputs, parameters in
      let result = graph.run64((inputs, parameters))
      return (result.outputs, result.assignments)
    }

    let lossFigure = zip(trace.losses, golden.losses).map { abs($0 - $1) / abs($1) }.worst
    #expect(trace.losses.count == 10 && lossFigure <= 1e-8)
    #expect(golden.gradients.count >= 8 && golden.weights.count >= 8)
    let gradientFigure = Golden.worst(golden.gradients, trace.gradients)
    #expect(gradientFigure.fraction <= 1, "gradient of \(gradientFigure.path)")
    let weightFigure = Golden.worst(golden.weights, trace.weights)
    #expect(weightFigure.fraction <= 1, "weight \(weightFigure.path)")
    print(
      "\(network.rawValue): losses \(lossFigure), gradients \(gradientFigure.fraction) of the bound,",
      "weights \(weightFigure.fraction) of the bound")
  }

  /// Single precision with plain sums comes within four times the peer's own distance.
  ///
  /// Peers and backends add in vectors, whose partial sums round less: they are held to twice.
  @Test(arguments: GoldenNetwork.allCases)
  func singlePrecisionIsNear(_ network: GoldenNetwork) throws {
    let golden = try network.golden()
    let graph = network.makeGraph()
    let trace = network.train(graph, steps: 1) { inputs, parameters in
      let result = graph.run32((inputs, parameters))
      return (
        result.outputs.mapValues { $0.map { Double($0) } },
        result.assignments.mapValues { $0.map { Double($0) } }
      )
    }
    #expect(abs(trace.losses[0] - golden.losses[0]) <= 1e-5 * abs(golden.losses[0]))
    for path in golden.gradients.keys.sorted() {
      let distance = golden.peerDistances(of: try #require(trace.gradients[path]), path)
      #expect(distance <= 4, "\(path) is at \(distance) times the peer's distance")
      WorstFigure.peer.note(distance, "\(network.rawValue) \(path)")
    }
    // Peers in single precision must really have been in single precision.
    #expect(golden.gradients.values.allSatisfy { $0.peerDistance > 3e-8 / 2 })
  }

  @Test(arguments: GoldenNetwork.allCases)
  func goldensNameTheirMaker(_ network: GoldenNetwork) throws {
    let notes = try network.golden().notes
    #expect(notes["maker"]?.hasPrefix("scripts/goldens/make_") == true)
    #expect(notes["versions"]?.contains("NumPy") == true)
  }
}
