import MartletGraphs

/// Stochastic gradient descent with momentum.
///
/// Keras: v = momentum·v - rate·g, p += v (Nesterov: p += momentum·v - rate·g), weight decay apart:
/// p -= rate·decay·p. PyTorch: v = momentum·v + g, p -= rate·v (Nesterov: p -= rate·(g + momentum·v)),
/// with decay·p added to g. They agree while the rate is constant and there is no decay.
public struct SGD: Optimizer {
  /// The rate before any schedule.
  public let learningRate: Double
  /// The part of the velocity that a step keeps.
  public let momentum: Double
  /// Whether the velocity after the step is looked ahead at.
  public let nesterov: Bool
  /// The pull of parameters towards zero.
  public let weightDecay: Double
  /// Whose formula is used; nil takes the network's preset.
  public let formula: Preset?

  /// Creates the rule.
  public init(
    learningRate: Double = 0.01, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0,
    formula: Preset? = nil
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.formula = formula
  }

  /// `sgd`.
  public var name: String { "sgd" }
  /// The velocity, where there is momentum.
  public var slots: [String] { momentum == 0 ? [] : ["velocity"] }

  /// The same rule with the preset's formula where none is given.
  public func resolved(for preset: Preset) -> SGD {
    SGD(
      learningRate: learningRate, momentum: momentum, nesterov: nesterov, weightDecay: weightDecay,
      formula: formula ?? preset)
  }

  /// The rate and the decay's factor.
  public func scalars(rate: Double, step: Int) -> [(name: String, value: Double)] {
    let numbers = [(name: "rate", value: rate)]
    return decaysApart ? numbers + [(name: "decay", value: 1 - rate * weightDecay)] : numbers
  }

  private var decaysApart: Bool { weightDecay != 0 && formula != .pytorch }

  /// One parameter of any shape after a step.
  public func update(
    _ parameter: Value, gradient: Value, slots: [String: Value], scalars: [String: Value]
  ) -> (parameter: Value, slots: [String: Value]) {
    guard let rate = scalars["rate"] else { preconditionFailure("sgd needs the number rate") }
    var parameter = parameter
    var gradient = gradient
    if let decay = scalars["decay"] {
      parameter = parameter * decay
    } else if weightDecay != 0 {
      gradient = gradient + parameter * weightDecay
    }
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
