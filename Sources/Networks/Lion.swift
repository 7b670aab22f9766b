import MartletGraphs

/// Lion (Chen and others 2023): steps of one size in every element, whose sign a running mean decides.
///
/// p -= rate·sign(b1·m + (1 - b1)·g), then m = b2·m + (1 - b2)·g; weight decay apart: p -= rate·decay·p
/// first (Keras's formula; PyTorch has no Lion). Good rates are 3 to 10 times smaller than Adam's.
public struct Lion: Optimizer {
  /// The rate before any schedule: the size of every element's step.
  public var learningRate: Double
  /// The part of the running mean in the sign that is taken.
  public var beta1: Double
  /// The part of the running mean that a step keeps.
  public var beta2: Double
  /// The pull of parameters towards zero.
  public var weightDecay: Double
  /// Which parameters are pulled.
  public var decays: WeightDecayScope

  /// Creates the rule.
  public init(
    learningRate: Double = 0.001, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0,
    decays: WeightDecayScope = .all
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    self.decays = decays
  }

  /// `lion`.
  public var name: String { "lion" }
  /// The running mean of the gradient, `m`.
  public var slots: [String] { ["m"] }

  /// Throws where a setting is out of its range.
  public func validate() throws(ModelError) {
    try require([.part("beta1", beta1), .part("beta2", beta2), .atLeast0("weightDecay", weightDecay)])
  }

  /// The rate and the decay.
  public func scalars(rate: Double, step: Int) -> StepScalars {
    StepScalars("rate", rate) + decay.scalars(rate: rate)
  }

  private var decay: WeightDecay { WeightDecay(factor: weightDecay, joinsGradient: false) }

  /// One parameter of any shape after a step.
  public func update(
    _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value]) {
    guard let rate = scalars["rate"], let m = slots["m"] else { preconditionFailure("lion needs rate and m") }
    let (parameter, gradient) = decay.applied(to: parameter, gradient, scalars)
    let direction = (m * beta1 + gradient * (1 - beta1)).sign()
    return (parameter - direction * rate, ["m": m * beta2 + gradient * (1 - beta2)])
  }
}
