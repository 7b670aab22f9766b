import Martlet
import MartletCases
import MartletGraphs
import MartletReference
import Testing

@Suite struct StepTests {
  private func batch(_ count: Int) throws -> Batch {
    try #require(
      try DataLoader(try Samples.data(count), batchSize: count, shuffle: false).makeIterator().next())
  }

  /// All of a step's tensors.
  private func numbers(_ step: TrainingStep) -> [String: [Double]] {
    var values: [String: [Double]] = [:]
    for entry in step.parameters.entries {
      values[entry.path] = UnsafeBufferPointer(start: entry.pointer, count: entry.count).map { Double($0) }
    }
    return values
  }

  private func step(
    _ network: Sequential, _ optimizer: some Optimizer, gradients: ((Gradients) -> Gradients)? = nil
  ) throws -> TrainingStep {
    try TrainingStep(network, optimizer: optimizer, seed: 5, threads: 2, gradients: gradients) {
      network, images, labels in crossEntropy(network(images), labels)
    }
  }

  /// What the reference makes of a step in double precision, from some tensors.
  private func reference(
    _ graph: Graph, _ rule: some Optimizer, _ batch: Batch, number: Int, from values: [String: [Double]]
  ) -> ReferenceResult<Double> {
    var inputs: [String: HostTensor<Double>] = [
      "images": .bytes(batch.images.scalars), "labels": .integers(batch.labels.scalars),
      Graph.randomKeyName: .integers([5, 0, Int32(number), 0]),
    ]
    for (name, value) in rule.scalars(rate: rule.learningRate, step: number) {
      inputs["optimizer/\(name)"] = .numbers([Double(Float(value))])
    }
    return Reference64.run(graph, inputs: inputs, parameters: values)
  }

  /// Trains some steps with the engine and with the reference in double precision, and compares all tensors.
  private func compare(
    _ network: Sequential, count: Int, optimizer: some Optimizer, gradients: ((Gradients) -> Gradients)? = nil
  ) throws {
    let step = try step(network, optimizer, gradients: gradients)
    let rule = optimizer.resolved(for: network.preset)
    let batch = try batch(count)
    let graph = try step.trace(batch: count)
    var values = numbers(step)
    let start = values
    for number in 1...3 {
      let result = reference(graph, rule, batch, number: number, from: values)
      let loss = try step(batch.images, batch.labels)
      let expected = try #require(result.outputs["loss"])[0]
      #expect(abs(Double(loss) - expected) < 1e-4 * max(1, abs(expected)), "step \(number)")
      for (path, value) in result.assignments { values[path] = value }
    }
    let trained = numbers(step)
    for entry in step.parameters.entries where entry.role != .optimizer {
      let expected = try #require(values[entry.path])
      let moved = zip(expected, try #require(start[entry.path])).map { $0 - $1 }
      let distance = zip(try #require(trained[entry.path]), expected).map { $0 - $1 }
      func norm(_ numbers: [Double]) -> Double { numbers.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      #expect(norm(moved) > 0, "\(entry.path) did not move")
      #expect(
        norm(distance) < 2e-3 * norm(moved) + 1e-6, "\(entry.path): \(norm(distance)) of \(norm(moved))")
    }
  }

  @Test(arguments: [4, 13]) func threeStepsAgreeWithTheReference(count: Int) throws {
    try compare(try Samples.network(), count: count, optimizer: SGD(learningRate: 0.1, momentum: 0.9))
    try compare(try Samples.network(preset: .pytorch), count: count, optimizer: SGD(learningRate: 0.1))
    try compare(try Samples.network(normalized: false), count: count, optimizer: Adam(epsilon: 1e-3))
  }

  /// Large epsilons, as the first steps of gradients near 0 would else be noise.
  private static let rules: [any Optimizer] = [
    Adam(epsilon: 1e-3, amsgrad: true, weightDecay: 0.01),
    AdamW(weightDecay: 0.1, epsilon: 1e-3, amsgrad: true, decays: .kernels),
    RMSprop(momentum: 0.5, epsilon: 1e-3, centered: true, weightDecay: 0.01),
    Adagrad(initialAccumulator: 0.1, weightDecay: 0.01, decays: .excluding(["bias"])),
    SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1),
  ]
  private static let lion = Lion(learningRate: 0.01, beta1: 0.8, beta2: 0.9, weightDecay: 0.1)

  @Test(arguments: Preset.allCases, rules.indices)
  func optimizersAgreeWithTheReference(_ preset: Preset, _ index: Int) throws {
    func compare(_ optimizer: some Optimizer) throws {
      try self.compare(
        try Samples.network(preset: preset, normalized: false), count: 5, optimizer: optimizer)
    }
    try compare(Self.rules[index])
  }

  /// Lion takes a sign, which rounding may turn where the mean is next to 0; each step begins with the
  /// engine's own tensors, so that nothing turned is carried on.
  @Test(arguments: Preset.allCases) func lionAgreesWithTheReference(_ preset: Preset) throws {
    let rule = Self.lion
    let step = try step(try Samples.network(preset: preset, normalized: false), rule)
    let batch = try batch(5)
    let graph = try step.trace(batch: 5)
    var (count, turned) = (0, 0)
    for number in 1...3 {
      let before = numbers(step)
      let wanted = reference(graph, rule, batch, number: number, from: before).assignments
      _ = try step(batch.images, batch.labels)
      let after = numbers(step)
      for entry in step.parameters.entries where entry.role == .weight {
        let slot = "\(entry.path)/lion/m"
        let (old, new) = (try #require(before[slot]), try #require(wanted[slot]))
        let slots = Closeness.elementwise(relative: 1e-4, absolute: 1e-6).worst(
          of: try #require(after[slot]), against: new)
        #expect(slots.fraction <= 1, "\(slot) of step \(number): \(slots.place)")
        let means = zip(old, new).map { old, new in
          rule.beta1 * old + (1 - rule.beta1) * (new - rule.beta2 * old) / (1 - rule.beta2)
        }
        let least = 1e-4 * means.map(abs).worst
        let differences = zip(try #require(after[entry.path]), try #require(wanted[entry.path])).map {
          abs($0 - $1)
        }
        let worst = zip(differences, means).map { $0 / (abs($1) > least ? 1e-6 : 2.1 * rule.learningRate) }
          .worst
        #expect(worst <= 1, "\(entry.path) of step \(number): \(worst) of the bound")
        count += differences.count
        turned += differences.count { $0 > 1e-6 }
      }
      #expect(before != after)
    }
    #expect(turned * 200 <= count, "\(turned) of \(count) signs")
  }

  @Test func everyOptimizerIsCompared() throws {
    let declared = try DeclaredNames.all(in: "Networks", files: "", /struct (\w+): Optimizer\b/)
    #expect(Set((Self.rules + [Self.lion]).map { "\(type(of: $0))" }) == declared)
  }

  @Test func changedGradientsAgreeWithTheReference() throws {
    let rule = SGD(learningRate: 0.1)
    try compare(try Samples.network(), count: 9, optimizer: rule) { $0.clipped(norm: 0.1) }
    try compare(try Samples.network(), count: 9, optimizer: rule) { $0.clipped(value: 0.01) }
    try compare(try Samples.network(), count: 9, optimizer: rule) { $0.clipped(eachNorm: 0.05) }
  }

  @Test func clippingShortensTheStep() throws {
    let batch = try batch(16)
    func moved(_ gradients: ((Gradients) -> Gradients)?) throws -> (length: Double, norm: Double) {
      let step = try TrainingStep(
        Samples.network(), optimizer: SGD(learningRate: 1), seed: 1, threads: 1, gradients: gradients
      ) { crossEntropy($0($1), $2) }
      let before = step.parameters.copy()
      let result = try step.result(batch.images, batch.labels)
      var sum = 0.0
      for entry in step.parameters.entries where entry.role == .weight {
        for index in 0..<entry.count {
          let change = Double(entry.pointer[index] - before.pointer(entry.path)[index])
          sum += change * change
        }
      }
      return (sum.squareRoot(), result.gradientNorm)
    }
    let free = try moved(nil)
    #expect(abs(free.length - free.norm) < 1e-4 * free.norm)
    #expect(free.norm > 0.2)
    let clipped = try moved { $0.clipped(norm: 0.1) }
    #expect(abs(clipped.length - 0.1) < 1e-4)
    #expect(abs(clipped.norm - free.norm) < 1e-6)
    // Six weights and biases of their own norm.
    let each = try moved { $0.clipped(eachNorm: 1e-3) }
    #expect(abs(each.length - 1e-3 * 8.0.squareRoot()) < 1e-5)
    let loose = try moved { $0.clipped(norm: 1000) }
    #expect(abs(loose.length - free.length) < 1e-5)
  }

  @Test func penaltiesAreTrainedAndReported() throws {
    let batch = try batch(16)
    func loss(_ factor: Double?) throws -> Float {
      let network = try Sequential(input: .image(8, 8, 1)) {
        Rescale(1 / 255)
        Flatten()
        Dense(3, kernelRegularizer: factor.map { .l2($0) })
      }
      let step = try TrainingStep(network, seed: 3, threads: 1) { network, images, labels in
        crossEntropy(network(images), labels)
          + (factor == nil
            ? 0.5 * network.parameters["dense/kernel"].squared().sum() : 0 * labels.toFloat().sum())
      }
      return try step(batch.images, batch.labels)
    }
    #expect(abs(try loss(0.5) - loss(nil)) < 1e-5)
    #expect(try loss(0) < loss(0.5))
  }

  @Test func wholeSeedAndStepDecideWhatIsDropped() throws {
    let batch = try batch(16)
    let start = try Samples.trainer().parameters
    func losses(_ seed: UInt64) throws -> [Float] {
      let step = try TrainingStep(
        Samples.network(dropout: 0.5), optimizer: SGD(learningRate: 1e-30), seed: seed, threads: 1,
        parameters: start.copy()
      ) { crossEntropy($0($1), $2) }
      return try [step(batch.images, batch.labels), step(batch.images, batch.labels)]
    }
    let first = try losses(7)
    #expect(try losses(7) == first)
    #expect(first[0] != first[1])
    #expect(try losses(8) != first)
    #expect(try losses(7 + 1 << 32) != first)
  }

  @Test func batchSizesShareOneStore() throws {
    let step = try TrainingStep(Samples.network(), seed: 1, threads: 2) { crossEntropy($0($1), $2) }
    for count in [1, 4, 37, 2, 4, 1] {
      let batch = try batch(count)
      let before = step.parameters.sha256
      #expect(try step(batch.images, batch.labels).isFinite)
      #expect(step.parameters.sha256 != before)
    }
    #expect(step.stepCount == 6)
  }

  @Test func numbersAsImages() throws {
    let bytes = try batch(8)
    func step(_ element: ElementType) throws -> TrainingStep {
      let network = try Sequential(input: .image(8, 8, 1, element: element)) {
        Rescale(1 / 255)
        Conv2D(4, kernelSize: 3, activation: .relu)
        Flatten()
        Dense(3)
      }
      return try TrainingStep(network, seed: 1, threads: 1) { crossEntropy($0($1), $2) }
    }
    let numbers = Tensor<Float>(shape: bytes.images.shape, scalars: bytes.images.scalars.map { Float($0) })
    let (first, second) = (try step(.uint8), try step(.float))
    #expect(abs(try first(bytes.images, bytes.labels) - second(numbers, bytes.labels)) < 1e-5)
  }
}
