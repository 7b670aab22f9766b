import MartletGraphs

/// Adagrad (Duchi, Hazan and Singer 2011): steps divided by the root of the sum of all squared gradients so far.
///
/// s += g². Keras: p -= rate·g / sqrt(s + 1e-7) with s = 0.1 at first; weight decay apart: p -= rate·decay·p
/// first. PyTorch: p -= rate·g / (sqrt(s) + 1e-10) with s = 0 at first, and decay·p added to g.
public struct Adagrad: Optimizer {
  private var givenRate: Double?
  /// The sum of squares at the beginning; nil takes the formula's (Keras 0.1, PyTorch 0).
  public var initialAccumulator: Double?
  /// What is added to the denominator; nil takes the formula's (Keras 1e-7 in the root, PyTorch 1e-10 after
  /// it).
  public var epsilon: Double?
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
  ///   - initialAccumulator: The sum of squares at the beginning; nil takes the formula's.
  ///   - epsilon: What is added to the denominator; nil takes the formula's.
  ///   - weightDecay: The pull of parameters towards zero.
  ///   - decays: Which parameters are pulled.
  ///   - formula: Whose formula is used; nil takes the network's preset.
  public init(
    learningRate: Double? = nil, initialAccumulator: Double? = nil, epsilon: Double? = nil,
    weightDecay: Double = 0, decays: WeightDecayScope = .all, formula: Preset? = nil
  ) {
    givenRate = learningRate
    self.initialAccumulator = initialAccumulator
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.decays = decays
    self.formula = formula
  }

  /// `adagrad`.
  public var name: String { "adagrad" }
  /// The rate before any schedule.
  public var learningRate: Double {
    get { givenRate ?? (formula == .pytorch ? 0.01 : 0.001) }
    set { givenRate = newValue }
  }
  /// The sum of the squared gradients.
  public var slots: [String] { ["sum"] }

  /// The sum of squares at the beginning.
  public func initialValue(ofSlot slot: String) -> Double {
    initialAccumulator ?? (formula == .pytorch ? 0 : 0.1)
  }

  /// The same rule with the preset's formula where none is given.
  public func resolved(for preset: Preset) -> Adagrad {
    var rule = self
    rule.formula = formula ?? preset
    return rule
  }

  /// Throws where a setting is out of its range.
  public func validate() throws(ModelError) {
    try require([
      .atLeast0("initialAccumulator", initialAccumulator ?? 0), .atLeast0("epsilon", epsilon ?? 0),
      .atLeast0("weightDecay", weightDecay),
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
    guard let rate = scalars["rate"], let sum = slots["sum"] else {
      preconditionFailure("adagrad needs rate and sum")
    }
    let (parameter, gradient) = decay.applied(to: parameter, gradient, scalars)
    let total = sum + gradient.squared()
    let size =
      formula == .pytorch
      ? total.squareRoot() + (epsilon ?? 1e-10) : (total + (epsilon ?? 1e-7)).squareRoot()
    return (parameter - gradient * rate / size, ["sum": total])
  }
}
