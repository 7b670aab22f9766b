import Foundation
import MartletCPU
import MartletCases
import MartletGraphs
import MartletReference
import Testing

/// Graphs that nobody chose, compiled, against the reference: 600 of them, or 12,000 where `MARTLET_LONG` is set.
@Suite struct RandomGraphTests {
  static let groups = 0..<(ProcessInfo.processInfo.environment["MARTLET_LONG"] == nil ? 60 : 1200)
  private static let groupSize = 10

  @Test(arguments: groups) func compiledGraphsAgreeWithTheReference(group: Int) throws {
    for seed in group * Self.groupSize..<(group + 1) * Self.groupSize {
      // Weights stay in inference alone.
      let random = RandomGraph(seed: seed, isTraining: seed % 3 > 0)
      try random.graph.check()
      try expectAgreement(random, weightsStay: seed % 6 == 0)
    }
  }

  private func expectAgreement(_ random: RandomGraph, weightsStay: Bool) throws {
    let values = random.numbers
    let (exact, single) = (random.graph.run64(values), random.graph.run32(values))
    var first: [String: [Float]] = [:]
    for threads in [1, 2] {
      let runner = GraphRunner(random.graph, batch: random.batch, threads: threads, weightsStay: weightsStay)
      let found = runner.run(values, updates: !weightsStay)
      for (name, expected) in exact.outputs.merging(exact.assignments, uniquingKeysWith: { $1 }) {
        let isOutput = exact.outputs[name] != nil
        let numbers = try #require(isOutput ? found.outputs[name] : found.parameters[name])
        let plain = try #require(isOutput ? single.outputs[name] : single.assignments[name])
        // Where a rounding decides between two cells or signs, plain single precision strays as far.
        let allowed = max(10 * distance(plain, expected), 2e-3 * size(expected), 1e-4)
        #expect(
          numbers.count == expected.count && distance(numbers, expected) <= allowed,
          "\(random): \(name) with \(threads) threads")
        if threads == 1 { first[name] = numbers }
        #expect(
          first[name]?.map(\.bitPattern) == numbers.map(\.bitPattern), "\(random): \(name) by threads")
      }
    }
  }

  private func distance(_ found: [Float], _ expected: [Double]) -> Double {
    let sum = zip(found, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    return sum.isNaN ? .infinity : sum.squareRoot()
  }

  private func size(_ numbers: [Double]) -> Double { numbers.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
