import MartletGraphs

/// Stochastic gradient descent with momentum.
///
/// Keras: v = momentum·v - rate·g, p += v (Nesterov: p += momentum·v - rate·g), weight decay apart:
/// p -= rate·decay·p first. PyTorch: v = momentum·v + g, p -= rate·v (Nesterov: p -= rate·(g + momentum·v)),
/// with decay·p added to g. They agree while the rate is constant and there is no decay.
public struct SGD: Optimizer {
  /// The rate before any schedule.
  public var learningRate: Double
  /// The part of the velocity that a step keeps.
  public var momentum: Double
  /// Whether the velocity after the step is looked ahead at.
  public var nesterov: Bool
  /// The pull of parameters towards zero.
  public var weightDecay: Double
  /// Which parameters are pulled.
  public var decays: WeightDecayScope
  /// Whose formula is used; nil takes the network's preset.
  public var formula: Preset?

  /// Creates the rule.
  public init(
    learningRate: Double = 0.01, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0,
    decays: WeightDecayScope = .all, formula: Preset? = nil
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.decays = decays
    self.formula = formula
  }

  /// `sgd`.
  public var name: String { "sgd" }
  /// The velocity, where there is momentum.
  public var slots: [String] { momentum == 0 ? [] : ["velocity"] }

  /// The same rule with the preset's formula where none is given.
  public func resolved(for preset: Preset) -> SGD {
    var rule = self
    rule.formula = formula ?? preset
    return rule
  }

  /// Throws where a setting is out of its range.
  public func validate() throws(ModelError) {
    try require([
      .part("momentum", momentum), .atLeast0("weightDecay", weightDecay),
      Requirement(!nesterov || momentum > 0, "momentum above 0 with nesterov", received: "\(momentum)"),
    ])
  }

  /// The rate and the decay.
  public func scalars(rate: Double, step: Int) -> StepScalars {
    StepScalars("rate", rate) + decay.scalars(rate: rate)
  }

  private var decay: WeightDecay { WeightDecay(factor: weightDecay, joinsGradient: formula == .pytorch) }

  /// One parameter of any shape after a step.
  public func update(
    _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value]) {
    guard let rate = scalars["rate"] else { preconditionFailure("sgd needs the number rate") }
    let (parameter, gradient) = decay.applied(to: parameter, gradient, scalars)
    guard let velocity = slots["velocity"] else { return (parameter - gradient * rate, [:]) }
    if formula == .pytorch {
      let moved = velocity * momentum + gradient
      let direction = nesterov ? gradient + moved * momentum : moved
      return (parameter - direction * rate, ["velocity": moved])
    }
    let moved = velocity * momentum - gradient * rate
    let change = nesterov ? moved * momentum - gradient * rate : moved
    return (parameter + change, ["velocity": moved])
  }
}
