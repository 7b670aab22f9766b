import MartletNetworks

/// A rule of the update with its settings, as written in options and run folders: `adam`,
/// `sgd:momentum=0.9,nesterov`, `adamw:decay=0.01`.
package struct OptimizerSetting: Equatable, Sendable {
  /// The rules that can be named.
  package enum Rule: String, CaseIterable, Sendable {
    case adam, adamw, sgd, rmsprop, adagrad, lion
  }
  package let rule: Rule
  package var momentum: Double?
  package var nesterov = false
  package var decay: Double?

  package static let adam = OptimizerSetting(rule: .adam)

  /// What can be written.
  package static let help =
    "\(Rule.allCases.map(\.rawValue).joined(separator: ", ")); with settings as in "
    + "sgd:momentum=0.9,nesterov or adamw:decay=0.01."

  private init(rule: Rule) { self.rule = rule }

  package init(parsing text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let rule = Rule(rawValue: parts[0]) else {
      throw SettingError.unknown("--optimizer", parts[0], among: Rule.allCases.map(\.rawValue))
    }
    self.rule = rule
    guard parts.count > 1 else { return }
    for setting in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let pair = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let number = pair.count > 1 ? Double(pair[1]) : nil
      switch (pair[0], number) {
      case ("momentum", .some(let number)) where takesMomentum && number >= 0 && number < 1:
        momentum = number
      case ("decay", .some(let number)) where number >= 0 && number.isFinite: decay = number
      case ("nesterov", nil) where rule == .sgd && pair.count == 1: nesterov = true
      default:
        throw SettingError(
          at: "--optimizer", expected: "\(rule.rawValue) with \(settingsText)", received: text,
          hint: "leave the settings out for the usual ones")
      }
    }
    if nesterov, momentum == nil {
      throw SettingError(
        at: "--optimizer", expected: "a momentum beside nesterov", received: text,
        hint: "for instance sgd:momentum=0.9,nesterov")
    }
  }

  private var takesMomentum: Bool { rule == .sgd || rule == .rmsprop }

  private var settingsText: String {
    (takesMomentum ? "momentum=X, " : "") + (rule == .sgd ? "nesterov, " : "") + "decay=X"
  }

  package var text: String {
    var settings: [String] = []
    if let momentum { settings.append("momentum=\(momentum)") }
    if nesterov { settings.append("nesterov") }
    if let decay { settings.append("decay=\(decay)") }
    return settings.isEmpty ? rule.rawValue : "\(rule.rawValue):\(settings.joined(separator: ","))"
  }

  /// The rate where none is given: that of the rule's own initializer.
  package var standardRate: Double {
    switch rule {
    case .adam: Adam().learningRate
    case .adamw: AdamW().learningRate
    case .sgd: SGD().learningRate
    case .rmsprop: RMSprop().learningRate
    case .adagrad: Adagrad().learningRate
    case .lion: Lion().learningRate
    }
  }

  package func optimizer(learningRate: Double) -> any Optimizer {
    switch rule {
    case .adam: Adam(learningRate: learningRate, weightDecay: decay ?? 0)
    case .adamw: AdamW(learningRate: learningRate, weightDecay: decay)
    case .sgd:
      SGD(
        learningRate: learningRate, momentum: momentum ?? 0, nesterov: nesterov, weightDecay: decay ?? 0)
    case .rmsprop: RMSprop(learningRate: learningRate, momentum: momentum ?? 0, weightDecay: decay ?? 0)
    case .adagrad: Adagrad(learningRate: learningRate, weightDecay: decay ?? 0)
    case .lion: Lion(learningRate: learningRate, weightDecay: decay ?? 0)
    }
  }
}
