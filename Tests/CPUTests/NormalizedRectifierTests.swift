import MartletCases
import MartletCompilation
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Batch normalization and a rectifier before convolutions, fused with their way back.
@Suite struct NormalizedRectifierTests {
  struct Block: CustomTestStringConvertible, Sendable {
    var batch: Int, rows: Int, columns: Int, channels: Int
    var slope = 0.0
    /// What reads the rectifier's result.
    var reader = Reader.pointwise
    enum Reader: String { case pointwise, depthwise, winograd, strided, sum }
    var testDescription: String { "\(batch)x\(rows)x\(columns)x\(channels), slope \(slope), \(reader)" }
  }

  static let blocks = [
    Block(batch: 3, rows: 4, columns: 5, channels: 5, slope: 0.25),
    Block(batch: 37, rows: 6, columns: 5, channels: 19, reader: .depthwise),
    Block(batch: 8, rows: 8, columns: 9, channels: 16, reader: .winograd),
    Block(batch: 8, rows: 9, columns: 4, channels: 8, slope: 0.1, reader: .strided),
    Block(batch: 16, rows: 10, columns: 7, channels: 24, reader: .sum),
  ]

  private func graph(_ block: Block) throws -> Graph {
    let network = try Model(input: .image(block.rows, block.columns, block.channels, element: .float)) { x in
      let normal = BatchNormalization(name: "norm")(Conv2D(block.channels, kernelSize: 1, name: "first")(x))
      let z = block.slope == 0 ? ReLU()(normal) : LeakyReLU(negativeSlope: block.slope)(normal)
      switch block.reader {
      case .pointwise: return Conv2D(7, kernelSize: 1, name: "last")(z)
      case .depthwise: return DepthwiseConv2D(kernelSize: 3, padding: .same, name: "last")(z)
      case .winograd: return Conv2D(16, kernelSize: 3, padding: .same, name: "last")(z)
      case .strided: return Conv2D(12, kernelSize: 3, strides: 2, padding: .same, name: "last")(z)
      case .sum: return z + x
      }
    }
    let graph = Graph(purpose: .training)
    let result = network.trace(batch: block.batch, into: graph)
    graph.output("result", result)
    let weighted = (result * graph.input("weights", shape: result.shape)).sum()
    let weights = graph.parameters.filter { $0.role == .weight }
    var targets = weights.compactMap { graph.parameterValue($0.path) }
    targets.append(
      graph.input(InputSpec.inputName, shape: [block.batch, block.rows, block.columns, block.channels]))
    let gradients = graph.gradients(of: weighted, withRespectTo: targets)
    for (name, gradient) in zip(weights.map(\.path) + ["x"], gradients) {
      graph.output("gradient of \(name)", try #require(gradient, "\(name) has no gradient"))
    }
    try graph.check()
    return graph
  }

  private func values(_ graph: Graph) -> (inputs: [String: [Double]], parameters: [String: [Double]]) {
    var inputs: [String: [Double]] = [:]
    for node in graph.nodes {
      guard case .source(.input(let name, let shape, _)) = node.op else { continue }
      inputs[name] = Fill.signed.values(name, count: shape.reduce(1, *))
    }
    let stored = graph.parameters.map { parameter in
      let shift = parameter.path.contains("norm/beta") ? 0.25 : 0
      return (parameter.path, parameter.initial(5).map { Double($0) + shift })
    }
    return (inputs, Dictionary(uniqueKeysWithValues: stored))
  }

  @Test(arguments: blocks) func agreesWithReference(block: Block) throws {
    let graph = try graph(block)
    let values = values(graph)
    let exact = graph.run64(values).outputs
    let runs = [1, 2, 3].map { GraphRunner(graph, batch: block.batch, threads: $0).run(values).outputs }
    #expect(runs[0] == runs[1] && runs[0] == runs[2], "threads change a bit")
    let size = exact.values.map { $0.reduce(0) { max($0, abs($1)) } }.max() ?? 0
    for (name, expected) in exact {
      let bound = Closeness.elementwise(relative: 1e-4, absolute: 2e-5 * size)
      let (fraction, place) = bound.worst(
        of: try #require(runs[0][name]).map { Double($0) }, against: expected)
      #expect(fraction <= 1, "\(name): \(place)")
    }
  }

  /// The rectifier's result is computed inside the convolutions that read it, and its gradient never.
  @Test(arguments: blocks) func storesNeitherResultNorGradient(block: Block) throws {
    let program = Compiler.compile(try graph(block), batch: block.batch)
    let names = program.compute.flatMap(\.allSteps).map(\.kind.name)
    let rectified = block.slope == 0 ? "normalize+relu_gradient" : "normalize+leaky_relu_gradient"
    #expect(names.contains(rectified) && names.contains(rectified + "_sums"), "\(program.text)")
    if block.reader != .sum {
      #expect(names.contains { $0.hasPrefix("pointwise[3]+conv") }, "\(program.text)")
      #expect(names.contains { $0.hasPrefix("pointwise[3]+conv_kernel_gradient") }, "\(program.text)")
    }
  }
}
