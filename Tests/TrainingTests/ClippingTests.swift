import Martlet
import MartletCases
import MartletGraphs
import MartletReference
import Testing

/// Gradients brought within limits, against Keras in float64 (and PyTorch, whose norms have 1e-6 added).
@Suite struct ClippingTests {
  typealias Change = @Sendable (Gradients) -> Gradients

  private static let changes: [String: Change] = [
    "norm": { $0.clipped(norm: 0.5) }, "norm-loose": { $0.clipped(norm: 64) },
    "each": { $0.clipped(eachNorm: 0.5) }, "each-loose": { $0.clipped(eachNorm: 64) },
    "value": { $0.clipped(value: 0.75) }, "value-loose": { $0.clipped(value: 64) },
  ]
  private static let paths = ["dense/kernel", "dense/bias"]

  private static func name(_ path: String) -> String { "slope of \(path)" }

  /// A step that reports its changed gradients.
  ///
  /// Of four unit vectors the kernel's gradient is what the outputs are multiplied by, the bias's its sums.
  private func step(_ change: @escaping Change) throws -> TrainingStep {
    let network = try GraphModel(inputs: ["x": .vector(4)]) { inputs in ["y": Dense(3)(inputs["x"])] }
    return try TrainingStep(
      network, targets: ["slopes": .numbers([3])], optimizer: SGD(learningRate: 1), threads: 1,
      gradients: { gradients in
        let changed = change(gradients)
        for (path, value) in changed.entries { value.graph.output(Self.name(path), value) }
        return changed
      },
      loss: { network, inputs, targets in (network(inputs)["y"] * targets["slopes"]).sum() })
  }

  private func numbers(_ parameters: Parameters) -> [String: [Double]] {
    let tensors = parameters.entries.map { entry in
      (entry.path, UnsafeBufferPointer(start: entry.pointer, count: entry.count).map { Double($0) })
    }
    return Dictionary(uniqueKeysWithValues: tensors)
  }

  @Test(arguments: changes.keys.sorted()) func agreesWithThePeers(name: String) throws {
    let golden = try RuleGolden()
    let slopes = golden["input/slopes"]
    let units = (0..<16).map { $0 % 5 == 0 ? 1.0 : 0 }
    let step = try step(try #require(Self.changes[name]))
    let before = numbers(step.parameters)
    let exact = Reference64.run(
      try step.trace(batch: 4),
      inputs: ["x": .numbers(units), "slopes": .numbers(slopes), "optimizer/rate": .numbers([1])],
      parameters: before)
    let found = try Self.paths.flatMap { try #require(exact.outputs[Self.name($0)]) }
    let worst = golden.worst(of: found, "clip/\(name)")
    #expect(worst.fraction <= 1 && found.count == 15, "\(worst.place)")

    // The engine's own, and what its parameters lost.
    let result = try step.result(
      ["x": .floats(Tensor(shape: [4, 4], scalars: units.map { Float($0) }))],
      targets: ["slopes": .floats(Tensor(shape: [4, 3], scalars: slopes.map { Float($0) }))])
    let single = try Self.paths.flatMap { path in
      try #require(result.outputs[Self.name(path)]).scalars.map { Double($0) }
    }
    let after = numbers(step.parameters)
    let moved = try Self.paths.flatMap { path in
      zip(try #require(before[path]), try #require(after[path])).map { $0 - $1 }
    }
    for numbers in [single, moved] {
      let worst = Closeness.elementwise(relative: 1e-6, absolute: 1e-6).worst(
        of: numbers, against: golden["clip/\(name)"])
      #expect(worst.fraction <= 1, "\(worst.place)")
    }
    // The norm that is told is that before the change.
    let free = golden["clip/norm-loose"].reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(result.gradientNorm - free) < 1e-6 * free)
  }

  @Test func everyGoldenIsUsed() throws {
    #expect(try RuleGolden().cases("clip") == Set(Self.changes.keys))
  }
}
