import MartletCompilation
import MartletGraphs
import Testing

/// Products of a batch that no cache holds are computed a few samples at a time.
@Suite struct ImageMatrixTests {
  // Just above the size that counts as large, with odd numbers of everything.
  private static let (samples, features, units) = (4099, 1027, 9)

  private static func graph(samples: Int = samples) -> Graph {
    let graph = Graph(purpose: .training)
    func parameter(_ path: String, _ shape: [Int]) -> Value {
      graph.parameter(
        ParameterSpec(path: path, shape: shape, role: .weight) { _ in
          [Float](repeating: 0, count: shape.reduce(1, *))
        })
    }
    let (w, b) = (parameter("w", [features, units]), parameter("b", [units]))
    let y = (graph.input("x", shape: [samples, features]).matrixProduct(w) + b).relu()
    graph.output("y", y)
    graph.output("back", y.matrixProduct(w, transposeB: true))
    return graph
  }

  private static func numbers(_ count: Int, _ seed: Int) -> [Double] {
    (0..<count).map { Double(($0 % 7919 * 37 + seed * 101) % 257 - 128) / 257 }
  }

  /// The regions by sample, and the same bytes as whole products have, for any number of threads.
  @Test(arguments: [1, 3]) func equalWholeProducts(threads: Int) {
    let values = (
      inputs: ["x": Self.numbers(Self.samples * Self.features, 1)],
      parameters: ["w": Self.numbers(Self.features * Self.units, 2), "b": Self.numbers(Self.units, 3)]
    )
    let bySample = GraphRunner(Self.graph(), batch: Self.samples, threads: threads)
    let whole = GraphRunner(Self.graph(), batch: 0)
    #expect(Self.domains(bySample) == [.images, .images])
    #expect(Self.domains(whole) == [.flat, .flat])
    let (mine, expected) = (bySample.run(values).outputs, whole.run(values).outputs)
    #expect(mine["y"] == expected["y"])
    #expect(mine["back"] == expected["back"])
    #expect(mine["back"]?.contains { $0 != 0 } == true)
  }

  /// A batch that a cache holds is one product, which reads the weights once.
  @Test func smallBatchesAreWhole() {
    #expect(Self.domains(GraphRunner(Self.graph(samples: 64), batch: 64)) == [.flat, .flat])
  }

  /// The domain of each product's region.
  private static func domains(_ runner: GraphRunner) -> [Program.Region.Domain] {
    runner.executable.program.compute.flatMap { region in
      region.steps.filter { if case .matrix = $0.kind { true } else { false } }.map { _ in region.domain }
    }
  }
}
