import MartletCases
import MartletCompilation
import MartletGraphs
import MartletReference
import Testing

/// Graphs in which a step must wait for another one, or keep what a third still reads.
@Suite struct OrderTests {
  private static func convolution(_ x: Value, _ kernel: Value, padding: Int = 0) -> Value {
    let margins = Margins(top: padding, left: padding, bottom: padding, right: padding)
    return x.graph.apply(
      .convolution(.forward(ConvolutionWindow(kernel: Extent(3), padding: margins))), [x, kernel])
  }

  private static func moments(_ x: Value) -> Value { x.graph.apply(.normalization(.batchMoments), [x]) }

  private static func pooled(_ x: Value) -> Value {
    x.graph.apply(.pooling(.max(PoolingWindow(size: Extent(2), stride: Extent(2)))), [x])
  }

  private static func parameter(_ graph: Graph, _ path: String, _ shape: [Int]) -> Value {
    graph.parameter(ParameterSpec(path: path, shape: shape, role: .weight) { _ in [] })
  }

  /// Compares outputs and assigned parameters with the reference interpreter in 64 bits.
  private func expectAgreement(
    _ graph: Graph, batch: Int, weightsStay: Bool = false, guarded: [(name: String, value: Value)] = []
  ) throws {
    try graph.check()
    var values: (inputs: [String: [Double]], parameters: [String: [Double]]) = ([:], [:])
    for node in graph.nodes {
      switch node.op {
      case .source(.input(Graph.randomKeyName, _, _)): values.inputs[Graph.randomKeyName] = [12, 34, 5, 0]
      case .source(.input(let name, let shape, _)):
        values.inputs[name] = Fill.signed.values(name, count: shape.reduce(1, *))
      case .source(.parameter(let path, let shape)):
        values.parameters[path] = Fill.signed.values(path, count: shape.reduce(1, *))
      default: break
      }
    }
    let expected = graph.run64(values)
    for threads in [1, 2] {
      let runner = GraphRunner(
        graph, batch: batch, threads: threads, guarded: guarded, weightsStay: weightsStay)
      let found = runner.run(values, updates: true)
      for (name, numbers) in expected.outputs {
        expectClose(try #require(found.outputs[name]), numbers, "\(name), \(threads) threads")
      }
      for (path, numbers) in expected.assignments {
        expectClose(try #require(found.parameters[path]), numbers, "\(path), \(threads) threads")
      }
    }
  }

  private func expectClose(_ found: [Float], _ expected: [Double], _ name: String) {
    let scale = max(expected.map(abs).max() ?? 0, 1e-6)
    let worst = zip(found, expected).map { abs(Double($0) - $1) / scale }.worst
    #expect(worst < 1e-4 && found.count == expected.count, "\(name): \(worst)")
  }

  /// A parameter of one element looks like a batch of one sample.
  @Test(arguments: [1, 2]) func aSingleSampleTrainsASingleUnit(batch: Int) throws {
    let graph = Graph(purpose: .training)
    let x = graph.input("images", shape: [batch, 6])
    let (kernel, bias) = (Self.parameter(graph, "k", [6, 1]), Self.parameter(graph, "b", [1]))
    let loss = (x.matrixProduct(kernel) + bias).sigmoid().squared().mean()
    let gradients = try graph.gradients(of: loss, withRespectTo: [kernel, bias]).map { try #require($0) }
    let rate = graph.input("rate", shape: [])
    graph.assign("k", kernel - gradients[0] * rate)
    graph.assign("b", bias - gradients[1] * rate)
    graph.output("loss", loss)
    try expectAgreement(
      graph, batch: batch, guarded: [("loss", loss), ("k", gradients[0]), ("b", gradients[1])])
  }

  /// Where each sample is compared with all, all must be there.
  @Test func pairsOfSamplesWaitForTheWholeBatch() throws {
    let graph = Graph(purpose: .training)
    let z = graph.input("images", shape: [37, 8, 8, 16]).sum(axes: [1, 2]).tanh()
    let differences = z.reshaped([37, 1, 16]) - z.reshaped([1, 37, 16])
    graph.output("distances", differences.squared().sum(axes: [2]))
    try expectAgreement(graph, batch: 37)
  }

  /// Blocks of arithmetic end where the shortest of several long operands ends.
  @Test func operandsOfSeveralLengthsAreReadWithinTheirOwn() throws {
    let graph = Graph(purpose: .training)
    let x = graph.input("images", shape: [2, 4, 2, 300])
    let (channels, columns) = (Self.parameter(graph, "b", [300]), Self.parameter(graph, "p", [2, 300]))
    graph.output("y", (x * channels + columns).tanh())
    try expectAgreement(graph, batch: 2)
  }

  /// A branch that only running statistics depend on runs after the guard, with all that its steps store.
  @Test(arguments: [false, true]) func branchesOfStatisticsAlone(normalized: Bool) throws {
    let graph = Graph(purpose: .training)
    let x = graph.input("images", shape: [8, 12, 12, 8])
    let (bias, statistics) = (Self.parameter(graph, "b", [8]), Self.parameter(graph, "s", [2, 8]))
    let y: Value
    if normalized {
      let gamma = Self.parameter(graph, "gamma", [8])
      y = graph.apply(
        .normalization(.batchNormalize(epsilon: 1e-3)), [x, Self.moments(x), gamma, bias])
    } else {
      y = Self.convolution(x, Self.parameter(graph, "k", [3, 3, 8, 8])) + bias
    }
    graph.assign("s", Self.moments(Self.pooled(y.relu())) * 0.1 + statistics * 0.9)
    graph.output("loss", x.mean())
    try expectAgreement(graph, batch: 8)
  }

  /// The gradient of a mean over the places, one number for all, reaches dropped pools at every place.
  @Test func droppedPoolsUnderAMeanHaveTheirGradient() throws {
    let graph = Graph(purpose: .training)
    let x = graph.input("images", shape: [4, 7, 7, 8])
    let (gamma, beta) = (Self.parameter(graph, "gamma", [8]), Self.parameter(graph, "beta", [8]))
    let normal = graph.apply(
      .normalization(.batchNormalize(epsilon: 1e-3)), [x, Self.moments(x), gamma, beta])
    let mask = RandomOp.keepMask(rate: 0.3, stream: 1, shape: [4, 3, 3, 8])
    let dropped = Self.pooled(normal.relu()) * graph.apply(.random(mask), [graph.randomKey])
    let loss = dropped.mean(axes: [1, 2]).tanh().sum()
    graph.output("loss", loss)
    for (name, gradient) in zip(
      ["x", "gamma", "beta"], graph.gradients(of: loss, withRespectTo: [x, gamma, beta]))
    {
      graph.output("gradient of \(name)", try #require(gradient))
    }
    try expectAgreement(graph, batch: 4)
  }

  /// New values are computed from the old ones, in whatever order they are stored.
  @Test(arguments: [
    "the old value kept", "the old value kept under another shape", "an average of old values", "a swap",
    "a circle of three",
  ]) func updatesReadOldValues(form: String) throws {
    let graph = Graph(purpose: .training)
    let count = 5000
    let (p, q) = (Self.parameter(graph, "p", [count]), Self.parameter(graph, "q", [count]))
    let x = graph.input("x", shape: [count])
    switch form {
    case "the old value kept":
      graph.assign("q", p)
      graph.assign("p", p + (p - q) * 0.5 - x)
    case "the old value kept under another shape":
      graph.assign("q", p.reshaped([50, 100]).reshaped([count]))
      graph.assign("p", p - x)
    case "an average of old values":
      graph.assign("p", p - x)
      graph.assign("q", q * 0.9 + p * 0.1)
    case "a swap":
      graph.assign("p", q)
      graph.assign("q", p)
    default:
      let r = Self.parameter(graph, "r", [count])
      graph.assign("p", q * 0.5)
      graph.assign("q", r + x)
      graph.assign("r", p)
    }
    graph.output("sum", x.sum())
    try expectAgreement(graph, batch: 0)
  }

  /// A sum over an image's places is completed before later convolutions take the memory of its parts.
  @Test(arguments: 1...5) func partsOfASumOutliveTheConvolutions(convolutions: Int) throws {
    let graph = Graph(purpose: .inference)
    let y = graph.input("images", shape: [1, 24, 24, 16]).tanh()
    let mean = y.mean(axes: [0, 1, 2])
    var z = y
    for index in 0..<convolutions {
      z = (Self.convolution(z, Self.parameter(graph, "k\(index)", [3, 3, 16, 16]), padding: 1) * 0.2).tanh()
    }
    graph.output("y", z * mean)
    try expectAgreement(graph, batch: 1, weightsStay: true)
  }
}
