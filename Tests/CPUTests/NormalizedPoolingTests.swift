import MartletCases
import MartletCompilation
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Batch normalization, an activation, 2x2 max pooling and dropout, fused with their way back.
@Suite struct NormalizedPoolingTests {
  struct Block: CustomTestStringConvertible, Sendable {
    var batch: Int, rows: Int, columns: Int, channels: Int
    var slope = 0.3
    /// Whether the block's input has a gradient.
    var hasInputGradient = true
    var dropout = 0.0
    var testDescription: String {
      "\(batch)x\(rows)x\(columns)x\(channels), slope \(slope), dx \(hasInputGradient), dropout \(dropout)"
    }
  }

  static let blocks = [
    Block(batch: 1, rows: 2, columns: 2, channels: 1), Block(batch: 5, rows: 7, columns: 9, channels: 5),
    Block(batch: 37, rows: 6, columns: 5, channels: 19, slope: 0),
    Block(batch: 8, rows: 9, columns: 4, channels: 8, slope: 0, hasInputGradient: false),
    Block(batch: 16, rows: 14, columns: 14, channels: 16, slope: 0.01),
    Block(batch: 13, rows: 15, columns: 6, channels: 11, dropout: 0.3),
    Block(batch: 16, rows: 14, columns: 14, channels: 16, slope: 0, hasInputGradient: false, dropout: 0.5),
  ]

  private func graph(_ block: Block, _ purpose: Purpose = .training) throws -> Graph {
    let network = try Sequential(
      input: .image(block.rows, block.columns, block.channels, element: .float)
    ) {
      BatchNormalization(name: "norm")
      if block.slope == 0 { ReLU() } else { LeakyReLU(negativeSlope: block.slope) }
      MaxPooling2D(2)
      if block.dropout > 0 { Dropout(block.dropout) }
    }
    let graph = Graph(purpose: purpose)
    let result = network.trace(batch: block.batch, into: graph)
    graph.output("result", result)
    guard purpose == .training else { return graph }
    let weighted = (result * graph.input("weights", shape: result.shape)).sum()
    var targets = ["norm/gamma", "norm/beta"].compactMap { graph.parameterValue($0) }
    if block.hasInputGradient {
      let shape = [block.batch, block.rows, block.columns, block.channels]
      targets.append(graph.input(InputSpec.inputName, shape: shape))
    }
    for (name, gradient) in zip(
      ["gamma", "beta", "x"], graph.gradients(of: weighted, withRespectTo: targets))
    {
      graph.output("gradient of \(name)", try #require(gradient, "\(name) has no gradient"))
    }
    try graph.check()
    return graph
  }

  private func values(
    _ graph: Graph
  ) -> (inputs: [String: [Double]], parameters: [String: [Double]]) {
    var inputs: [String: [Double]] = [:]
    for node in graph.nodes {
      guard case .source(.input(let name, let shape, _)) = node.op else { continue }
      let isKey = name == Graph.randomKeyName
      inputs[name] = isKey ? [7, 0, 3, 0] : Fill.signed.values(name, count: shape.reduce(1, *))
    }
    let stored = graph.parameters.map { parameter in
      let shift = parameter.role == .weight ? 0.25 : 0
      return (parameter.path, parameter.initial(5).map { Double($0) + shift })
    }
    return (inputs, Dictionary(uniqueKeysWithValues: stored))
  }

  @Test(arguments: blocks) func agreesWithReference(block: Block) throws {
    for purpose in [Purpose.training, .inference] {
      let graph = try graph(block, purpose)
      let values = values(graph)
      let exact = graph.run64(values).outputs
      let runs = [1, 2, 3].map {
        GraphRunner(graph, batch: block.batch, threads: $0).run(values).outputs
      }
      #expect(runs[0] == runs[1] && runs[0] == runs[2], "threads change a bit")
      let size = exact.values.map { abs($0.reduce(0) { max($0, abs($1)) }) }.max() ?? 0
      for (name, expected) in exact {
        let bound = Closeness.elementwise(relative: 1e-4, absolute: 1e-5 * size)
        let (fraction, place) = bound.worst(
          of: try #require(runs[0][name]).map { Double($0) }, against: expected)
        #expect(fraction <= 1, "\(purpose) \(name): \(place)")
      }
    }
  }

  /// Neither the normalized map nor its gradient is a buffer, and dropout is no step of its own.
  @Test(arguments: [4, 6]) func storesOnlyWhatIsPooled(index: Int) throws {
    let block = Self.blocks[index]
    let program = Compiler.compile(try graph(block), batch: block.batch)
    let names = program.compute.flatMap(\.allSteps).map(\.kind.name)
    let activation = block.slope == 0 ? "relu" : "leaky_relu"
    let forward = "normalize+\(activation)+pool" + (block.dropout > 0 ? "+dropout" : "")
    #expect(names.contains(forward), "\(program.text)")
    #expect(names.contains(forward + "_gradient_sums"), "\(program.text)")
    #expect(names.contains(forward + "_gradient") == block.hasInputGradient, "\(program.text)")
    #expect(!names.contains { $0.contains("max_pool") })
    let whole = program.buffers.count { $0.shape == [16, 14, 14, 16] }
    #expect(whole == (block.hasInputGradient ? 2 : 1), "x and its gradient: \(program.text)")
    let images = program.compute.filter { $0.domain == .images }.flatMap(\.allSteps)
    #expect(!images.contains { $0.kind.name.hasPrefix("pointwise") }, "\(program.text)")
  }

  /// Pooled values that something else reads are stored; dropout is then a step of its own.
  @Test func readValuesAreStored() throws {
    let block = Self.blocks[6]
    let network = try Sequential(input: .image(14, 14, 16, element: .float)) {
      BatchNormalization(name: "norm")
      ReLU()
      MaxPooling2D(2)
    }
    let graph = Graph(purpose: .training)
    let pooled = network.trace(batch: block.batch, into: graph)
    let mask = graph.apply(.random(.keepMask(rate: 0.5, stream: 1, shape: pooled.shape)), [graph.randomKey])
    graph.output("pooled", pooled)
    graph.output("result", pooled * mask)
    let program = Compiler.compile(graph, batch: block.batch)
    let names = program.compute.flatMap(\.allSteps).map(\.kind.name)
    #expect(names.contains("normalize+relu+pool"), "\(program.text)")
    #expect(names.contains { $0.hasPrefix("pointwise") }, "\(program.text)")
  }
}
