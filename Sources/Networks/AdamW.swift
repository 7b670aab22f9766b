import MartletGraphs

/// Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019): p -= rate·decay·p, then the
/// step of `Adam`.
///
/// Keras and PyTorch compute the same; their defaults differ: decay 0.004 and epsilon 1e-7 against 0.01 and
/// 1e-8.
public struct AdamW: Optimizer {
  /// The rate before any schedule.
  public var learningRate: Double
  /// The pull of parameters towards zero; nil takes the formula's (Keras 0.004, PyTorch 0.01).
  public var weightDecay: Double?
  /// The part of the gradient's running mean that a step keeps.
  public var beta1: Double
  /// The part of the squared gradient's running mean that a step keeps.
  public var beta2: Double
  /// What is added to the denominator; nil takes the formula's (Keras 1e-7, PyTorch 1e-8).
  public var epsilon: Double?
  /// Whether the greatest running mean of the squared gradient so far is used (Reddi, Kale and Kumar 2018).
  public var amsgrad: Bool
  /// Which parameters are pulled; `.kernels` leaves biases and normalizations out.
  public var decays: WeightDecayScope
  /// Whose formula is used; nil takes the network's preset.
  public var formula: Preset?

  /// Creates the rule.
  public init(
    learningRate: Double = 0.001, weightDecay: Double? = nil, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double? = nil, amsgrad: Bool = false, decays: WeightDecayScope = .all, formula: Preset? = nil
  ) {
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.amsgrad = amsgrad
    self.decays = decays
    self.formula = formula
  }

  /// `adamw`.
  public var name: String { "adamw" }
  /// The running means of the gradient, `m`, and of its square, `v`; with `amsgrad` the greatest, `vmax`.
  public var slots: [String] { moments.slots }

  /// The same rule with the preset's formula and decay where none is given.
  public func resolved(for preset: Preset) -> AdamW {
    var rule = self
    rule.formula = formula ?? preset
    return rule
  }

  /// Throws where a setting is out of its range.
  public func validate() throws(ModelError) {
    try require(moments.requirements + [.atLeast0("weightDecay", weightDecay ?? 0)])
  }

  /// The rate with both bias corrections, the epsilon and the decay.
  public func scalars(rate: Double, step: Int) -> StepScalars {
    moments.scalars(rate: rate, step: step) + decay.scalars(rate: rate)
  }

  private var moments: AdamMoments {
    AdamMoments(beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad, formula: formula)
  }

  private var decay: WeightDecay {
    WeightDecay(factor: weightDecay ?? (formula == .pytorch ? 0.01 : 0.004), joinsGradient: false)
  }

  /// One parameter of any shape after a step.
  public func update(
    _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value]) {
    let (parameter, gradient) = decay.applied(to: parameter, gradient, scalars)
    return moments.update(parameter, gradient, slots, scalars)
  }
}
