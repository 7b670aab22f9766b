import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import MartletTensors
import Testing

/// A layer that a peer computed with the same images, weights and parameters.
private struct GoldenCase: Sendable, CustomTestStringConvertible {
  let name: String
  let shape: [Int]
  let preset: Preset
  let layer: any Layer

  init(_ name: String, _ shape: [Int], preset: Preset = .keras, _ layer: some Layer) {
    self.name = name
    self.shape = shape
    self.preset = preset
    self.layer = layer
  }

  var testDescription: String { name }

  static let all: [GoldenCase] = convolutions + transposed + normalizations + others

  private static let convolutions: [GoldenCase] = [
    GoldenCase(
      "depthwise", [2, 5, 4, 3],
      DepthwiseConv2D(kernelSize: Extent(2, 3), depthMultiplier: 2, activation: .tanh)),
    GoldenCase(
      "depthwise strides", [2, 6, 5, 3], DepthwiseConv2D(kernelSize: 3, strides: 2, padding: .same)),
    GoldenCase(
      "separable", [2, 5, 6, 3],
      SeparableConv2D(4, kernelSize: Extent(3, 2), strides: 2, padding: .same, depthMultiplier: 2)),
  ]

  private static let transposed: [GoldenCase] = [
    GoldenCase(
      "transpose same", [2, 3, 4, 2], Conv2DTranspose(3, kernelSize: 3, strides: 2, padding: .same)),
    GoldenCase(
      "transpose valid", [2, 3, 2, 3], Conv2DTranspose(3, kernelSize: Extent(4, 3), strides: Extent(2, 1))),
    GoldenCase("transpose wide", [2, 2, 3, 2], Conv2DTranspose(3, kernelSize: Extent(2, 1), strides: 3)),
    GoldenCase(
      "transpose added", [2, 3, 2, 2], Conv2DTranspose(3, kernelSize: 3, strides: 3, outputPadding: 2)),
    GoldenCase(
      "transpose same added", [2, 2, 3, 2],
      Conv2DTranspose(3, kernelSize: 3, strides: 3, padding: .same, outputPadding: 1)),
    GoldenCase(
      "transpose same even", [2, 3, 2, 2],
      Conv2DTranspose(3, kernelSize: 4, strides: 2, padding: .same, outputPadding: 1)),
    GoldenCase(
      "transpose explicit", [2, 3, 4, 2], preset: .pytorch,
      Conv2DTranspose(
        3, kernelSize: Extent(3, 2), strides: 2, padding: 1, outputPadding: 1, dilation: 2)),
  ]

  private static let normalizations: [GoldenCase] = [
    GoldenCase("group", [2, 3, 2, 6], GroupNormalization(groups: 3)),
    GoldenCase("instance", [2, 3, 2, 3], GroupNormalization(groups: -1)),
    GoldenCase("group of PyTorch", [2, 3, 2, 6], preset: .pytorch, GroupNormalization(groups: 2)),
    GoldenCase("layer", [2, 2, 3, 5], LayerNormalization()),
    GoldenCase("layer of two axes", [2, 2, 3, 5], LayerNormalization(axes: [1, 2])),
    GoldenCase("layer of PyTorch", [2, 2, 3, 4], preset: .pytorch, LayerNormalization(axes: [1, 2, 3])),
    GoldenCase(
      "response of 4 channels", [2, 2, 2, 7], preset: .pytorch,
      LocalResponseNormalization(size: 4, alpha: 0.5, bias: 2)),
    GoldenCase(
      "response of 2 channels", [2, 2, 2, 5], preset: .pytorch,
      LocalResponseNormalization(size: 2, alpha: 0.5, beta: 0.5)),
  ]

  private static let others: [GoldenCase] = [
    GoldenCase("prelu", [2, 2, 3, 4], PReLU()),
    GoldenCase("prelu shared", [2, 2, 3, 4], PReLU(sharedAxes: [1, 2])),
    GoldenCase("prelu of PyTorch", [2, 2, 3, 4], preset: .pytorch, PReLU()),
    GoldenCase("elu", [2, 7], ELU(alpha: 0.7)),
    GoldenCase("silu", [2, 7], SiLU()),
    GoldenCase("softplus", [2, 7], Softplus()),
    GoldenCase("gelu", [2, 7], GELU()),
    GoldenCase("gelu approximate", [2, 7], GELU(approximate: true)),
    GoldenCase("padding", [2, 3, 2, 2], ZeroPadding2D((1, 2), (0, 3))),
    GoldenCase("cropping", [2, 4, 5, 2], Cropping2D((1, 0), (2, 1))),
    GoldenCase("nearest", [2, 3, 2, 2], UpSampling2D(Extent(2, 3))),
    GoldenCase("bilinear", [2, 3, 4, 2], UpSampling2D(Extent(3, 2), interpolation: .bilinear)),
    GoldenCase(
      "merging", [2, 3, 2, 2],
      Lambda { x in
        Subtract()(Maximum()(x, x * x), Average()(Minimum()(x, -x), x * x, Multiply()(x, x, x)))
      }),
    GoldenCase("residual", [2, 4, 5, 2], preset: .pytorch, ResidualBlock(3, strides: 2)),
    GoldenCase("residual identity", [2, 3, 4, 3], preset: .pytorch, ResidualBlock(3)),
  ]
}

/// One step of descent of a layer with a regularizer or constraint.
private struct StepCase: Sendable, CustomTestStringConvertible {
  let name: String
  let layer: any Layer

  var testDescription: String { name }
  var shape: [Int] { layer is Dense ? [4, 3] : [2, 3, 3, 2] }

  static let all: [StepCase] = [
    StepCase(
      name: "max norm",
      layer: Dense(2, kernelConstraint: .maxNorm(0.5), biasConstraint: .maxNorm(0.25))),
    StepCase(
      name: "max norm of filters",
      layer: Conv2D(2, kernelSize: 2, kernelConstraint: .maxNorm(0.5, axes: [0, 1, 2]))),
    StepCase(
      name: "not negative", layer: Dense(2, kernelConstraint: .nonNegative, biasConstraint: .nonNegative)),
    StepCase(name: "unit norm", layer: Dense(2, kernelConstraint: .unitNorm())),
    StepCase(
      name: "min max norm",
      layer: Dense(2, kernelConstraint: .minMaxNorm(minimum: 0.5, maximum: 0.75, rate: 0.25))),
    StepCase(
      name: "min max norm of rows",
      layer: Conv2D(2, kernelSize: 2, kernelConstraint: .minMaxNorm(minimum: 0.75, axes: [-1]))),
    StepCase(name: "l1", layer: Dense(2, kernelRegularizer: .l1(0.125))),
    StepCase(
      name: "l2", layer: Conv2D(2, kernelSize: 2, kernelRegularizer: .l2(0.125), biasRegularizer: .l2(0.25))),
    StepCase(
      name: "l1 and l2",
      layer: Dense(
        2, kernelRegularizer: .l1l2(l1: 0.125, l2: 0.25), biasRegularizer: .l1(0.5),
        kernelConstraint: .unitNorm())),
  ]
}

/// Every layer in double precision against what Keras or PyTorch computes.
@Suite struct LayerGoldenTests {
  private static let file = Result { try TensorFile(reading: "\(Golden.folder)/layers.safetensors") }

  private func golden(_ name: String) throws -> [Double] {
    guard case .float64(let tensor) = try Self.file.get()[name] else { return [] }
    return tensor.scalars
  }

  /// The numbers that the maker draws: even in ±limit, rounded to single precision.
  private func uniform(_ name: String, _ shape: [Int], _ limit: Double) -> [Double] {
    let seed = Hash.seed(name)
    return (0..<shape.reduce(1, *)).map { Double(Float((Hash.unit(seed, $0) * 2 - 1) * limit)) }
  }

  private func parameters(of graph: Graph, _ name: String) -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for spec in graph.parameters {
      if spec.role == .state {
        result[spec.path] = spec.initial(0).map { Double($0) }
      } else if spec.path.hasSuffix("gamma") {
        result[spec.path] = uniform("\(name)/\(spec.path)", spec.shape, 0.25).map { $0 + 1 }
      } else {
        result[spec.path] = uniform("\(name)/\(spec.path)", spec.shape, 0.5)
      }
    }
    return result
  }

  private func expectClose(_ actual: [Double]?, _ name: String, norm: Double) throws {
    let expected = try golden(name)
    let actual = try #require(actual, "\(name)")
    #expect(actual.count == expected.count && !expected.isEmpty, "\(name)")
    let worst = zip(actual, expected).map { abs($0 - $1) / (1e-8 * abs($1) + 1e-10 * norm) }.max() ?? 0
    #expect(worst <= 1, "\(name): \(worst) times the bound")
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test(arguments: GoldenCase.all)
  private func outputAndGradients(_ entry: GoldenCase) throws {
    let graph = Graph(purpose: .training)
    graph.settings.preset = entry.preset
    let images = graph.input("images", shape: entry.shape)
    let output = entry.layer(images)
    try graph.check()
    let weights = graph.input("weights", shape: output.shape)
    graph.output("output", output)
    let paths = graph.parameters.filter { $0.role == .weight }.map(\.path)
    let targets = [images] + paths.compactMap { graph.parameterValue($0) }
    let gradients = graph.gradients(of: (output * weights).sum(), withRespectTo: targets)
    let names = ["images"] + paths
    for (name, gradient) in zip(names, gradients) {
      graph.output("gradient/\(name)", try #require(gradient, "\(name)"))
    }
    #expect(graph.verify() == nil)
    let stored = try Self.file.get().tensors.map(\.0).filter { $0.hasPrefix("\(entry.name)/gradient/") }
    #expect(Set(stored) == Set(names.map { "\(entry.name)/gradient/\($0)" }))
    let result = Reference64.run(
      graph,
      inputs: [
        "images": .numbers(uniform("\(entry.name)/images", entry.shape, 1)),
        "weights": .numbers(uniform("\(entry.name)/weights", output.shape, 1)),
      ], parameters: parameters(of: graph, entry.name)
    ).outputs
    let outputs = try golden("\(entry.name)/output")
    try expectClose(result["output"], "\(entry.name)/output", norm: norm(outputs))
    let all = try names.flatMap { try golden("\(entry.name)/gradient/\($0)") }
    for name in names {
      try expectClose(result["gradient/\(name)"], "\(entry.name)/gradient/\(name)", norm: norm(all))
    }
  }

  @Test(arguments: StepCase.all)
  private func oneStep(_ entry: StepCase) throws {
    let graph = Graph(purpose: .training)
    let output = entry.layer(graph.input("images", shape: entry.shape))
    let weights = graph.input("weights", shape: output.shape)
    let loss = graph.penalties.reduce((output * weights).sum()) { $0 + $1.value }
    graph.output("loss", loss)
    let paths = graph.parameters.map(\.path)
    let gradients = graph.gradients(of: loss, withRespectTo: paths.compactMap { graph.parameterValue($0) })
    let optimizer = SGD(learningRate: 0.125)
    for (path, gradient) in zip(paths, gradients) {
      optimizer.trace(path, gradient: try #require(gradient), in: graph)
    }
    try graph.check()
    #expect(graph.verify() == nil)
    var inputs: [String: HostTensor<Double>] = [
      "images": .numbers(uniform("\(entry.name)/images", entry.shape, 1)),
      "weights": .numbers(uniform("\(entry.name)/weights", output.shape, 1)),
    ]
    for (name, value) in optimizer.scalars(rate: 0.125, step: 1) {
      inputs["optimizer/\(name)"] = .numbers([value])
    }
    let start = parameters(of: graph, entry.name)
    let result = Reference64.run(graph, inputs: inputs, parameters: start)
    try expectClose(result.outputs["loss"], "step \(entry.name)/loss", norm: 1)
    #expect(paths.count == 2)
    for path in paths {
      #expect(result.assignments[path] != start[path])
      try expectClose(result.assignments[path], "step \(entry.name)/\(path)", norm: 1)
    }
  }

  @Test func everyGoldenIsRead() throws {
    let stored = try Self.file.get().tensors.map { String($0.0.prefix { $0 != "/" }) }
    let read = GoldenCase.all.map(\.name) + StepCase.all.map { "step \($0.name)" }
    #expect(Set(stored) == Set(read))
    #expect(try Self.file.get().metadata["maker"] == "scripts/goldens/make_layers.py")
  }
}
