import MartletGraphs

/// A rule that turns gradients into new parameters; pure, its state is given and returned.
public protocol Optimizer: Sendable {
  /// The name under which the state is stored, such as `adam`.
  var name: String { get }
  /// The rate before any schedule.
  var learningRate: Double { get }
  /// The state tensors of each parameter, of its shape.
  var slots: [String] { get }
  /// What every element of a state tensor is at first; 0 unless a rule says otherwise.
  func initialValue(ofSlot slot: String) -> Double
  /// The same rule with settings left open filled in.
  func resolved(for preset: Preset) -> Self
  /// For which parameters `update` is given the number `decay`; all unless a rule says otherwise.
  var decays: WeightDecayScope { get }
  /// Throws where a setting is out of its range, which is found when a trainer or step is made.
  func validate() throws(ModelError)
  /// The numbers of one step, computed on the host in double precision.
  ///
  /// - Parameters:
  ///   - rate: The rate of this step.
  ///   - step: The number of this step, from 1.
  func scalars(rate: Double, step: Int) -> StepScalars
  /// One parameter after a step.
  ///
  /// - Parameters:
  ///   - parameter: The parameter, of any shape.
  ///   - gradient: Its gradient, of the same shape.
  ///   - slots: Its state by slot.
  ///   - scalars: The step's numbers, of shape `[]`, by name.
  func update(
    _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value])
}

extension Optimizer {
  /// The same rule; for rules without settings left open.
  public func resolved(for preset: Preset) -> Self { self }

  /// Zero, which most optimizers begin with.
  public func initialValue(ofSlot slot: String) -> Double { 0 }

  /// All parameters.
  public var decays: WeightDecayScope { .all }

  /// Checks the learning rate.
  public func validate() throws(ModelError) { try require([]) }

  /// The path of a parameter's state tensor, such as `conv2d/kernel/adam/m`.
  package func slotPath(_ parameter: String, _ slot: String) -> String { "\(parameter)/\(name)/\(slot)" }

  /// The name of the graph's input for a number of the step.
  package static func scalarInputName(_ scalar: String) -> String { "optimizer/\(scalar)" }

  /// Traces the update of one parameter of the store: declares its state and assigns what follows.
  package func trace(_ path: String, gradient: Value, in graph: Graph) {
    guard gradient.isValid, let parameter = graph.currentValue(path) else { return }
    var state: [String: Value] = [:]
    for slot in slots {
      let count = parameter.shape.reduce(1, *)
      let initial = Float(initialValue(ofSlot: slot))
      state[slot] = graph.parameter(
        ParameterSpec(
          path: slotPath(path, slot), shape: parameter.shape, role: .optimizer, isTrainable: false
        ) { _ in [Float](repeating: initial, count: count) })
    }
    var numbers: [String: Value] = [:]
    for (name, _) in scalars(rate: learningRate, step: 1)
    where name != WeightDecay.scalar || decays.includes(path) {
      numbers[name] = graph.input(Self.scalarInputName(name), shape: [])
    }
    let result = update(parameter, gradient: gradient, slots: state, scalars: numbers)
    let constraint = graph.parameterSpec(path)?.constraint
    assign(path, constraint?(result.parameter) ?? result.parameter, parameter.shape, in: graph)
    for slot in slots { assign(slotPath(path, slot), result.slots[slot], parameter.shape, in: graph) }
  }

  /// Assigns what becomes of a tensor of a shape; nothing, or another shape, is a mistake of the trace.
  private func assign(_ path: String, _ value: Value?, _ shape: [Int], in graph: Graph) {
    if let value, !value.isValid || value.shape == shape { return graph.assign(path, value) }
    _ = graph.fail(
      ModelError(
        path: path, expected: "a tensor of shape \(shape) from the optimizer \(name)",
        received: value.map { "shape \($0.shape)" } ?? "none",
        hint: "Parameter and slots keep their shape; sum, mean and max take keepsAxes: true."))
  }
}

extension Optimizer {
  /// Throws the first setting that is out of its range; the learning rate is looked at first.
  func require(_ settings: [Requirement]) throws(ModelError) {
    try ([.above0("learningRate", learningRate)] + settings).require(
      at: "optimizer \(name)", hint: "Correct the argument with which the optimizer is made.")
  }
}
