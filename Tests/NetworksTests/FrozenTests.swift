import MartletGraphs
import MartletNetworks
import Testing

private let input = InputSpec.image(8, 8, 3, element: .float)

private func trace(_ network: some Network, preset: Preset = .keras) throws -> Graph {
  let graph = Graph(purpose: .training)
  _ = network.trace(batch: 2, into: graph)
  try graph.check()
  return graph
}

private func block(
  trainable: Bool = true, frozen: Bool = false, preset: Preset = .keras
) throws -> Sequential {
  let part = Stack {
    Conv2D(4, kernelSize: 3, kernelRegularizer: .l2(0.1), trainable: trainable)
    BatchNormalization(trainable: trainable)
  }
  return try Sequential(input: input, preset: preset) {
    if frozen { part.frozen() } else { part }
    Flatten()
    Dense(2, kernelRegularizer: .l1l2(l1: 0.1, l2: 0.1), biasRegularizer: .l1(0.2))
  }
}

@Suite struct FrozenTests {
  @Test(arguments: [(true, false), (false, false), (true, true)])
  func summariesCountWhatIsTrained(trainable: Bool, frozen: Bool) throws {
    let model = try block(trainable: trainable, frozen: frozen)
    let summary = model.summary(optimizer: Adam())
    let trained = 6 * 6 * 4 * 2 + 2 + (trainable && !frozen ? 27 * 4 + 4 + 8 : 0)
    #expect(summary.parameters == 27 * 4 + 4 + 16 + 6 * 6 * 4 * 2 + 2)
    #expect(summary.trainableParameters == trained)
    #expect(summary.optimizerParameters == 2 * trained)
    #expect(summary.rows.map(\.name) == ["Input", "conv2d", "batch_normalization", "flatten", "dense"])
    #expect(try Parameters(trace(model).parameters, seed: 1).trainableCount == trained)
  }

  @Test func bothWaysAreThoseOfTheStepsFrozenSet() throws {
    for preset in Preset.allCases {
      let reference = Graph(purpose: .training)
      reference.settings = TraceSettings(frozen: ["conv2d", "batch_normalization"])
      _ = try block(preset: preset).trace(batch: 2, into: reference)
      // The penalty is Keras's affair: a layer that is not trainable has none.
      #expect(reference.penalties.map(\.path) == ["conv2d/kernel", "dense/kernel", "dense/bias"])
      for network in [
        try block(trainable: false, preset: preset), try block(frozen: true, preset: preset),
      ] {
        let graph = try trace(network)
        #expect(graph.parameters.map(\.path) == reference.parameters.map(\.path))
        #expect(graph.parameters.map(\.isTrainable) == reference.parameters.map(\.isTrainable))
        #expect(graph.assignments.map(\.path) == reference.assignments.map(\.path))
        #expect(graph.assignments.isEmpty == (preset == .keras))
        #expect(graph.penalties.map(\.path) == ["dense/kernel", "dense/bias"])
      }
    }
  }

  @Test func nestedNetworksAndBlocksFreezeAsAWhole() throws {
    let encoder = try Sequential(input: input, name: "encoder") {
      ResidualBlock(4)
      SeparableConv2D(5, kernelSize: 3)
      PReLU()
    }
    let model = try Model(input: input) { x in Dense(2)(Flatten()(encoder.frozen()(x))) }
    let graph = try trace(model)
    #expect(graph.parameters.filter(\.isTrainable).map(\.path) == ["dense/kernel", "dense/bias"])
    #expect(graph.parameters.contains { $0.path == "encoder/residual_block/conv2d/kernel" })
    #expect(graph.assignments.isEmpty)
    let open = try trace(try Model(input: input) { x in Dense(2)(Flatten()(encoder(x))) })
    #expect(open.parameters.filter(\.isTrainable).count == 15)
  }

  @Test func ownWeightsAndSingleBlocksFreeze() throws {
    let gain = Weight(.ones, regularizer: .l1(1), constraint: .nonNegative, trainable: false, name: "gain")
    let model = try Model(input: .vector(3)) { x in Dense(2)(x * gain(shape: [3], for: x)) }
    let graph = try trace(model)
    #expect(graph.parameterSpec("gain/value")?.isTrainable == false)
    #expect(graph.parameterSpec("gain/value")?.constraint != nil)
    #expect(graph.penalties.isEmpty)
    let mixed = try Sequential(input: input) {
      ResidualBlock(4, trainable: false)
      Flatten()
      Dense(2)
    }
    #expect(mixed.summary().trainableParameters == 8 * 8 * 4 * 2 + 2)
  }

  @Test func aLayerIsFrozenAtAllItsUses() throws {
    let shared = Dense(3)
    let frozenFirst = try Model(input: .vector(3)) { x in Dense(2)(shared(shared.frozen()(x))) }
    #expect(
      try trace(frozenFirst).parameters.filter(\.isTrainable).map(\.path) == [
        "dense_1/kernel", "dense_1/bias",
      ])
    let error = #expect(throws: ModelError.self) {
      try Model(input: .vector(3)) { x in shared.frozen()(shared(x)) }
    }
    #expect(error?.path == "dense")
    #expect(error?.expected == "a layer that is frozen at its first use too")
    #expect(error?.received == "one trained there")
    #expect(error?.hint.contains("every use") == true)
  }

  @Test func tracingTwiceFreezesTheSame() throws {
    let model = try block(frozen: true)
    let graph = Graph(purpose: .training)
    let traced = TracedNetwork(model, in: graph)
    let x = graph.input("images", shape: [2, 8, 8, 3])
    _ = traced(x) + traced(x * 2)
    try graph.check()
    #expect(traced.parameters.count == 2)
  }
}
