import MartletGraphs

/// What a setting of an optimizer, loss or schedule must be, and what it is.
struct Requirement {
  let holds: Bool
  let expected: String
  let received: String

  init(_ holds: Bool, _ expected: String, received: String) {
    self.holds = holds
    self.expected = expected
    self.received = received
  }

  private init(_ setting: String, _ value: Double, _ range: String, _ holds: Bool) {
    self.init(value.isFinite && holds, "\(setting) \(range)", received: "\(value)")
  }

  static func above0(_ setting: String, _ value: Double) -> Requirement {
    Requirement(setting, value, "above 0", value > 0)
  }

  static func atLeast0(_ setting: String, _ value: Double) -> Requirement {
    Requirement(setting, value, "at least 0", value >= 0)
  }

  static func atLeast1(_ setting: String, _ value: Double) -> Requirement {
    Requirement(setting, value, "at least 1", value >= 1)
  }

  static func atLeast1(_ setting: String, _ count: Int) -> Requirement {
    Requirement(count >= 1, "\(setting) at least 1", received: "\(count)")
  }

  /// From 0 to 1.
  static func fraction(_ setting: String, _ value: Double) -> Requirement {
    Requirement(setting, value, "from 0 to 1", value >= 0 && value <= 1)
  }

  /// From 0 to just below 1: a part that a step keeps.
  static func part(_ setting: String, _ value: Double) -> Requirement {
    Requirement(setting, value, "at least 0 and below 1", value >= 0 && value < 1)
  }
}

extension [Requirement] {
  /// The first requirement that does not hold.
  func mistake(at path: String, hint: String = "") -> ModelError? {
    first { !$0.holds }.map {
      ModelError(path: path, expected: $0.expected, received: $0.received, hint: hint)
    }
  }

  /// Throws the first requirement that does not hold.
  func require(at path: String, hint: String = "") throws(ModelError) {
    if let mistake = mistake(at: path, hint: hint) { throw mistake }
  }
}
