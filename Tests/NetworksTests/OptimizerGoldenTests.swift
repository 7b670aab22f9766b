import MartletCases
import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Ten steps of each optimizer, with a rate that changes, against Keras and PyTorch in float64.
@Suite struct OptimizerGoldenTests {
  private static let cases: [String: any Optimizer] = {
    var cases: [String: any Optimizer] = [
      "adamw": AdamW(),
      "adamw-settings": AdamW(weightDecay: 0.3, beta2: 0.5, amsgrad: true),
      "lion": Lion(),
      "lion-decay": Lion(beta1: 0.8, beta2: 0.9, weightDecay: 0.1),
    ]
    cases["sgd"] = SGD()
    cases["sgd-momentum"] = SGD(momentum: 0.9)
    cases["sgd-nesterov"] = SGD(momentum: 0.9, nesterov: true)
    cases["sgd-decay"] = SGD(momentum: 0.8, weightDecay: 0.1)
    cases["adam"] = Adam()
    cases["adam-settings"] = Adam(beta1: 0.8, beta2: 0.95, epsilon: 0.1)
    cases["adam-amsgrad"] = Adam(beta2: 0.5, amsgrad: true)
    cases["adam-decay"] = Adam(weightDecay: 0.1)
    cases["rmsprop"] = RMSprop()
    cases["rmsprop-momentum"] = RMSprop(rho: 0.8, momentum: 0.9, epsilon: 0.01)
    cases["rmsprop-centered"] = RMSprop(momentum: 0.5, centered: true, weightDecay: 0.1)
    cases["adagrad"] = Adagrad()
    cases["adagrad-settings"] = Adagrad(initialAccumulator: 0.5, epsilon: 0.01, weightDecay: 0.1)
    return cases
  }()

  /// The parameter after each step, by the reference.
  private func path(_ optimizer: some Optimizer, _ golden: RuleGolden) throws -> [Double] {
    let start = golden["optimizer/start"]
    let gradients = golden["optimizer/gradients"]
    let graph = Graph(purpose: .training)
    _ = graph.parameter(
      ParameterSpec(path: "kernel", shape: [start.count], role: .weight) { _ in start.map { Float($0) } })
    optimizer.trace("kernel", gradient: graph.input("g", shape: [start.count]), in: graph)
    try graph.check()
    #expect(graph.verify() == nil)
    var state: [String: [Double]] = [:]
    for spec in graph.parameters {
      state[spec.path] = spec.initial(0).map(Double.init)
      // Of the accumulator's start, 0.1, a single-precision number is too rough here.
      for slot in optimizer.slots where spec.path == "kernel/\(optimizer.name)/\(slot)" {
        state[spec.path] = start.map { _ in optimizer.initialValue(ofSlot: slot) }
      }
    }
    var path: [Double] = []
    for (step, rate) in golden["optimizer/rates"].enumerated() {
      let gradient = Array(gradients[step * start.count..<(step + 1) * start.count])
      var inputs: [String: HostTensor<Double>] = ["g": .numbers(gradient)]
      for (name, value) in optimizer.scalars(rate: rate, step: step + 1) {
        inputs["optimizer/\(name)"] = .numbers([value])
      }
      state.merge(Reference64.run(graph, inputs: inputs, parameters: state).assignments) { $1 }
      path += try #require(state["kernel"])
    }
    return path
  }

  @Test func tenStepsAgreeWithThePeers() throws {
    let golden = try RuleGolden()
    let names = golden.cases("optimizer", but: ["start", "gradients", "rates"])
    var used: Set<String> = []
    for name in names.sorted() {
      let preset = try #require(Preset.allCases.first { name.hasSuffix("-\($0.rawValue)") })
      let rule = String(name.dropLast(preset.rawValue.count + 1))
      let optimizer = try #require(Self.cases[rule], "\(name) is not tested").resolved(for: preset)
      let found = try path(optimizer, golden)
      #expect(found.count == 60)
      let worst = golden.worst(of: found, "optimizer/\(name)")
      #expect(worst.fraction <= 1, "\(name): \(worst.place)")
      used.insert(rule)
    }
    #expect(used == Set(Self.cases.keys), "every case has a golden")
    // PyTorch has no Lion.
    #expect(names.count == 2 * Self.cases.count - 2)
  }

  @Test func theGoldenNamesItsMaker() throws {
    let golden = try RuleGolden()
    #expect(golden.note("maker") == "scripts/goldens/make_rules.py")
    let versions = try #require(golden.note("versions"))
    #expect(["PyTorch", "Keras", "scikit-learn"].allSatisfy(versions.contains))
  }

  @Test func everyOptimizerHasAGolden() throws {
    let declared = try DeclaredNames.all(in: "Networks", files: "", /struct (\w+): Optimizer\b/)
    let tested = Set(Self.cases.values.map { "\(type(of: $0))" })
    #expect(declared == tested && declared.count >= 6)
  }

  @Test func standardRatesAreThePeers() throws {
    let golden = try RuleGolden()
    for name in golden.cases("rate") {
      let preset = try #require(Preset.allCases.first { name.hasSuffix("-\($0.rawValue)") })
      let rule = try #require(Self.cases[String(name.dropLast(preset.rawValue.count + 1))])
      #expect(golden.worst(of: [rule.resolved(for: preset).learningRate], "rate/\(name)").fraction <= 1)
    }
    #expect(golden.cases("rate").count == 10)
  }

  @Test func resolvingKeepsWhatIsGiven() {
    #expect(RMSprop(formula: .pytorch).resolved(for: .keras).learningRate == 0.01)
    #expect(RMSprop(learningRate: 0.5).resolved(for: .pytorch).learningRate == 0.5)
    #expect(Adagrad().resolved(for: .pytorch).initialValue(ofSlot: "sum") == 0)
    #expect(Adagrad().initialValue(ofSlot: "sum") == 0.1)
    #expect(AdamW(weightDecay: 0.5).resolved(for: .pytorch).weightDecay == 0.5)
    #expect(Adam(amsgrad: true).slots == ["m", "v", "vmax"])
  }
}
