import Foundation
import MartletCPU
import MartletCases
import MartletGraphs
import Testing

/// Every algorithm for convolutions against the reference, over geometries that nobody chose: 200 of them,
/// or 2,000 where `MARTLET_LONG` is set.
@Suite struct RandomShapeTests {
  static let groups = 0..<(ProcessInfo.processInfo.environment["MARTLET_LONG"] == nil ? 20 : 200)
  private static let groupSize = 10

  private func seeds(_ group: Int) -> Range<Int> { group * Self.groupSize..<(group + 1) * Self.groupSize }
  private func shapes(_ group: Int) -> [RandomConvolution] {
    seeds(group).map { RandomConvolution(seed: $0) }
  }
  private func wideShapes(_ group: Int) -> [RandomConvolution] {
    seeds(group).map { RandomConvolution(wideSeed: $0) }
  }
  private func depthwiseShapes(_ group: Int) -> [RandomConvolution] {
    seeds(group).map { RandomConvolution(depthwiseSeed: $0) }
  }

  /// Sums of whole numbers are exact in Float whatever their order, and ties are everywhere: the direct
  /// algorithms must give the reference's very numbers, forward and back.
  @Test(arguments: groups) func directAlgorithmsAreExactOnWholeNumbers(group: Int) throws {
    try expectExact(shapes(group))
  }

  @Test(arguments: groups) func depthwiseIsExactOnWholeNumbers(group: Int) throws {
    try expectExact(depthwiseShapes(group))
  }

  @Test(arguments: groups) func manyFiltersAreExactOnWholeNumbers(group: Int) throws {
    try expectExact(wideShapes(group))
  }

  private func expectExact(_ shapes: [RandomConvolution]) throws {
    for shape in shapes where shape.follower.isExactOnWholeNumbers {
      let entry = shape.opCase(forward: .exact, gradient: .exact)
      let graph = entry.makeGraph(withGradients: true)
      let values = entry.values(for: graph, isWhole: true)
      let expected = graph.run64(values).outputs
      let actual = GraphRunner(graph, batch: shape.images, exact: true).run(values).outputs
      #expect(Set(expected.keys) == Set(actual.keys))
      for (name, wanted) in expected {
        let found = try #require(actual[name]).map { Double($0) }
        let (fraction, place) = Closeness.exact.worst(of: found, against: wanted)
        #expect(fraction <= 1, "\(shape): \(name): \(place)")
      }
    }
  }

  /// Real numbers, with the faster algorithms: within their bounds, and the same bits for any number of
  /// threads.
  @Test(arguments: groups) func fastAlgorithmsStayWithinTheirBounds(group: Int) throws {
    try expectClose(shapes(group))
  }

  @Test(arguments: groups) func depthwiseStaysWithinItsBounds(group: Int) throws {
    try expectClose(depthwiseShapes(group))
  }

  @Test(arguments: groups) func manyFiltersStayWithinTheirBounds(group: Int) throws {
    try expectClose(wideShapes(group))
  }

  private func expectClose(_ shapes: [RandomConvolution]) throws {
    for shape in shapes {
      // Where a rounding decides which cell gets a gradient, one decision otherwise is no mistake; in
      // several draws in a row it is.
      var mistakes: [String] = []
      for draw in 0..<(shape.follower.hasKinks ? 3 : 1) {
        mistakes = try run(shape, draw: draw)
        if mistakes.isEmpty { break }
      }
      #expect(mistakes.isEmpty, "\(shape): \(mistakes.joined(separator: "; "))")
    }
  }

  private func run(_ shape: RandomConvolution, draw: Int) throws -> [String] {
    let entry = shape.opCase(
      draw: draw, forward: .norm(relative: 3e-6, maximum: 5e-5),
      gradient: .norm(relative: 1e-5, maximum: 1e-4))
    let graph = entry.makeGraph(withGradients: true)
    let values = entry.values(for: graph)
    let expected = graph.run64(values).outputs
    let actual = GraphRunner(graph, batch: shape.images).run(values).outputs
    let threads = [2, 3, 8][shape.seed % 3]
    let again = GraphRunner(graph, batch: shape.images, threads: threads).run(values).outputs
    for (name, values) in actual {
      let same = again[name]?.map(\.bitPattern) == values.map(\.bitPattern)
      #expect(same, "\(shape): \(name) with \(threads) threads")
    }
    return try expected.compactMap { name, wanted in
      let bound = name == OpCase.resultName ? entry.forward : entry.gradient
      let found = try #require(actual[name]).map { Double($0) }
      let (fraction, place) = bound.worst(of: found, against: wanted)
      return fraction <= 1 ? nil : "\(name) \(place)"
    }
  }
}
