import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

@Suite struct WeightDecayTests {
  @Test func scopes() {
    let paths = ["conv2d/kernel", "depthwise/depthwise_kernel", "conv2d/bias", "batch_normalization/gamma"]
    #expect(paths.map(WeightDecayScope.all.includes) == [true, true, true, true])
    #expect(paths.map(WeightDecayScope.kernels.includes) == [true, true, false, false])
    let scope = WeightDecayScope.excluding(["bias", "depthwise", "batch_normalization/gamma"])
    #expect(paths.map(scope.includes) == [true, false, false, false])
    #expect(scope.includes("conv2d_1/kernel") && scope.includes("depthwise_1/kernel"))
    #expect("\(scope)" == "all but batch_normalization/gamma, bias, depthwise")
  }

  /// Kernel and bias, both 2 at first, after one step on gradients of 0.
  private func step(_ optimizer: some Optimizer) throws -> [Double] {
    let graph = Graph(purpose: .training)
    for path in ["dense/kernel", "dense/bias"] {
      _ = graph.parameter(ParameterSpec(path: path, shape: [1], role: .weight) { _ in [2] })
      optimizer.trace(path, gradient: graph.constant(0, shape: [1]), in: graph)
    }
    try graph.check()
    var parameters: [String: [Double]] = [:]
    for spec in graph.parameters { parameters[spec.path] = spec.initial(0).map(Double.init) }
    var inputs: [String: HostTensor<Double>] = [:]
    for (name, value) in optimizer.scalars(rate: 0.1, step: 1) {
      inputs["optimizer/\(name)"] = .numbers([value])
    }
    let after = Reference64.run(graph, inputs: inputs, parameters: parameters).assignments
    return try [#require(after["dense/kernel"])[0], #require(after["dense/bias"])[0]]
  }

  @Test(arguments: Preset.allCases) func biasesCanBeLeftOut(_ preset: Preset) throws {
    // Apart: 2·(1 - 0.1·0.5).
    func check(_ optimizer: some Optimizer) throws {
      let moved = try step(optimizer.resolved(for: preset))
      #expect(moved[0] < 1.999 && moved[1] == 2, "\(optimizer.name)")
    }
    #expect(try step(AdamW(weightDecay: 0.5).resolved(for: preset)) == [1.9, 1.9])
    try check(AdamW(weightDecay: 0.5, decays: .kernels))
    try check(SGD(weightDecay: 0.5, decays: .kernels))
    try check(SGD(momentum: 0.9, weightDecay: 0.5, decays: .excluding(["bias"])))
    try check(Adam(weightDecay: 0.5, decays: .kernels))
    try check(RMSprop(weightDecay: 0.5, decays: .kernels))
    try check(Adagrad(weightDecay: 0.5, decays: .kernels))
    try check(Lion(weightDecay: 0.5, decays: .kernels))
  }

  @Test func settingsOutOfRangeAreNamed() {
    func text(_ optimizer: some Optimizer) -> String {
      do throws(ModelError) {
        try optimizer.validate()
        return "no mistake"
      } catch { return "\(error)" }
    }
    #expect(
      text(Adam(learningRate: 0))
        == "optimizer adam: expected learningRate above 0, received 0.0. "
        + "Correct the argument with which the optimizer is made.")
    #expect(text(Adam(beta1: 1)).contains("beta1 at least 0 and below 1, received 1.0"))
    #expect(text(Adam(epsilon: -1)).contains("epsilon at least 0, received -1.0"))
    #expect(text(AdamW(beta2: .nan)).contains("optimizer adamw: expected beta2"))
    #expect(text(AdamW(weightDecay: -0.1)).contains("weightDecay at least 0"))
    #expect(text(SGD(learningRate: .infinity)).contains("learningRate above 0, received inf"))
    #expect(text(SGD(momentum: 1.5)).contains("momentum at least 0 and below 1"))
    #expect(text(SGD(nesterov: true)).contains("momentum above 0 with nesterov, received 0.0"))
    #expect(text(RMSprop(rho: 1)).contains("optimizer rmsprop: expected rho"))
    #expect(text(Adagrad(initialAccumulator: -1)).contains("initialAccumulator at least 0"))
    #expect(text(Lion(beta2: 1)).contains("optimizer lion: expected beta2"))
    for optimizer in [Adam(), SGD(), AdamW(), RMSprop(), Adagrad(), Lion()] as [any Optimizer] {
      #expect(text(optimizer) == "no mistake")
    }
  }
}
