import MartletGraphs

/// Adam (Kingma and Ba 2015): steps scaled by running means of the gradient and of its square.
///
/// m = b1·m + (1 - b1)·g, v = b2·v + (1 - b2)·g². Keras: p -= rate·sqrt(1 - b2^t)/(1 - b1^t)·m/(sqrt(v) + 1e-7).
/// PyTorch: p -= rate/(1 - b1^t)·m/(sqrt(v/(1 - b2^t)) + 1e-8), which is Keras's formula with an epsilon
/// of 1e-8·sqrt(1 - b2^t); so both are one graph. Weight decay: Keras p -= rate·decay·p first, PyTorch adds
/// decay·p to g; `AdamW` keeps it apart in both.
public struct Adam: Optimizer {
  /// The rate before any schedule.
  public var learningRate: Double
  /// The part of the gradient's running mean that a step keeps.
  public var beta1: Double
  /// The part of the squared gradient's running mean that a step keeps.
  public var beta2: Double
  /// What is added to the denominator; nil takes the formula's (Keras 1e-7, PyTorch 1e-8).
  public var epsilon: Double?
  /// Whether the greatest running mean of the squared gradient so far is used (Reddi, Kale and Kumar 2018).
  public var amsgrad: Bool
  /// The pull of parameters towards zero.
  public var weightDecay: Double
  /// Which parameters are pulled.
  public var decays: WeightDecayScope
  /// Whose formula is used; nil takes the network's preset.
  public var formula: Preset?

  /// Creates the rule.
  public init(
    learningRate: Double = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double? = nil,
    amsgrad: Bool = false, weightDecay: Double = 0, decays: WeightDecayScope = .all, formula: Preset? = nil
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.amsgrad = amsgrad
    self.weightDecay = weightDecay
    self.decays = decays
    self.formula = formula
  }

  /// `adam`.
  public var name: String { "adam" }
  /// The running means of the gradient, `m`, and of its square, `v`; with `amsgrad` the greatest, `vmax`.
  public var slots: [String] { moments.slots }

  /// The same rule with the preset's formula where none is given.
  public func resolved(for preset: Preset) -> Adam {
    var rule = self
    rule.formula = formula ?? preset
    return rule
  }

  /// Throws where a setting is out of its range.
  public func validate() throws(ModelError) {
    try require(moments.requirements + [.atLeast0("weightDecay", weightDecay)])
  }

  /// The rate with both bias corrections, the epsilon and the decay.
  public func scalars(rate: Double, step: Int) -> StepScalars {
    moments.scalars(rate: rate, step: step) + decay.scalars(rate: rate)
  }

  private var moments: AdamMoments {
    AdamMoments(beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad, formula: formula)
  }

  private var decay: WeightDecay { WeightDecay(factor: weightDecay, joinsGradient: formula == .pytorch) }

  /// One parameter of any shape after a step.
  public func update(
    _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value]) {
    let (parameter, gradient) = decay.applied(to: parameter, gradient, scalars)
    return moments.update(parameter, gradient, slots, scalars)
  }
}
