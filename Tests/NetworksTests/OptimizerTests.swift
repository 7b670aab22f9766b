import MartletGraphs
import MartletNetworks
import MartletReference
import Testing

/// Two steps of a rule on one parameter of 1.0 with gradients 0.5 and -0.25, by the reference.
private func twoSteps(_ optimizer: some Optimizer, rates: [Double]) throws -> [Double] {
  let graph = Graph(purpose: .training)
  let spec = ParameterSpec(path: "w", shape: [1], role: .weight) { _ in [1] }
  _ = graph.parameter(spec)
  optimizer.trace("w", gradient: graph.input("g", shape: [1]), in: graph)
  try graph.check()
  #expect(graph.verify() == nil)
  var state: [String: [Double]] = [:]
  for parameter in graph.parameters { state[parameter.path] = parameter.initial(0).map(Double.init) }
  var path: [Double] = []
  for (step, gradient) in [0.5, -0.25].enumerated() {
    var inputs: [String: HostTensor<Double>] = ["g": .numbers([gradient])]
    for (name, value) in optimizer.scalars(rate: rates[step], step: step + 1) {
      inputs["optimizer/\(name)"] = .numbers([value])
    }
    state.merge(Reference64.run(graph, inputs: inputs, parameters: state).assignments) { $1 }
    path += try #require(state["w"])
  }
  return path
}

private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-12 }
}

@Suite struct OptimizerTests {
  /// Adam's second step by hand from m, v and the preset's formula.
  private func adam(epsilon: Double, corrected: Bool, rate: Double) -> [Double] {
    var (p, m, v) = (1.0, 0.0, 0.0)
    var (b1, b2) = (1.0, 1.0)
    return [0.5, -0.25].map { g in
      m = 0.9 * m + 0.1 * g
      v = 0.999 * v + 0.001 * g * g
      b1 *= 0.9
      b2 *= 0.999
      if corrected {
        p -= rate * (m / (1 - b1)) / ((v / (1 - b2)).squareRoot() + epsilon)
      } else {
        p -= rate * (1 - b2).squareRoot() / (1 - b1) * m / (v.squareRoot() + epsilon)
      }
      return p
    }
  }

  @Test func bothAdams() throws {
    let keras = try twoSteps(Adam().resolved(for: .keras), rates: [0.001, 0.001])
    let pytorch = try twoSteps(Adam().resolved(for: .pytorch), rates: [0.001, 0.001])
    #expect(isClose(keras, adam(epsilon: 1e-7, corrected: false, rate: 0.001)))
    #expect(isClose(pytorch, adam(epsilon: 1e-8, corrected: true, rate: 0.001)))
    #expect(keras != pytorch)
    // An explicit formula is not overruled by the network's preset.
    #expect(Adam(formula: .pytorch).resolved(for: .keras).formula == .pytorch)
  }

  @Test func largeEpsilonsTellTheFormulasApart() throws {
    let keras = try twoSteps(Adam(epsilon: 0.1, formula: .keras), rates: [0.1, 0.1])
    let pytorch = try twoSteps(Adam(epsilon: 0.1, formula: .pytorch), rates: [0.1, 0.1])
    #expect(isClose(keras, adam(epsilon: 0.1, corrected: false, rate: 0.1)))
    #expect(isClose(pytorch, adam(epsilon: 0.1, corrected: true, rate: 0.1)))
  }

  @Test func descent() throws {
    #expect(isClose(try twoSteps(SGD(learningRate: 0.1), rates: [0.1, 0.1]), [0.95, 0.975]))
    let momentum = SGD(learningRate: 0.1, momentum: 0.9)
    // Velocities -0.05 and -0.045 + 0.025.
    #expect(isClose(try twoSteps(momentum, rates: [0.1, 0.1]), [0.95, 0.93]))
    #expect(isClose(try twoSteps(momentum.resolved(for: .pytorch), rates: [0.1, 0.1]), [0.95, 0.93]))
    // The rate falls: Keras scales only the new gradient, PyTorch the whole velocity (0.2).
    #expect(isClose(try twoSteps(momentum, rates: [0.1, 0.01]), [0.95, 0.9075]))
    #expect(isClose(try twoSteps(momentum.resolved(for: .pytorch), rates: [0.1, 0.01]), [0.95, 0.948]))
    let nesterov = SGD(learningRate: 0.1, momentum: 0.9, nesterov: true)
    #expect(isClose(try twoSteps(nesterov, rates: [0.1, 0.1]), [0.905, 0.912]))
    #expect(isClose(try twoSteps(nesterov.resolved(for: .pytorch), rates: [0.1, 0.1]), [0.905, 0.912]))
  }

  @Test func decay() throws {
    let decaying = SGD(learningRate: 0.1, weightDecay: 0.1)
    // 1·0.99 - 0.05 and 0.94·0.99 + 0.025.
    #expect(isClose(try twoSteps(decaying, rates: [0.1, 0.1]), [0.94, 0.9556]))
    #expect(isClose(try twoSteps(decaying.resolved(for: .pytorch), rates: [0.1, 0.1]), [0.94, 0.9556]))
    let apart = try twoSteps(Adam(weightDecay: 0.1), rates: [0.001, 0.001])
    #expect(isClose([apart[0]], [adam(epsilon: 1e-7, corrected: false, rate: 0.001)[0] - 0.0001]))
  }

  /// A rule of one's own with one slot.
  private struct Own: Optimizer {
    let name = "own"
    let learningRate = 0.1
    let slots = ["m"]
    let rule: @Sendable (_ parameter: Value, _ gradient: Value, _ m: Value) -> (Value, [String: Value])

    func scalars(rate: Double, step: Int) -> StepScalars { StepScalars("rate", rate) }

    func update(
      _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
    ) -> (parameter: Value, slots: [String: Value]) {
      guard let m = slots["m"] else { preconditionFailure("own needs m") }
      return rule(parameter, gradient, m)
    }
  }

  /// A greater tensor would be written over the memory behind the parameter's.
  @Test func shapesThatAnUpdateChangesAreRefused() {
    func text(_ rule: some Optimizer, constraint: (@Sendable (Value) -> Value)? = nil) -> String {
      let graph = Graph(purpose: .training)
      var spec = ParameterSpec(path: "w", shape: [2, 1], role: .weight) { _ in [1, 1] }
      spec.constraint = constraint
      _ = graph.parameter(spec)
      rule.trace("w", gradient: graph.input("g", shape: [2, 1]), in: graph)
      return graph.firstError.map { "\($0)" } ?? "no mistake"
    }
    let hint = "Parameter and slots keep their shape; sum, mean and max take keepsAxes: true."
    #expect(
      text(Own { p, g, m in (p - g.reshaped([2]), ["m": m]) })
        == "w: expected a tensor of shape [2, 1] from the optimizer own, received shape [2, 2]. \(hint)")
    #expect(
      text(Own { p, g, m in (p - g, ["m": (m + g).sum()]) })
        == "w/own/m: expected a tensor of shape [2, 1] from the optimizer own, received shape []. \(hint)")
    #expect(
      text(Own { p, g, _ in (p - g, [:]) })
        == "w/own/m: expected a tensor of shape [2, 1] from the optimizer own, received none. \(hint)")
    #expect(text(SGD(), constraint: { $0 / $0.sum(axes: [1]) }).contains("received shape [2, 2]"))
    #expect(text(Own { p, g, m in (p - g, ["m": m + g]) }, constraint: { $0.relu() }) == "no mistake")
  }

  @Test func schedules() {
    func rates(_ schedule: RateSchedule, _ epochs: [Int]) -> [Double] {
      epochs.map { schedule.rate(initial: 1e-3, epoch: $0) }
    }
    #expect(isClose(rates(.constant, [0, 49]), [1e-3, 1e-3]))
    #expect(isClose(rates(.stepDecay(at: [15, 30, 45]), [14, 15, 30, 45]), [1e-3, 1e-4, 1e-5, 1e-6]))
    #expect(isClose(rates(.cosineAnnealing(epochs: 50), [0, 25, 50]), [1e-3, 5e-4, 0]))
    #expect(isClose(rates(.linearDecay(epochs: 50), [0, 10, 50]), [1e-3, 8e-4, 0]))
  }
}
