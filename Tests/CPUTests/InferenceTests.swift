import MartletCPU
import MartletCases
import MartletCompilation
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Programs for weights that stay: folded, prepared apart, a single image divided among the workers.
@Suite struct InferenceTests {
  typealias Values = (inputs: [String: [Double]], parameters: [String: [Double]])

  static let networks: [@Sendable () throws -> Sequential] = [
    {
      try Sequential(input: .image(13, 11, 3)) {
        Rescale(1 / 255)
        Conv2D(8, kernelSize: 3, padding: .same)
        BatchNormalization()
        LeakyReLU()
        MaxPooling2D(2)
        Dropout(0.5)
        Conv2D(24, kernelSize: 3, strides: 2, useBias: false)
        BatchNormalization()
        ReLU()
        Flatten()
        Dense(20)
        BatchNormalization(center: false)
        ReLU()
        Dense(5, activation: .softmax)
      }
    },
    {
      try Sequential(input: .image(16, 12, 2)) {
        Rescale(1 / 255)
        Conv2D(16, kernelSize: 3, padding: .same, useBias: false)
        BatchNormalization()
        ReLU()
        ResidualBlock(16)
        ResidualBlock(24, strides: 2)
        DepthwiseConv2D(kernelSize: 3, padding: .same)
        BatchNormalization(scale: false)
        MaxPooling2D(2)
        GlobalAveragePooling2D()
        BatchNormalization()
        Dense(7)
      }
    },
    { try ReadyModel.named("attention").make(input: .image(12, 12, 1), classes: 10) },
    { try ReadyModel.named("custom-cnn").make(input: .image(16, 16, 3), classes: 10) },
    { try ReadyModel.named("alexnet").make(input: .image(12, 12, 1), classes: 10) },
    { try ReadyModel.named("conv5x5").make(input: .image(28, 28, 1), classes: 10) },
  ]

  /// The trace of a prediction, with statistics as training leaves them.
  private func trace(_ network: Sequential, batch: Int) throws -> (graph: Graph, values: Values) {
    let graph = Graph(purpose: .inference)
    graph.output("y", network.trace(batch: batch, into: graph))
    try graph.check()
    var parameters: [String: [Double]] = [:]
    for spec in graph.parameters {
      let count = spec.shape.reduce(1, *)
      let isPositive = ["moving_variance", "gamma"].contains { spec.path.hasSuffix($0) }
      parameters[spec.path] =
        spec.path.hasSuffix("kernel")
        ? spec.initial(3).map { Double($0) }
        : (isPositive ? Fill.positive : .signed).values(spec.path, count: count)
    }
    let count = batch * network.input.shape.reduce(1, *)
    return (graph, ([InputSpec.inputName: Fill.bytes.values("images", count: count)], parameters))
  }

  /// The documented bound: a folded network is as near to Double as Winograd's sums allow.
  @Test(arguments: networks.indices, [1, 5])
  func foldedAgreesWithTheUnfoldedReference(_ index: Int, batch: Int) throws {
    let (graph, values) = try trace(Self.networks[index](), batch: batch)
    let expected = try #require(graph.run64(values).outputs["y"])
    for exact in [false, true] {
      let runner = GraphRunner(graph, batch: batch, exact: exact, weightsStay: true)
      let found = try #require(runner.run(values).outputs["y"]).map { Double($0) }
      let closeness = Closeness.norm(relative: exact ? 3e-6 : 1e-5, maximum: 5e-5)
      let (fraction, place) = closeness.worst(of: found, against: expected)
      #expect(fraction <= 1, "network \(index), batch \(batch), exact \(exact): \(place)")
    }
  }

  /// Bands of rows and blocks of filters, run by any number of threads, give the same bits.
  @Test(arguments: networks.indices) func threadsChangeNoBit(_ index: Int) throws {
    for batch in [1, 5] {
      let (graph, values) = try trace(Self.networks[index](), batch: batch)
      let results = [1, 2, 3, 8].map { threads in
        GraphRunner(graph, batch: batch, threads: threads, weightsStay: true).run(values).outputs["y"]
      }
      #expect(results[0] != nil && results.allSatisfy { $0 == results[0] }, "batch \(batch)")
    }
  }

  /// Each factor is in a kernel and each shift in a bias; dropout is gone, activation and pooling are fused.
  @Test func nothingIsLeftOfBatchNormalization() throws {
    let (graph, _) = try trace(Self.networks[0](), batch: 8)
    let program = Compiler.compile(graph, batch: 8, weightsStay: true)
    let names = program.compute.flatMap(\.allSteps).map(\.kind.name)
    #expect(
      names == [
        "pointwise[1]+conv 3x3 pad 1,1,1,1+bias+leaky_relu+pool", "conv 3x3 stride 2x2+bias+relu",
        "matmul_nn+bias+relu", "matmul_nn+bias", "softmax",
      ], "\(program.text)")
    // Only what a dense layer reads of all images at once is there for all of them.
    let kept = program.buffers.filter { $0.kind == .temporary && $0.shape.count == 4 }
    #expect(kept.map(\.shape) == [[8, 2, 2, 24]], "\(program.text)")
  }

  /// What lies between the layers of a large batch exists for a few images at a time only.
  @Test(arguments: ["convnet", "conv5x5", "conv", "custom-cnn"])
  func noFeatureMapOfTheWholeBatchIsKept(_ name: String) throws {
    let network = try ReadyModel.named(name).make(input: .image(28, 28, 1), classes: 10)
    let (graph, _) = try trace(network, batch: 256)
    let program = Compiler.compile(graph, batch: 256, weightsStay: true)
    let kept = program.buffers.filter { $0.kind == .temporary && $0.shape.count == 4 }
    // The last maps are what the first dense layer reads, all of them at once.
    #expect(kept.count <= 1, "\(kept.map(\.shape))")
    let executable = GraphRunner(graph, batch: 256, weightsStay: true).executable
    let maps = kept.reduce(0) { $0 + $1.byteCount }
    #expect(executable.arenaBytes <= maps + 3 << 20, "\(executable.arenaBytes) bytes")
  }

  /// A large convolution and a large dense layer of a single image are divided; small ones are not.
  @Test func aSingleImageHasFewPhases() throws {
    let network = try ReadyModel.named("convnet").make(input: .image(28, 28, 1), classes: 10)
    let (graph, _) = try trace(network, batch: 1)
    #expect(GraphRunner(graph, batch: 1, weightsStay: true).executable.phaseCount <= 4)
  }
}
