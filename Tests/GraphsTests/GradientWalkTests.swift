import MartletCases
import MartletGraphs
import Testing

@Suite struct GradientWalkTests {
  private func gradients(
    _ shapes: [String: [Int]], _ values: [String: [Double]], of build: ([String: Value]) -> Value
  ) throws -> [String: [Double]] {
    let graph = Graph(purpose: .training)
    var inputs: [String: Value] = [:]
    for name in shapes.keys.sorted() { inputs[name] = graph.input(name, shape: shapes[name] ?? []) }
    let names = inputs.keys.sorted()
    let results = graph.gradients(of: build(inputs), withRespectTo: names.compactMap { inputs[$0] })
    for (name, gradient) in zip(names, results) {
      guard let gradient else { continue }
      #expect(gradient.shape == inputs[name]?.shape)
      graph.output(name, gradient)
    }
    try graph.check()
    #expect(graph.verify() == nil)
    return graph.run64((values, [:])).outputs
  }

  @Test func severalUsesAccumulate() throws {
    // f = x² + 3x + x·x, f' = 4x + 3
    let result = try gradients(["x": [2]], ["x": [1, -2]]) { v in
      guard let x = v["x"] else { return v.values.first ?? Graph(purpose: .training).constant(0) }
      return (x.squared() + x * 3 + x * x).sum()
    }
    #expect(result["x"] == [7, -5])
  }

  @Test func broadcastAxesAreSummedBack() throws {
    let result = try gradients(
      ["bias": [2], "scale": [2, 1], "x": [2, 2]],
      ["bias": [10, 20], "scale": [2, 3], "x": [1, 2, 3, 4]]
    ) { v in
      guard let x = v["x"], let scale = v["scale"], let bias = v["bias"] else { fatalError("names") }
      return (x * scale + bias).sum()
    }
    #expect(result["bias"] == [2, 2])
    #expect(result["scale"] == [3, 7])
    #expect(result["x"] == [2, 2, 3, 3])
  }

  @Test func independentValuesHaveNone() throws {
    let result = try gradients(["x": [1], "y": [1]], ["x": [3], "y": [4]]) { v in
      guard let x = v["x"] else { fatalError("names") }
      return x.squared().sum()
    }
    #expect(result["x"] == [6])
    #expect(result["y"] == nil)
  }

  /// The conventions at kinks: ReLU'(0) = 0, norms' gradients at 0 are 0, equal maxima share.
  @Test func conventionsAtKinks() throws {
    func slope(_ x: [Double], _ build: (Value) -> Value) throws -> [Double]? {
      try gradients(["x": [x.count]], ["x": x]) { v in
        guard let x = v["x"] else { fatalError("names") }
        return build(x)
      }["x"]
    }
    #expect(try slope([0, 1]) { $0.relu().sum() } == [0, 1])
    #expect(try slope([0, -1]) { $0.leakyReLU(slope: 0.25).sum() } == [0.25, 0.25])
    #expect(try slope([0, -2]) { $0.l1Norm() } == [0, -1])
    #expect(try slope([0, 0]) { $0.l2Norm() } == [0, 0])
    let unit = try #require(try slope([3, 4]) { $0.l2Norm() })
    #expect(abs(unit[0] - 0.6) < 1e-15 && abs(unit[1] - 0.8) < 1e-15)
    #expect(try slope([5, 1, 5]) { $0.max() } == [0.5, 0, 0.5])
    #expect(try slope([2, 3]) { $0.maximum($0 * 1).sum() } == [1, 1])
    #expect(try slope([2, 0]) { (x: Value) in x.dividedNoNaN(by: x).sum() } == [0, 0])
  }

  /// Where two operands are equal, the first takes the whole gradient.
  @Test func firstOperandTakesATie() throws {
    for build: (Value, Value) -> Value in [{ $0.maximum($1) }, { $0.minimum($1) }] {
      let slopes = try gradients(["a": [3], "b": [3]], ["a": [2, 1, 5], "b": [2, 4, 5]]) { v in
        guard let a = v["a"], let b = v["b"] else { fatalError("names") }
        return build(a, b).sum()
      }
      let (a, b) = try (#require(slopes["a"]), #require(slopes["b"]))
      #expect(a[0] == 1 && b[0] == 0 && a[2] == 1 && b[2] == 0)
      #expect(a[1] + b[1] == 1)
    }
  }

  @Test func targetsInsideTheGraphCount() throws {
    let graph = Graph(purpose: .training)
    let x = graph.input("x", shape: [2])
    let middle = x * 2
    let gradient = graph.gradients(of: middle.squared().sum(), withRespectTo: [middle, x])
    for (name, value) in zip(["middle", "x"], gradient) {
      graph.output(name, try #require(value))
    }
    let outputs = graph.run64((["x": [1, 2]], [:])).outputs
    #expect(outputs["middle"] == [4, 8])
    #expect(outputs["x"] == [8, 16])
  }

  @Test func gradientNodesBearThePathOfTheirLayer() {
    let graph = Graph(purpose: .training)
    let x = graph.input("x", shape: [3])
    let y = graph.layer(LayerIdentity(), name: "squarer", type: "square", location: "") { _ in x.squared() }
    _ = graph.gradients(of: y.sum(), withRespectTo: [x])
    #expect(graph.nodes.last?.path == "squarer")
    #expect(graph.scopes.current.isEmpty)
  }
}
