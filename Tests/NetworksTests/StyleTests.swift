import MartletGraphs
import MartletNetworks
import Testing

private let input = InputSpec.image(8, 8, 1)

private struct OwnNet: Layer {
  let convolution = Conv2D(4, kernelSize: 3, activation: .relu)
  let hidden = Dense(6)
  let head = Dense(3, name: "head")
  func callAsFunction(_ x: Value) -> Value {
    head(hidden(Flatten()(convolution(Rescale(1 / 255)(x)))))
  }
}

private func specs(_ network: some Network, _ purpose: Purpose = .training) throws -> [ParameterSpec] {
  let graph = Graph(purpose: purpose)
  _ = network.trace(batch: 2, into: graph)
  try graph.check()
  return graph.parameters
}

@Suite struct StyleTests {
  @Test func threeStylesGiveEqualWeights() throws {
    let sequential = try Sequential(input: input) {
      Rescale(1 / 255)
      Conv2D(4, kernelSize: 3, activation: .relu)
      Flatten()
      for units in [6] { Dense(units) }
      Dense(3, name: "head")
    }
    let functional = try Model(input: input) { x in
      var x = Conv2D(4, kernelSize: 3, activation: .relu)(Rescale(1 / 255)(x))
      x = Dense(6)(Flatten()(x))
      return Dense(3, name: "head")(x)
    }
    let own = try Model(input: input, OwnNet())
    let stores = [
      Parameters(try specs(sequential), seed: 5), Parameters(try specs(functional), seed: 5),
      Parameters(try specs(own, .inference), seed: 5),
    ]
    let paths = ["conv2d/kernel", "conv2d/bias", "dense/kernel", "dense/bias", "head/kernel", "head/bias"]
    for store in stores {
      #expect(store.paths == paths)
      #expect(store.count == 4 * 9 + 4 + 144 * 6 + 6 + 18 + 3)
      for path in paths { #expect(store.tensor(path) == stores[0].tensor(path)) }
    }
    #expect(sequential.summary().rows == own.summary().rows)
    #expect(sequential.summary().rows == functional.summary().rows)
  }

  @Test func aLayerAppliedTwiceSharesItsWeights() throws {
    let model = try Model(input: .vector(4)) { x in
      let shared = Dense(4)
      return Dense(2)(shared(shared(x)))
    }
    #expect(try specs(model).map(\.path) == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"])
  }

  @Test func aNestedModelAppliedTwiceSharesItsWeights() throws {
    let kept = Dense(4)
    let encoder = try Model(input: .vector(4), name: "encoder") { x in Dense(4)(kept(x)) }
    let model = try Model(input: .vector(4)) { x in Dense(2)(encoder(x) + encoder(x * 2)) }
    #expect(
      try specs(model).map(\.path) == [
        "encoder/dense/kernel", "encoder/dense/bias", "encoder/dense_1/kernel", "encoder/dense_1/bias",
        "dense/kernel", "dense/bias",
      ])
  }

  @Test func theRootAppliedTwiceSharesItsWeights() throws {
    let model = try Model(input: .vector(4)) { x in Dense(4)(Dense(4)(x)) }
    let graph = Graph(purpose: .training)
    let traced = TracedNetwork(model, in: graph)
    let x = graph.input("images", shape: [2, 4])
    _ = traced(traced(x))
    try graph.check()
    #expect(traced.parameters.count == 4)
    #expect(traced.parameters.sum { $0.l1Norm() }.shape == [])
    #expect(traced.parameters["dense_1/kernel"].shape == [4, 4])
  }

  @Test func severalInputsAndOutputs() throws {
    let encoder = try GraphModel(inputs: ["a": .vector(4), "b": .vector(3)], name: "encoder") { inputs in
      let shared = Dense(5)
      return ["a": shared(inputs["a"]), "b": Dense(5)(inputs["b"])]
    }
    let model = try GraphModel(inputs: ["right": .vector(3), "left": .vector(4)]) { inputs in
      let first = encoder(["a": inputs["left"], "b": inputs["right"]])
      let second = encoder(["b": first["b"].slice(axis: 1, start: 0, count: 3), "a": inputs["left"] * 2])
      return ["sum": first["a"] + second["b"], "class": Dense(2)(second["a"])]
    }
    let graph = Graph(purpose: .training)
    let outputs = model.traceOutputs(batch: 2, into: graph)
    try graph.check()
    #expect(outputs.names == ["sum", "class"])
    #expect(outputs["sum"].shape == [2, 5] && outputs["class"].shape == [2, 2])
    #expect(
      graph.parameters.map(\.path) == [
        "encoder/dense/kernel", "encoder/dense/bias", "encoder/dense_1/kernel", "encoder/dense_1/bias",
        "dense/kernel", "dense/bias",
      ])
    let summary = model.summary(optimizer: Adam())
    #expect(
      summary.rows.map(\.name) == ["right", "left", "encoder/dense", "encoder/dense_1", "dense"])
    #expect(summary.rows[0].outputShape == [nil, 3] && summary.rows[0].type == "InputLayer")
    #expect(summary.parameters == 25 + 20 + 12 && summary.optimizerParameters == 2 * 57)
  }

  @Test func aNestedGraphKeepsItsPreset() throws {
    let inner = try GraphModel(inputs: ["x": .vector(4)], preset: .pytorch, name: "inner") { inputs in
      ["y": Dense(4)(inputs["x"])]
    }
    let model = try Model(input: .vector(4)) { x in Dense(4)(inner(["x": x])["y"]) }
    let store = Parameters(try specs(model), seed: 1)
    #expect(try #require(store.tensor("inner/dense/bias")).scalars.contains { $0 != 0 })
    #expect(try #require(store.tensor("dense/bias")).scalars.allSatisfy { $0 == 0 })
  }

  @Test func scopesKeepEqualNamesApart() throws {
    let model = try Sequential(input: input) {
      Rescale(1)
      Scope("a", Conv2D(2, kernelSize: 3, name: "conv"))
      Scope(
        "b",
        Stack {
          Conv2D(2, kernelSize: 3, name: "conv"); ReLU()
        })
    }
    #expect(try specs(model).map(\.path) == ["a/conv/kernel", "a/conv/bias", "b/conv/kernel", "b/conv/bias"])
    #expect(model.summary().rows.map(\.name) == ["Input", "rescale", "a/conv", "b/conv", "b/re_lu"])
  }

  @Test func aNestedNetworkKeepsItsPreset() throws {
    let inner = try Sequential(input: .vector(4), preset: .pytorch, name: "inner") { Dense(4) }
    let model = try Sequential(input: .vector(4)) {
      inner
      Dense(4)
    }
    let store = Parameters(try specs(model), seed: 1)
    #expect(try #require(store.tensor("inner/dense/bias")).scalars.contains { $0 != 0 })
    #expect(try #require(store.tensor("dense/bias")).scalars.allSatisfy { $0 == 0 })
  }

  @Test func ownWeights() throws {
    let gain = Weight(.ones, name: "gain")
    let model = try Model(input: .vector(3)) { x in x * gain(shape: [3], for: x) }
    #expect(try specs(model).map(\.path) == ["gain/value"])
  }

  @Test func pathNames() {
    let names = LayerKind.allCases.map(\.pathName)
    #expect(Set(names).count == names.count)
    #expect(LayerKind.conv2D.pathName == "conv2d")
    #expect(LayerKind.maxPooling2D.pathName == "max_pooling2d")
    #expect(LayerKind.relu.pathName == "re_lu")
    #expect(LayerKind.leakyReLU.pathName == "leaky_re_lu")
    #expect(LayerKind.globalAveragePooling2D.pathName == "global_average_pooling2d")
    #expect(LayerKind.allCases.allSatisfy { LayerKind(pathName: $0.pathName) == $0 })
  }
}
