import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Runs a layer on numbers of a shape; the layer's parameters start at seed 1.
private func run(
  _ layer: some Layer, _ numbers: [Double], shape: [Int], purpose: Purpose = .inference,
  settings: TraceSettings = TraceSettings()
) throws -> (output: [Double], assignments: [String: [Double]]) {
  let graph = Graph(purpose: purpose)
  graph.settings = settings
  let y = layer(graph.input("x", shape: shape))
  try graph.check()
  graph.output("y", y)
  let store = Parameters(graph.parameters, seed: 1)
  var parameters: [String: [Double]] = [:]
  for path in store.paths { parameters[path] = try #require(store.tensor(path)).scalars.map(Double.init) }
  var inputs: [String: HostTensor<Double>] = ["x": .numbers(numbers)]
  if graph.text.contains(Graph.randomKeyName) || purpose == .training {
    inputs[Graph.randomKeyName] = .integers([7, 0, 1, 0])
  }
  let result = Reference64.run(graph, inputs: inputs, parameters: parameters)
  return (try #require(result.outputs["y"]), result.assignments)
}

private func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-12) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

@Suite struct LayerValueTests {
  @Test func batchNormalizationMovesItsStatistics() throws {
    let x: [Double] = [1, 10, 3, 30, 5, 20, 7, 40]  // channel means 4 and 25, variances 5 and 125
    let keras = try run(BatchNormalization(), x, shape: [4, 2], purpose: .training)
    #expect(isClose(try #require(keras.assignments["batch_normalization/moving_mean"]), [0.04, 0.25]))
    #expect(
      isClose(try #require(keras.assignments["batch_normalization/moving_variance"]), [1.04, 2.24]))
    #expect(
      isClose(
        keras.output,
        x.enumerated().map { index, value in
          index % 2 == 0 ? (value - 4) / 5.001.squareRoot() : (value - 25) / 125.001.squareRoot()
        }))
    let pytorch = try run(
      BatchNormalization(), x, shape: [4, 2], purpose: .training, settings: TraceSettings(preset: .pytorch))
    #expect(isClose(try #require(pytorch.assignments["batch_normalization/moving_mean"]), [0.4, 2.5]))
    #expect(
      isClose(
        try #require(pytorch.assignments["batch_normalization/moving_variance"]),
        [0.9 + 0.1 * 20 / 3, 0.9 + 0.1 * 500 / 3]))
  }

  @Test func batchNormalizationAtInferenceAndFrozen() throws {
    let x: [Double] = [1, 2, 3, 4]
    let expected = x.map { $0 / 1.001.squareRoot() }
    let inference = try run(BatchNormalization(), x, shape: [2, 2])
    #expect(isClose(inference.output, expected))
    #expect(inference.assignments.isEmpty)
    let frozen = TraceSettings(frozen: ["batch_normalization"])
    let kept = try run(BatchNormalization(), x, shape: [2, 2], purpose: .training, settings: frozen)
    #expect(isClose(kept.output, expected))
    #expect(kept.assignments.isEmpty)
    let moved = try run(
      BatchNormalization(), x, shape: [2, 2], purpose: .training,
      settings: TraceSettings(preset: .pytorch, frozen: ["batch_normalization"]))
    #expect(moved.assignments.count == 2)
  }

  @Test func sharedBatchNormalizationMovesTwice() throws {
    let layer = BatchNormalization(momentum: 0.5)
    let twice = Lambda { x in layer(x) + layer(x * 3) }
    let result = try run(twice, [1, 3], shape: [2, 1], purpose: .training)
    // Means 2 and 6: 0 → 1 → 3.5.
    #expect(isClose(try #require(result.assignments["lambda/batch_normalization/moving_mean"]), [3.5]))
  }

  @Test func dropout() throws {
    let ones = [Double](repeating: 1, count: 4_000)
    let layer = Dropout(0.25)
    let twice = Lambda { x in concatenate([layer(x), layer(x)]) }
    let result = try run(twice, ones, shape: [1, 4_000], purpose: .training).output
    #expect(result.allSatisfy { $0 == 0 || abs($0 - 4 / 3) < 1e-6 })
    #expect(abs(Double(result.count { $0 == 0 }) / 8_000 - 0.25) < 0.02)
    #expect(result[..<4_000] != result[4_000...])
    #expect(try run(layer, ones, shape: [1, 4_000]).output == ones)
  }

  @Test func preprocessing() throws {
    #expect(isClose(try run(Rescale(0.5, offset: -1), [2, 4], shape: [1, 2]).output, [0, 1]))
    #expect(
      isClose(try run(Normalize(mean: [1, 2], deviation: [2, 4]), [3, 6], shape: [1, 2]).output, [1, 1]))
    #expect(isClose(try run(Normalize(mean: 1, deviation: 2), [3, 6], shape: [1, 2]).output, [1, 2.5]))
  }

  @Test func activations() throws {
    func values(_ function: ActivationFunction, preset: Preset = .keras) throws -> [Double] {
      try run(
        Activation(function), [-800, -1, 0, 2], shape: [1, 4], settings: TraceSettings(preset: preset)
      ).output
    }
    #expect(isClose(try values(.leakyReLU()), [-160, -0.2, 0, 2]))
    #expect(isClose(try values(.leakyReLU(), preset: .pytorch), [-8, -0.01, 0, 2]))
    // Keras's layer has another slope than its function.
    for (preset, slope) in [(Preset.keras, 0.3), (.pytorch, 0.01)] {
      let settings = TraceSettings(preset: preset)
      let layer = try run(LeakyReLU(), [-800, -1, 0, 2], shape: [1, 4], settings: settings)
      #expect(isClose(layer.output, [-800 * slope, -slope, 0, 2]))
    }
    #expect(isClose(try values(.elu), [-1, -0.6321205588285577, 0, 2]))
    #expect(isClose(try values(.gelu), [0, -0.15865525393145707, 0, 1.9544997361036416], 1e-6))
    #expect(isClose(try values(.relu), [0, 0, 0, 2]))
  }

  /// At 0 both peers give ELU the gradient alpha; PReLU's is that of Keras's formula.
  @Test func gradientsOfActivationsAtZero() throws {
    func slopes(_ layer: some Layer) throws -> [Double] {
      let slope = Lambda { x in x.graph.gradients(of: layer(x).sum(), withRespectTo: [x])[0] ?? x }
      return try run(slope, [-1, 0, 2], shape: [1, 3]).output
    }
    let e = 0.36787944117144233
    #expect(isClose(try slopes(ELU()), [e, 1, 1]))
    #expect(isClose(try slopes(Activation(.elu)), [e, 1, 1]))
    #expect(isClose(try slopes(ELU(alpha: 0.5)), [0.5 * e, 0.5, 1]))
    #expect(isClose(try slopes(LeakyReLU(negativeSlope: 0.25)), [0.25, 0.25, 1]))
    #expect(isClose(try slopes(PReLU(alphaInitializer: .constant(0.25))), [0.25, 0, 1]))
  }

  @Test func lossesAgree() throws {
    let graph = Graph(purpose: .training)
    let x = graph.input("x", shape: [2, 3])
    let labels = graph.input("labels", shape: [2], element: .int32)
    let rows = graph.input("rows", shape: [2, 3], element: .uint8)
    let losses = [
      Loss.sparseCategoricalCrossEntropy(fromLogits: true)(x, labels),
      Loss.categoricalCrossEntropy(fromLogits: true)(x, rows),
      Loss.sparseCategoricalCrossEntropy()(x.softmax(), labels),
      Loss.categoricalCrossEntropy()(x.softmax() * 2, rows),
    ]
    for (index, loss) in losses.enumerated() { graph.output("\(index)", loss) }
    graph.output("correct", Metric.accuracy(x, labels).sum())
    graph.output("accuracy", accuracy(x, rows))
    try graph.check()
    let result = Reference64.run(
      graph,
      inputs: [
        "x": .numbers([1, 2, 3, 0, 0, 5]), "labels": .integers([2, 0]), "rows": .bytes([0, 0, 1, 1, 0, 0]),
      ])
    // log(e + e² + e³) - 3 and log(2 + e⁵) - 0.
    for index in 0..<4 {
      #expect(
        isClose(try #require(result.outputs["\(index)"]), [0.4076059644443803, 5.013385901721449], 1e-12))
    }
    #expect(result.outputs["correct"] == [1])
    #expect(result.outputs["accuracy"] == [0.5])
  }
}
