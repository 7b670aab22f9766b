import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import MartletTensors
import Testing

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
    let worst = zip(actual, expected).map { abs($0 - $1) / (1e-8 * abs($1) + 1e-10 * norm) }.worst
    #expect(worst <= 1, "\(name): \(worst) times the bound")
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test(arguments: GoldenCase.all)
  func outputAndGradients(_ entry: GoldenCase) throws {
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
  func oneStep(_ entry: StepCase) throws {
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

  /// A new kind of layer needs a golden here, or in a ready model, each of which `SystemGoldenTests` trains.
  @Test func everyLayerHasAGolden() throws {
    // Noise is drawn, and no peer draws alike; a type of one's own, its weights and whole networks compute
    // nothing by themselves.
    var covered: Set<LayerKind> = [.gaussianNoise, .spatialDropout2D, .weight, .scope, .sequential, .model]
    func note(_ graph: Graph) {
      covered.formUnion(graph.layerOutputs.compactMap { LayerKind(pathName: $0.type) })
    }
    for entry in GoldenCase.all {
      let graph = Graph(purpose: .training)
      graph.settings.preset = entry.preset
      _ = entry.layer(graph.input("images", shape: entry.shape))
      note(graph)
    }
    for model in ReadyModel.all {
      let graph = Graph(purpose: .training)
      _ = try model.make(input: .image(28, 28, 1), classes: 10).trace(batch: 1, into: graph)
      note(graph)
    }
    let missing = Set(LayerKind.allCases).subtracting(covered)
    #expect(missing.isEmpty, "\(missing.map(\.rawValue).sorted())")
  }

  @Test func everyGoldenIsRead() throws {
    let stored = try Self.file.get().tensors.map { String($0.0.prefix { $0 != "/" }) }
    let read = GoldenCase.all.map(\.name) + StepCase.all.map { "step \($0.name)" }
    #expect(Set(stored) == Set(read))
    #expect(try Self.file.get().metadata["maker"] == "scripts/goldens/make_layers.py")
  }
}
