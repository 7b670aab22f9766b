import MartletCPU
import MartletCases
import MartletCompilation
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Whole training steps of the ready models: fused, in place, after the guard.
@Suite struct ModelTests {
  static let models: [(name: String, input: InputSpec)] = [
    ("convnet", .image(12, 12, 1)), ("convnet", .image(13, 11, 3)), ("conv5x5", .image(28, 28, 1)),
    ("custom-cnn", .image(16, 16, 3)), ("alexnet", .image(12, 12, 1)), ("dense", .image(9, 7, 1)),
    ("conv", .image(12, 12, 3)), ("attention", .image(12, 12, 1)),
  ]

  /// A graph of one step: loss, gradients as outputs, Adam's assignments; and numbers for its inputs.
  private func makeStep(
    _ name: String, _ input: InputSpec, batch: Int, penalty: Double = 0
  ) throws -> (Graph, (inputs: [String: [Double]], parameters: [String: [Double]]), [(String, Value)]) {
    let network = try ReadyModel.named(name).make(input: input, classes: 10)
    let graph = Graph(purpose: .training)
    let outputs = network.trace(batch: batch, into: graph)
    let labels = graph.input("labels", shape: [batch], element: .int32)
    var endsInSoftmax = false
    if case .classification(.softmax) = outputs.op { endsInSoftmax = true }
    let weights = graph.parameters.filter { $0.role == .weight }
    let targets = weights.compactMap { graph.parameterValue($0.path) }
    let plain = Loss.sparseCategoricalCrossEntropy(fromLogits: !endsInSoftmax)(outputs, labels).mean()
    let loss =
      penalty == 0 ? plain : targets.reduce(plain) { $0 + penalty * ($1.l1Norm() + $1.l2Norm()) }
    graph.output("loss", loss)
    let gradients = graph.gradients(of: loss, withRespectTo: targets)
    let adam = Adam().resolved(for: network.preset)
    var guarded = [("loss", loss)]
    for (spec, gradient) in zip(weights, gradients) {
      let gradient = try #require(gradient, "\(spec.path) has no gradient")
      graph.output("gradient of \(spec.path)", gradient)
      guarded.append((spec.path, gradient))
      adam.trace(spec.path, gradient: gradient, in: graph)
    }
    try graph.check()
    var inputs: [String: [Double]] = [
      InputSpec.inputName: Fill.bytes.values("images", count: batch * input.shape.reduce(1, *)),
      "labels": Fill.labels(classes: 10).values("labels", count: batch),
      Graph.randomKeyName: [7, 0, 3, 0],
    ]
    for (scalar, value) in adam.scalars(rate: 1e-3, step: 1) {
      inputs[Adam.scalarInputName(scalar)] = [value]
    }
    let parameters = graph.parameters.map { ($0.path, $0.initial(1).map { Double($0) }) }
    return (graph, (inputs, Dictionary(uniqueKeysWithValues: parameters)), guarded)
  }

  @Test(arguments: models.indices, [1, 6])
  func stepAgreesWithReference(_ index: Int, batch: Int) throws {
    let (name, input) = Self.models[index]
    try expectAgreement(name, makeStep(name, input, batch: batch), batch: batch)
  }

  /// Penalties read the gradients of biases before those of kernels, which fused steps give together.
  @Test(arguments: models.indices)
  func stepWithPenaltiesOnEveryTensorAgreesWithReference(_ index: Int) throws {
    let (name, input) = Self.models[index]
    try expectAgreement(name, makeStep(name, input, batch: 6, penalty: 0.01), batch: 6)
  }

  private func expectAgreement(
    _ name: String,
    _ step: (Graph, (inputs: [String: [Double]], parameters: [String: [Double]]), [(String, Value)]),
    batch: Int
  ) throws {
    let (graph, values, guarded) = step
    let exact = graph.run64(values)
    let single = graph.run32(values)
    let runner = GraphRunner(graph, batch: batch, guarded: guarded)
    let (outputs, parameters) = runner.run(values, updates: true)
    #expect(runner.executable.firstNonFinite == nil)
    var allowed: [String: Double] = [:]
    for (output, expected) in exact.outputs {
      let plain = try distance(#require(single.outputs[output]), expected)
      let ours = try distance(#require(outputs[output]), expected)
      // As near as plain single precision, give or take: batch norm of few pixels magnifies both.
      let room = max(3 * plain, 2e-5 * max(1, norm(expected)))
      #expect(ours <= room, "\(name) \(output): \(ours), plain \(plain), size \(norm(expected))")
      allowed[output] = room
    }
    var moved = 0
    for (path, expected) in exact.assignments {
      let actual = try #require(parameters[path])
      let parts = path.split(separator: "/adam/").map { "gradient of \($0)" }
      let slopes = exact.outputs[parts[0]] ?? []
      let room: Double
      if parts.count == 2 {
        // The gradient's own room, by what a moment holds of it: a tenth, and a thousandth of its square.
        let slopeRoom = try #require(allowed[parts[0]])
        room =
          path.hasSuffix("/m")
          ? 0.1 * slopeRoom : 0.001 * slopeRoom * (2 * slopes.map(abs).worst + slopeRoom)
      } else if path.contains("/moving_") {
        room = max(3 * distance(try #require(single.assignments[path]), expected), 2e-5 * norm(expected))
      } else {
        moved += expectMoved(actual, expected, slopes, "\(name) \(path)")
        let initial = try #require(values.parameters[path])
        let isChanged = zip(actual, initial).contains { Double($0) != $1 }
        #expect(isChanged == (expected != initial), "\(name) \(path) was \(isChanged ? "" : "not ")changed")
        continue
      }
      let ours = distance(actual, expected)
      #expect(ours <= room, "\(name) \(path): \(ours), allowed \(room), size \(norm(expected))")
    }
    // One sample leaves much unmoved: units that are off, and all before a batch norm of one row.
    let count = exact.assignments.reduce(0) { $0 + ($1.key.contains("/adam/") ? 0 : $1.value.count) }
    #expect(moved > (batch == 1 ? 0 : count / 3), "\(name): \(moved) of \(count)")
  }

  /// Adam's first step moves every weight by the rate, 0.001, in the gradient's direction, whatever its size.
  ///
  /// - Returns: How many elements had a direction: a gradient that is more than rounding.
  private func expectMoved(
    _ actual: [Float], _ expected: [Double], _ slopes: [Double], _ place: String
  ) -> Int {
    // Before batch norm a bias has the gradient 0, and rounding decides.
    let least = max(1e-5 * slopes.map(abs).worst, 1e-10)
    let isClear = slopes.map { abs($0) > least }
    let worst = expected.indices.map {
      abs(Double(actual[$0]) - expected[$0]) / (isClear[$0] ? 1e-4 : 2.1e-3)
    }.worst
    #expect(worst <= 1, "\(place): \(worst) of the bound")
    return isClear.count { $0 }
  }

  @Test(arguments: models.indices)
  func stepDoesNotDependOnThreads(_ index: Int) throws {
    let (name, input) = Self.models[index]
    let (graph, values, guarded) = try makeStep(name, input, batch: 37)
    let one = GraphRunner(graph, batch: 37, guarded: guarded).run(values, updates: true)
    for threads in [2, 3, 5] {
      let several = GraphRunner(graph, batch: 37, threads: threads, guarded: guarded).run(
        values, updates: true)
      #expect(
        one.parameters.allSatisfy { several.parameters[$0.key] == $0.value }, "\(name), \(threads) threads")
      #expect(one.outputs.allSatisfy { several.outputs[$0.key] == $0.value }, "\(name), \(threads) threads")
    }
  }

  private func distance(_ a: [Float], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }.squareRoot()
  }

  private func norm(_ a: [Double]) -> Double { a.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
