import MartletGraphs
import Testing

/// Updates that overwrite parameters from within one pointwise step.
@Suite struct InPlaceTests {
  struct Update: CustomTestStringConvertible, Sendable {
    var name: String
    /// The new p from p, m, the new m and x.
    var value: @Sendable (Value, Value, Value, Value) -> Value
    var number: @Sendable (Float, Float, Float, Float) -> Float
    var testDescription: String { name }
  }

  static let updates = [
    Update(name: "new moment alone") { p, _, new, _ in
      p - new
    } number: { p, _, new, _ in
      p - new
    },
    Update(name: "old moment after the new one") { p, m, new, _ in
      p - (new * new) * m
    } number: { p, m, new, _ in
      p - (new * new) * m
    },
    Update(name: "old parameter twice") { p, _, new, x in
      (p * x - new) * p
    } number: { p, _, new, x in
      (p * x - new) * p
    },
    Update(name: "both moments again") { p, m, new, _ in
      (p - new) * (m + new) + m
    } number: { p, m, new, _ in
      (p - new) * (m + new) + m
    },
  ]

  // More than a block of the interpreter, so that a second one would read what the first has overwritten.
  private static let count = 1100
  private static func numbers(_ seed: Int) -> [Float] {
    (0..<count).map { Float(($0 * 37 + seed * 101) % 257 - 128) / 64 }
  }

  /// What an instruction reads after a result is stored is still the old value.
  @Test(arguments: updates) func laterInstructionsReadOldValues(update: Update) {
    let graph = Graph(purpose: .training)
    func parameter(_ path: String) -> Value {
      graph.parameter(
        ParameterSpec(path: path, shape: [Self.count], role: .weight) { _ in Self.numbers(0) })
    }
    let (p, m, x) = (parameter("p"), parameter("m"), graph.input("x", shape: [Self.count]))
    let moment = 0.5 * m + x
    graph.assign("m", moment)
    graph.assign("p", update.value(p, m, moment, x))
    graph.output("sum", x.sum())
    let (oldP, oldM, given) = (Self.numbers(1), Self.numbers(2), Self.numbers(3))
    let values = (
      inputs: ["x": given.map(Double.init)],
      parameters: ["p": oldP.map(Double.init), "m": oldM.map(Double.init)]
    )
    for threads in [1, 3] {
      let stored = GraphRunner(graph, batch: 0, threads: threads).run(values, updates: true).parameters
      let moments = given.indices.map { 0.5 * oldM[$0] + given[$0] }
      #expect(stored["m"] == moments)
      #expect(
        stored["p"] == given.indices.map { update.number(oldP[$0], oldM[$0], moments[$0], given[$0]) })
    }
  }
}
