import MartletGraphs

/// RMSprop (Hinton 2012): steps divided by the root of a running mean of the squared gradient.
///
/// v = rho·v + (1 - rho)·g²; `centered` subtracts the square of the gradient's running mean a from v.
/// Keras: b = momentum·b + rate·g / sqrt(v + 1e-7), p -= b; weight decay apart: p -= rate·decay·p first.
/// PyTorch: b = momentum·b + g / (sqrt(v) + 1e-8), p -= rate·b, with decay·p added to g.
public struct RMSprop: Optimizer {
  private var givenRate: Double?
  /// The part of the running means that a step keeps (PyTorch's alpha); nil takes the formula's (Keras 0.9,
  /// PyTorch 0.99).
  public var rho: Double?
  /// The part of the last change that a step keeps.
  public var momentum: Double
  /// What is added to the denominator; nil takes the formula's (Keras 1e-7 in the root, PyTorch 1e-8 after
  /// it).
  public var epsilon: Double?
  /// Whether the variance of the gradient is used instead of its mean square.
  public var centered: Bool
  /// The pull of parameters towards zero.
  public var weightDecay: Double
  /// Which parameters are pulled.
  public var decays: WeightDecayScope
  /// Whose formula is used; nil takes the network's preset.
  public var formula: Preset?

  /// Creates the rule.
  ///
  /// - Parameters:
  ///   - learningRate: The rate before any schedule; nil takes the formula's (Keras 0.001, PyTorch 0.01).
  ///   - rho: The part of the running means that a step keeps; nil takes the formula's.
  ///   - momentum: The part of the last change that a step keeps.
  ///   - epsilon: What is added to the denominator; nil takes the formula's.
  ///   - centered: Whether the variance of the gradient is used instead of its mean square.
  ///   - weightDecay: The pull of parameters towards zero.
  ///   - decays: Which parameters are pulled.
  ///   - formula: Whose formula is used; nil takes the network's preset.
  public init(
    learningRate: Double? = nil, rho: Double? = nil, momentum: Double = 0, epsilon: Double? = nil,
    centered: Bool = false, weightDecay: Double = 0, decays: WeightDecayScope = .all, formula: Preset? = nil
  ) {
    givenRate = learningRate
    self.rho = rho
    self.momentum = momentum
    self.epsilon = epsilon
    self.centered = centered
    self.weightDecay = weightDecay
    self.decays = decays
    self.formula = formula
  }

  /// `rmsprop`.
  public var name: String { "rmsprop" }
  /// The rate before any schedule.
  public var learningRate: Double {
    get { givenRate ?? (formula == .pytorch ? 0.01 : 0.001) }
    set { givenRate = newValue }
  }
  /// The running mean `v` of the squared gradient, of the gradient where it is centered, the last change
  /// where there is momentum.
  public var slots: [String] { ["v"] + (centered ? ["mean"] : []) + (momentum == 0 ? [] : ["change"]) }

  /// The same rule with the preset's formula where none is given.
  public func resolved(for preset: Preset) -> RMSprop {
    var rule = self
    rule.formula = formula ?? preset
    return rule
  }

  /// Throws where a setting is out of its range.
  public func validate() throws(ModelError) {
    try require([
      .part("rho", kept), .part("momentum", momentum), .atLeast0("epsilon", epsilon ?? 0),
      .atLeast0("weightDecay", weightDecay),
    ])
  }

  /// The rate and the decay.
  public func scalars(rate: Double, step: Int) -> StepScalars {
    StepScalars("rate", rate) + decay.scalars(rate: rate)
  }

  private var kept: Double { rho ?? (formula == .pytorch ? 0.99 : 0.9) }

  private var decay: WeightDecay { WeightDecay(factor: weightDecay, joinsGradient: formula == .pytorch) }

  /// One parameter of any shape after a step.
  public func update(
    _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value]) {
    guard let rate = scalars["rate"], let v = slots["v"] else {
      preconditionFailure("rmsprop needs rate and v")
    }
    let (parameter, gradient) = decay.applied(to: parameter, gradient, scalars)
    let square = v * kept + gradient.squared() * (1 - kept)
    var after = ["v": square]
    var spread = square
    if let mean = slots["mean"] {
      let moved = mean * kept + gradient * (1 - kept)
      after["mean"] = moved
      // Rounding must not make a variance negative.
      spread = (square - moved.squared()).relu()
    }
    let isKeras = formula != .pytorch
    let size =
      isKeras ? (spread + (epsilon ?? 1e-7)).squareRoot() : spread.squareRoot() + (epsilon ?? 1e-8)
    let step = (isKeras ? gradient * rate : gradient) / size
    guard let change = slots["change"] else { return (parameter - (isKeras ? step : step * rate), after) }
    let moved = change * momentum + step
    after["change"] = moved
    return (parameter - (isKeras ? moved : moved * rate), after)
  }
}
