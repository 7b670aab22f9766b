import MartletCases
import MartletGraphs
import Testing

@Suite struct CoverageTests {
  @Test func everyOperationHasACase() {
    let missing = Set(OpKind.allCases).subtracting(OpCases.coveredKinds)
    #expect(missing.isEmpty, "no case applies \(missing.map(\.rawValue).sorted())")
  }

  @Test func namesOfCasesDiffer() {
    #expect(Set(OpCases.all.map(\.name)).count == OpCases.all.count)
  }

  @Test(arguments: OpCases.all)
  func everyCaseTracesAndVerifies(_ entry: OpCase) throws {
    for withGradients in [false, true] {
      let graph = entry.makeGraph(withGradients: withGradients)
      try graph.check()
      #expect(graph.verify() == nil)
      #expect(graph.text.contains("output result"))
    }
  }
}
