import MartletCPU
import MartletCases
import MartletGraphs
import MartletReference
import Testing

/// The CPU backend against the double-precision reference, over the table of all operations.
@Suite struct OpTests {
  /// - Parameter isBatched: Runs with the first input's first axis as the batch, and with no batch at all.
  @Test(arguments: OpCases.all, [true, false])
  func agreesWithReference(_ entry: OpCase, isBatched: Bool) throws {
    let graph = entry.makeGraph(withGradients: true)
    let values = entry.values(for: graph)
    let exact = graph.run64(values).outputs
    let batch = isBatched ? entry.operands.first { !$0.isParameter }?.shape.first ?? 0 : 0
    let actual = GraphRunner(graph, batch: batch).run(values).outputs
    #expect(Set(exact.keys) == Set(actual.keys))
    for (name, expected) in exact {
      let found = try #require(actual[name]).map { Double($0) }
      let bound = name == OpCase.resultName ? entry.forward : entry.gradient
      let (fraction, place) = bound.worst(of: found, against: expected)
      #expect(fraction <= 1, "\(name): \(place)")
    }
  }

  /// The division of the work is a function of shapes alone, so every bit is the same.
  @Test(arguments: OpCases.all)
  func doesNotDependOnThreads(_ entry: OpCase) {
    let graph = entry.makeGraph(withGradients: true)
    let values = entry.values(for: graph)
    let batch = entry.operands.first { !$0.isParameter }?.shape.first ?? 0
    let one = GraphRunner(graph, batch: batch, threads: 1).run(values).outputs
    for threads in [2, 3, 5] {
      let several = GraphRunner(graph, batch: batch, threads: threads).run(values).outputs
      for (name, expected) in one {
        let equal = several[name]?.map(\.bitPattern) == expected.map(\.bitPattern)
        #expect(equal, "\(name) with \(threads) threads")
      }
    }
  }
}
