import MartletGraphs
import MartletNetworks
import MartletReports

extension Topic {
  /// The rules that turn gradients into new weights.
  static let optimizers: [Topic] = OptimizerSetting.Rule.allCases.map { rule in
    let words = words(of: rule)
    return Topic(
      .optimizer, rule.rawValue, title: words.title, words.summary, formulas: words.formulas,
      words.text + [
        "Unless told otherwise the rate is \(short(OptimizerSetting.standardRate(of: rule)))."
      ], seeAlso: words.seeAlso + ["learning-rate"]
    ) { try optimizerTable(rule) }
  }

  private struct Words {
    var title: String
    var summary: String
    var formulas: [String]
    var text: [String]
    var seeAlso: [String]
  }

  private static func words(of rule: OptimizerSetting.Rule) -> Words {
    switch rule {
    case .sgd:
      Words(
        title: "SGD", summary: "Goes a step downhill, against the gradient.",
        formulas: ["p = p - rate · g", "with momentum: v = momentum · v - rate · g, p = p + v"],
        text: [
          "The plainest rule. The gradient of a batch is a noisy guess at the slope; with momentum (0.9 is "
            + "usual) steps add up where guesses agree and cancel where they do not. Nesterov looks ahead by "
            + "the momentum. It wants a well-chosen rate and a schedule; given both, it often ends a little "
            + "better than Adam."
        ], seeAlso: ["adam"])
    case .adam:
      Words(
        title: "Adam", summary: "Gives every weight a step of about the rate, however large its gradient.",
        formulas: [
          "m = b1 · m + (1 - b1) · g", "v = b2 · v + (1 - b2) · g²",
          "p = p - rate · m' / (sqrt(v') + epsilon)",
        ],
        text: [
          "m is a running mean of the gradient, v of its square; m / sqrt(v) is about 1 in size where gradients "
            + "agree and smaller where they do not. m' and v' are corrected for their start at 0. Here b1 is "
            + "\(short(Adam().beta1)) and b2 is \(short(Adam().beta2)); epsilon is 1e-7 in Keras's preset and "
            + "1e-8 in PyTorch's. It needs two more numbers for each weight and little care with the rate: a "
            + "good first choice."
        ], seeAlso: ["adamw", "rmsprop", "sgd"])
    case .adamw:
      Words(
        title: "AdamW", summary: "Adam that also pulls weights towards zero, apart from the gradient.",
        formulas: ["p = p - rate · decay · p", "then Adam's step"],
        text: [
          "A pull that is added to the loss (L2) would be divided by sqrt(v) like any gradient, so weights of "
            + "large gradients would hardly feel it. Here it is taken apart. The decay is 0.004 in Keras's "
            + "preset and 0.01 in PyTorch's."
        ], seeAlso: ["adam", "overfitting"])
    case .rmsprop:
      Words(
        title: "RMSprop", summary: "Divides each step by the usual size of that weight's gradient.",
        formulas: ["v = rho · v + (1 - rho) · g²", "p = p - rate · g / sqrt(v + epsilon)"],
        text: [
          "Half of Adam: the running mean of squares without that of the gradient itself. rho is 0.9 in Keras's "
            + "preset and 0.99 in PyTorch's."
        ], seeAlso: ["adam", "adagrad"])
    case .adagrad:
      Words(
        title: "Adagrad", summary: "Shortens the steps of weights that have already moved much.",
        formulas: ["s = s + g²", "p = p - rate · g / sqrt(s + epsilon)"],
        text: [
          "All squares since the beginning are summed, so steps only get shorter: good for features that are "
            + "rarely seen, too timid for long training."
        ], seeAlso: ["rmsprop"])
    case .lion:
      Words(
        title: "Lion", summary: "Moves every weight by exactly the rate, in the direction of a running mean.",
        formulas: ["p = p - rate · sign(b1 · m + (1 - b1) · g)", "m = b2 · m + (1 - b2) · g"],
        text: [
          "Only the sign is used, so one running mean for each weight is enough: half of Adam's memory. Good "
            + "rates are 3 to 10 times smaller than Adam's. Here b1 is \(short(Lion().beta1)) and b2 is "
            + "\(short(Lion().beta2))."
        ], seeAlso: ["adam"])
    }
  }

  /// The rule at work: five steps down p² / 2, whose gradient is p.
  private static func optimizerTable(_ rule: OptimizerSetting.Rule) throws -> [Explanation.Block] {
    let (rate, steps) = (0.1, 5)
    let setting = try OptimizerSetting(parsing: rule.rawValue)
    let path = try positions(setting.optimizer(learningRate: rate).resolved(for: .keras), rate, steps)
    var table = Table(
      [.init("Step")] + (0...steps).map { .init("\($0)", isNumeric: true) })
    table.append(["p"] + path.map { fixed(Double($0), 4) })
    return [
      .heading("With numbers"),
      .paragraph("From 1 down the slope of p²/2 (its gradient is p itself) at a rate of \(short(rate)):"),
      .table(table),
    ]
  }

  private static func positions(
    _ optimizer: any Optimizer, _ rate: Double, _ steps: Int
  ) throws -> [Float] {
    try LayerExample.output([1], shape: [1]) { x in
      var (p, path) = (x, [x])
      var slots = Dictionary(
        uniqueKeysWithValues: optimizer.slots.map {
          ($0, x * 0 + optimizer.initialValue(ofSlot: $0))
        })
      for step in 1...steps {
        let numbers = optimizer.scalars(rate: rate, step: step).map { ($0.name, x.graph.constant($0.value)) }
        (p, slots) = optimizer.update(
          p, gradient: p, slots: slots, scalars: Dictionary(uniqueKeysWithValues: numbers))
        path.append(p)
      }
      return concatenate(path)
    }.scalars
  }
}

extension OptimizerSetting {
  /// The rate of a rule where none is given.
  fileprivate static func standardRate(of rule: Rule) -> Double {
    (try? OptimizerSetting(parsing: rule.rawValue))?.standardRate ?? .nan
  }
}
