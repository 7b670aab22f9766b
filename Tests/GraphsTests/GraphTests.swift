import MartletGraphs
import Testing

@Suite struct GraphTests {
  private func spec(_ path: String, _ shape: [Int]) -> ParameterSpec {
    let count = shape.reduce(1, *)
    return ParameterSpec(path: path, shape: shape, role: .weight) { _ in [Float](repeating: 0, count: count) }
  }

  @Test func inputsAndParametersAreDeclaredOnce() {
    let graph = Graph(purpose: .inference)
    #expect(graph.input("x", shape: [2]).id == graph.input("x", shape: [2]).id)
    #expect(graph.parameter(spec("w", [3])).id == graph.parameter(spec("w", [3])).id)
    #expect(graph.parameters.map(\.path) == ["w"])
    #expect(graph.parameterValue("w") != nil && graph.parameterValue("v") == nil)
    #expect(!graph.parameter(spec("w", [4])).isValid)
    #expect(
      graph.firstError.map { "\($0)" }
        == "w: expected shape [3], as at its first use, received shape [4]. "
        + "The layer's weights are shared with an earlier use, so its input must have as many channels.")
  }

  @Test func laterAssignmentsAndOutputsReplaceEarlierOnes() {
    let graph = Graph(purpose: .training)
    let w = graph.parameter(spec("w", [3]))
    #expect(graph.currentValue("w")?.id == w.id)
    graph.assign("w", w + 1)
    let second = w + 2
    graph.assign("w", second)
    graph.output("y", w)
    graph.output("y", second)
    #expect(graph.assignments.count == 1 && graph.currentValue("w")?.id == second.id)
    #expect(graph.outputs.count == 1 && graph.outputs[0].value.id == second.id)
  }

  @Test func verifierNamesTheBrokenRule() {
    let graph = Graph(purpose: .training)
    let w = graph.parameter(spec("w", [3]))
    graph.output("y", w.relu())
    #expect(graph.verify() == nil)
    graph.assign("w", w.sum())
    #expect(graph.verify() == "w [3] is assigned []")
    let other = Graph(purpose: .training)
    other.assign("v", other.constant(1))
    #expect(other.verify() == "v is assigned but no parameter")
    let invalid = Graph(purpose: .training)
    invalid.output("y", invalid.constant(1).reshaped([2]))
    #expect(invalid.verify() == "output y is invalid")
  }

  @Test func textNamesEveryNode() {
    let graph = Graph(purpose: .training)
    let x = graph.input("x", shape: [2, 3])
    graph.output("y", (x * 2).sum(axes: [1]))
    #expect(
      graph.text == """
        %0 = input x() float [2, 3]
        %1 = multiply(2.0)(%0) float [2, 3]
        %2 = reduce_sum[1](%1) float [2]
        output y = %2
        """)
    #expect(graph.dot.contains("n0 -> n1;"))
  }

  @Test func layersAreNamedByScopeNameAndFirstUse() {
    let graph = Graph(purpose: .training)
    let x = graph.input("x", shape: [2])
    var paths: [String] = []
    func use(_ identity: LayerIdentity, _ name: String? = nil, _ inner: () -> Void = {}) -> Value {
      graph.layer(identity, name: name, type: "dense", location: "") { path in
        paths.append(path)
        inner()
        return x + 1
      }
    }
    let shared = LayerIdentity()
    _ = use(shared)
    _ = use(LayerIdentity())
    _ = use(shared)
    _ = use(LayerIdentity(), "head") { _ = use(LayerIdentity()) }
    #expect(paths == ["dense", "dense_1", "dense", "head", "head/dense"])
    #expect(graph.layerOutputs.map(\.path) == ["dense", "dense_1", "dense", "head/dense", "head"])
    #expect(graph.nodes.last?.path == "head")
    #expect(!use(LayerIdentity(), "head").isValid)
    #expect(
      graph.firstError.map { "\($0)" }
        == "head: expected one layer of this name, received a second, different one. "
        + "Give it another name, or apply the same layer value again to share its weights.")
  }

  @Test func costsCountMultiplyAddsTwice() {
    let graph = Graph(purpose: .training)
    let x = graph.input("x", shape: [2, 8, 8, 3])
    let w = graph.input("w", shape: [3, 3, 3, 5])
    let y = graph.apply(.convolution(.forward(ConvolutionWindow(kernel: 3))), [x, w])
    let expected = 2 * (2 * 6 * 6 * 5) * 27
    func cost(_ value: Value, _ inputs: [Value]) -> Int {
      value.op.cost(inputs: inputs.map { ($0.shape, $0.element) }, output: (value.shape, value.element)).flops
    }
    #expect(cost(y, [x, w]) == expected)
    let gradients = graph.gradients(of: y.sum(), withRespectTo: [x, w]).compactMap { $0 }
    let dy = graph.input("dy", shape: y.shape)
    #expect(gradients.count == 2)
    #expect(cost(gradients[0], [dy, w]) == expected)
    #expect(cost(gradients[1], [x, dy]) == expected)
    #expect(cost(x.reshaped([2, 192]), [x]) == 0)
  }
}
