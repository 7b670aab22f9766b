import MartletCases
import MartletGraphs
import MartletReference
import Testing

@Suite struct PrecisionTests {
  /// Single against double precision, within the bounds that every backend must keep.
  @Test(arguments: OpCases.all)
  func singleAgreesWithDoublePrecision(_ entry: OpCase) throws {
    let graph = entry.makeGraph(withGradients: true)
    let values = entry.values(for: graph)
    let exact = graph.run64(values).outputs
    let single = graph.run32(values).outputs
    #expect(Set(exact.keys) == Set(single.keys))
    for (name, expected) in exact {
      let isResult = name == OpCase.resultName
      let actual = try #require(single[name]).map { Double($0) }
      let bound = isResult ? entry.forward : entry.gradient
      let (fraction, place) = bound.worst(of: actual, against: expected)
      #expect(fraction <= 1, "\(name): \(place)")
      (isResult ? WorstFigure.forward : .backward).note(fraction, entry.name)
    }
  }

  /// With whole numbers every partial sum is exact, so both precisions must agree in every bit.
  @Test(arguments: OpCases.convolutions + OpCases.matrices)
  func wholeNumbersAgreeExactly(_ entry: OpCase) throws {
    let graph = entry.makeGraph(withGradients: true)
    let values = entry.values(for: graph, isWhole: true)
    let exact = graph.run64(values).outputs
    let single = graph.run32(values).outputs
    for (name, expected) in exact {
      #expect(try #require(single[name]).map { Double($0) } == expected, "\(name)")
    }
    let result = try #require(exact[OpCase.resultName])
    #expect(result.count < 5 || result.contains { $0 != 0 })
  }
}
