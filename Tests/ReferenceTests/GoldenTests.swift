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

    let lossFigure = zip(trace.losses, golden.losses).map { abs($0 - $1) / abs($1) }.max() ?? .infinity
    #expect(trace.losses.count == 10 && lossFigure <= 1e-8)
    let gradientFigure = try worst(golden.gradients, trace.gradients)
    #expect(gradientFigure.fraction <= 1, "gradient of \(gradientFigure.path)")
    let weightFigure = try worst(golden.weights, trace.weights)
    #expect(weightFigure.fraction <= 1, "weight \(weightFigure.path)")
    print(
      "\(network.rawValue): losses \(lossFigure), gradients \(gradientFigure.fraction) of the bound,",
      "weights \(weightFigure.fraction) of the bound")
  }

  /// The worst difference as a fraction of 1e-8 of the element plus 1e-10 of the norm of all tensors.
  private func worst(
    _ golden: [String: Golden.Stored], _ actual: [String: [Double]]
  ) throws -> (fraction: Double, path: String) {
    #expect(golden.count >= 8)
    let global = golden.values.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
    var worst = (fraction: 0.0, path: "")
    for (path, stored) in golden {
      let whole = try #require(actual[path])
      let part = stored.part(of: whole)
      #expect(part.count == stored.values.count)
      let norm = whole.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // A sum may cancel; its terms do not.
      let total = whole.reduce(0) { $0 + abs($1) }
      var fractions = zip(part, stored.values).map { abs($0 - $1) / (1e-8 * abs($1) + 1e-10 * global) }
      fractions.append(abs(norm - stored.norm) / (1e-8 * stored.norm + 1e-10 * global))
      fractions.append(abs(whole.reduce(0, +) - stored.sum) / (1e-8 * total + 1e-10 * global))
      for fraction in fractions where !(fraction <= worst.fraction) { worst = (fraction, path) }
    }
    return worst
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
