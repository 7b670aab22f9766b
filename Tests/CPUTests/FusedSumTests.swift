import MartletGraphs
import Testing

/// Sums of products that the interpreter computes as one instruction.
@Suite struct FusedSumTests {
  struct Formula: CustomTestStringConvertible, Sendable {
    var name: String
    var value: @Sendable (Value, Value, Value) -> Value
    var number: @Sendable (Float, Float, Float) -> Float
    var testDescription: String { name }
  }

  static let formulas = [
    Formula(name: "product + term") { a, b, c in
      a * b + c
    } number: { a, b, c in
      a * b + c
    },
    Formula(name: "term + product") { a, b, c in
      c + a * b
    } number: { a, b, c in
      c + a * b
    },
    Formula(name: "scaled + term") { a, b, _ in
      0.1 * a + b
    } number: { a, b, _ in
      0.1 * a + b
    },
    Formula(name: "term + scaled") { a, b, _ in
      b + 0.1 * a
    } number: { a, b, _ in
      b + 0.1 * a
    },
    Formula(name: "two products") { a, b, c in
      a * b + b * c
    } number: { a, b, c in
      a * b + b * c
    },
    Formula(name: "scaled and product") { a, b, c in
      0.1 * a + b * c
    } number: { a, b, c in
      0.1 * a + b * c
    },
    Formula(name: "rectified") { a, b, _ in
      (0.1 * a + b).relu()
    } number: { a, b, _ in
      max(0.1 * a + b, 0)
    },
    Formula(name: "read twice") { a, b, c in
      let product = a * b
      return product + (product + c)
    } number: { a, b, c in
      a * b + (a * b + c)
    },
  ]

  // Products whose last bits are lost by rounding, and terms that leave hardly more than those.
  private static let left = (0..<120).map { 1 + Float($0 + 1) * 0x1.8p-13 }
  private static let right = (0..<120).map { 1 - Float($0 + 3) * 0x1.4p-14 }
  private static let term = (0..<40).map { -1 + Float($0) * 0x1p-12 }

  /// The same bits as a product and a sum of their own, whichever side the product is on.
  @Test(arguments: formulas) func productsAreRoundedBeforeTheSum(formula: Formula) throws {
    let graph = Graph(purpose: .inference)
    let (a, b) = (graph.input("a", shape: [3, 40]), graph.input("b", shape: [3, 40]))
    graph.output("result", formula.value(a, b, graph.input("c", shape: [40])))
    try graph.check()
    let values = (
      inputs: ["a": Self.left, "b": Self.right, "c": Self.term].mapValues { $0.map(Double.init) },
      parameters: [String: [Double]]()
    )
    let result = GraphRunner(graph, batch: 3, threads: 1).run(values).outputs["result"]
    let expected = Self.left.indices.map { formula.number(Self.left[$0], Self.right[$0], Self.term[$0 % 40]) }
    #expect(result == expected)
  }

  /// One rounding would give other bits for these numbers.
  @Test func theNumbersTellRoundingsApart() {
    let differing = Self.left.indices.count {
      let term = Self.term[$0 % 40]
      return term.addingProduct(Self.left[$0], Self.right[$0]) != Self.left[$0] * Self.right[$0] + term
    }
    #expect(differing > 60)
  }
}
