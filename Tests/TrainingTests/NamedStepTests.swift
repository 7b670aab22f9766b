import Martlet
import MartletNetworks
import MartletTraining
import Testing

/// A layer of one's own that takes two values.
private struct Fusion: Sendable {
  let left = Dense(6, name: "left")
  let right = Dense(6, name: "right")
  func callAsFunction(_ a: Value, _ b: Value) -> Value { (left(a) + right(b)).relu() }
}

/// A network of one's own type with two inputs and two outputs.
private struct TwoTowers: GraphNetwork {
  let inputs: NamedInputs = ["image": .image(8, 8, 1), "facts": .vector(3)]
  let convolution = Conv2D(4, kernelSize: 3, activation: .relu)
  let fusion = Fusion()
  let scores = Dense(3, name: "class")
  let side = Dense(2, name: "side")

  func forward(_ inputs: NamedValues) -> NamedValues {
    let maps = convolution(Rescale(1 / 255)(inputs["image"]))
    let x = fusion(GlobalAveragePooling2D()(maps), inputs["facts"])
    return ["class": scores(x), "side": side(x)]
  }
}

@Suite struct NamedStepTests {
  private static let targets: NamedTargets = ["label": .labels, "place": .numbers([2])]

  private static func loss(
    _ network: TracedNetwork, _ inputs: NamedValues, _ targets: NamedValues
  ) -> Value {
    let outputs = network(inputs)
    network.report("scores", outputs["class"])
    network.report("labels", targets["label"])
    return crossEntropy(outputs["class"], targets["label"])
      + (outputs["side"] - targets["place"]).squared().mean()
  }

  private func functional() throws -> GraphModel {
    try GraphModel(inputs: ["image": .image(8, 8, 1), "facts": .vector(3)]) { inputs in
      let fusion = Fusion()
      let maps = Conv2D(4, kernelSize: 3, activation: .relu)(Rescale(1 / 255)(inputs["image"]))
      let x = fusion(GlobalAveragePooling2D()(maps), inputs["facts"])
      return ["class": Dense(3, name: "class")(x), "side": Dense(2, name: "side")(x)]
    }
  }

  private func data(_ count: Int) throws -> (inputs: NamedData, targets: NamedData) {
    let batch = try #require(
      try DataLoader(try Samples.data(count), batchSize: count, shuffle: false).makeIterator().next())
    func floats(_ width: Int) -> BatchData {
      .floats(
        Tensor(shape: [count, width], scalars: (0..<count * width).map { Float($0 * 37 % 11) / 11 - 0.5 }))
    }
    return (
      ["image": .bytes(batch.images), "facts": floats(3)],
      ["label": .labels(batch.labels), "place": floats(2)]
    )
  }

  @Test func aTypeAndAFunctionTrainToTheSameBytes() throws {
    let data = try data(16)
    func train(_ network: some GraphNetwork) throws -> (String, [Float]) {
      let step = try TrainingStep(
        network, targets: Self.targets, optimizer: Adam(learningRate: 0.05), seed: 3, threads: 2,
        loss: Self.loss)
      let losses = try (0..<20).map { _ in try step(data.inputs, targets: data.targets) }
      return (step.parameters.sha256, losses)
    }
    let (digest, losses) = try train(TwoTowers())
    #expect(try train(functional()) == (digest, losses))
    #expect(losses[19] < losses[0] * 0.9)
    #expect(try functional().summary().rows == TwoTowers().summary().rows)
    #expect(
      try functional().summary().rows.prefix(4).map(\.name) == ["image", "facts", "rescale", "conv2d"])
  }

  @Test func theOrderOfNamesInACallDoesNotMatter() throws {
    let data = try data(8)
    let step = try TrainingStep(
      TwoTowers(), targets: Self.targets, optimizer: SGD(learningRate: 1e-30), threads: 1, loss: Self.loss)
    let first = try step(data.inputs, targets: data.targets)
    let turned = NamedData(data.inputs.entries.reversed())
    #expect(try step(turned, targets: NamedData(data.targets.entries.reversed())) == first)
  }

  @Test func outputsByName() throws {
    let data = try data(10)
    let step = try TrainingStep(TwoTowers(), targets: Self.targets, threads: 1, loss: Self.loss)
    let result = try step.result(data.inputs, targets: data.targets)
    #expect(result.outputs["scores"]?.shape == [10, 3] && result.gradientNorm > 0)
    guard case .labels(let labels)? = data.targets.element(named: "label") else { return }
    #expect(result.outputs["labels"]?.scalars == labels.scalars.map { Float($0) })
    let predictor = try GraphPredictor(functional(), parameters: step.parameters, threads: 1)
    let whole = try predictor.outputs(data.inputs)
    #expect(whole.keys.sorted() == ["class", "side"])
    #expect(whole["class"]?.shape == [10, 3] && whole["side"]?.shape == [10, 2])
    let parts = try predictor.outputs(data.inputs, batchSize: 4)
    for (name, tensor) in whole {
      for (a, b) in zip(tensor.scalars, try #require(parts[name]).scalars) { #expect(abs(a - b) < 1e-5) }
    }
    let maps = try predictor.outputs(of: "conv2d", data.inputs, batchSize: 4)
    #expect(maps.shape == [10, 6, 6, 4])
    #expect(maps.scalars.contains { $0 > 0 } && maps.scalars.allSatisfy { $0 >= 0 })
    let error = #expect(throws: TrainingError.self) { try predictor.outputs(["image": .bytes(images(2))]) }
    #expect(
      error?.description
        == "inputs: expected image, facts, received image; give each of them once, by its name")
  }

  private func images(_ count: Int) -> Tensor<UInt8> { Tensor(repeating: 9, shape: [count, 8, 8, 1]) }

  private struct Mistake: CustomTestStringConvertible {
    let text: String
    let inputs: NamedData
    let targets: NamedData
    var testDescription: String { text }
  }

  private static let mistakes: [Mistake] = {
    let image = BatchData.bytes(Tensor(repeating: 9, shape: [2, 8, 8, 1]))
    let facts = BatchData.floats(Tensor(repeating: 1, shape: [2, 3]))
    let label = BatchData.labels(Tensor(shape: [2], scalars: [0, 2]))
    let place = BatchData.floats(Tensor(repeating: 1, shape: [2, 2]))
    let targets: NamedData = ["label": label, "place": place]
    return [
      Mistake(
        text: "input facts: expected float elements in a batch [N, 3], received float elements in shape "
          + "[2, 4]",
        inputs: ["image": image, "facts": .floats(Tensor(repeating: 1, shape: [2, 4]))], targets: targets),
      Mistake(
        text: "input image: expected uint8 elements in a batch [N, 8, 8, 1], received float elements",
        inputs: ["image": facts, "facts": facts], targets: targets),
      Mistake(
        text: "input facts: expected 2 samples, as in image, received 3",
        inputs: ["image": image, "facts": .floats(Tensor(repeating: 1, shape: [3, 3]))], targets: targets),
      Mistake(
        text: "inputs: expected image, facts, received image, fact",
        inputs: ["image": image, "fact": facts], targets: targets),
      Mistake(
        text: "target place: expected float elements in shape [2, 2], received float elements in shape "
          + "[2, 3]",
        inputs: ["image": image, "facts": facts], targets: ["label": label, "place": facts]),
      Mistake(
        text: "targets: expected label, place, received none", inputs: ["image": image, "facts": facts],
        targets: [:]),
      Mistake(
        text: "target label, sample 1 of the batch: expected a label from 0 to 2, as the network has 3",
        inputs: ["image": image, "facts": facts],
        targets: ["label": .labels(Tensor(shape: [2], scalars: [0, 3])), "place": place]),
    ]
  }()

  @Test(arguments: mistakes.indices) func dataThatDoNotFitAreNamed(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    let step = try TrainingStep(TwoTowers(), targets: Self.targets, threads: 1, loss: Self.loss)
    let before = step.parameters.sha256
    let error = #expect(throws: TrainingError.self) { try step(mistake.inputs, targets: mistake.targets) }
    #expect(error?.description.hasPrefix(mistake.text) == true, "\(String(describing: error))")
    #expect(error?.kind == .badData)
    #expect(step.parameters.sha256 == before && step.stepCount == 0)
  }

  @Test func mistakesInTheLossSayWhere() throws {
    func error(
      _ targets: NamedTargets = Self.targets, _ loss: @escaping TrainingStep.NamedLossFunction
    ) -> ModelError? {
      #expect(throws: ModelError.self) { try TrainingStep(TwoTowers(), targets: targets, loss: loss) }
    }
    let name = error { network, inputs, targets in
      crossEntropy(network(inputs)["clas"], targets["label"])
    }
    #expect(
      name?.description.hasSuffix(
        "expected one of the names class, side, received clas. Is \"class\" meant?") == true)
    #expect(name?.location.contains("NamedStepTests.swift:") == true)
    let shape = error { network, inputs, targets in
      (network(inputs)["class"] - targets["place"]).squared().mean()
    }
    #expect(shape?.location.contains("NamedStepTests.swift:") == true, "\(String(describing: shape))")
    #expect(shape?.received.contains("[2, 3]") == true && shape?.received.contains("[2, 2]") == true)
    let single = error { network, inputs, targets in network(inputs["image"]).mean() }
    #expect(single?.expected == "the inputs image, facts")
    let twice = error(["image": .labels]) { network, inputs, targets in targets["image"].toFloat().mean() }
    #expect(twice?.received == "image twice")
    let reserved = error(["random key": .labels]) { network, inputs, _ in network(inputs)["class"].mean() }
    #expect(reserved?.received == "random key")
  }

  @Test func aNetworkOfOneInputTakesSeveralTargets() throws {
    let network = try Samples.network(dropout: 0)
    let batch = try data(8)
    let step = try TrainingStep(network, targets: Self.targets, threads: 1) { network, inputs, targets in
      let scores = network(inputs)["outputs"]
      return crossEntropy(scores, targets["label"])
        + (scores.slice(axis: 1, start: 0, count: 2) - targets["place"]).squared().mean()
    }
    let inputs: NamedData = ["images": try #require(batch.inputs.entries.first?.element)]
    #expect(try step(inputs, targets: batch.targets).isFinite)
    #expect(step.stepCount == 1)
  }

  @Test func innerOutputsInTheLoss() throws {
    let data = try data(8)
    let step = try TrainingStep(TwoTowers(), targets: Self.targets, threads: 1) {
      network, inputs, targets in
      let loss = crossEntropy(network(inputs)["class"], targets["label"])
      let maps = network.output(of: "conv2d")
      network.report("activity", maps.mean())
      return loss + 0.1 * maps.mean()
    }
    let result = try step.result(data.inputs, targets: data.targets)
    #expect(try #require(result.outputs["activity"]).scalars[0] > 0)
    let error = #expect(throws: ModelError.self) {
      try TrainingStep(TwoTowers(), targets: Self.targets) { network, inputs, _ in
        _ = network(inputs)
        return network.output(of: "conv2").mean()
      }
    }
    #expect(error?.hint.hasPrefix("Is conv2d meant? The layers are: rescale, conv2d") == true)
  }
}
