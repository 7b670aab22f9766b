import MartletDatasets
import MartletNetworks
import MartletTraining

/// The rules of the update that can be named.
enum OptimizerSetting: String, CaseIterable, Sendable {
  case adam
  case sgd

  /// The rate where none is given.
  var standardRate: Double {
    switch self {
    case .adam: 0.001
    case .sgd: 0.01
    }
  }

  init(parsing text: String) throws {
    guard let value = OptimizerSetting(rawValue: text) else {
      throw Failure.unknown("--optimizer", text, among: Self.allCases.map(\.rawValue))
    }
    self = value
  }
}

/// A schedule of the learning rate, as written in options and run folders: `constant`, `cosine:50`,
/// `linear:50`, `step:15,30,45`.
enum ScheduleSetting: Equatable, Sendable {
  case constant
  case cosine(epochs: Int)
  case linear(epochs: Int)
  case step(epochs: [Int])

  /// Reads the text; without a number a schedule spans the training's epochs.
  init(parsing text: String, epochs: Int) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.count > 1 ? parts[1].split(separator: ",").map { Int($0) ?? 0 } : []
    let span = parts.count > 1 ? (numbers.count == 1 ? numbers[0] : 0) : epochs
    switch parts[0] {
    case "constant" where parts.count == 1: self = .constant
    case "cosine" where span > 0: self = .cosine(epochs: span)
    case "linear" where span > 0: self = .linear(epochs: span)
    case "step" where !numbers.isEmpty && numbers.allSatisfy { $0 > 0 }: self = .step(epochs: numbers)
    default:
      throw Failure(
        .usage, at: "--schedule",
        expected: "constant, cosine[:epochs], linear[:epochs] or step:epoch,epoch,...",
        received: text, hint: "for instance cosine:50 or step:15,30,45")
    }
  }

  var text: String {
    switch self {
    case .constant: "constant"
    case .cosine(let epochs): "cosine:\(epochs)"
    case .linear(let epochs): "linear:\(epochs)"
    case .step(let epochs): "step:" + epochs.map(String.init).joined(separator: ",")
    }
  }

  var schedule: RateSchedule {
    switch self {
    case .constant: .constant
    case .cosine(let epochs): .cosineAnnealing(epochs: epochs)
    case .linear(let epochs): .linearDecay(epochs: epochs)
    case .step(let epochs): .stepDecay(at: epochs)
    }
  }
}

/// What is held out for validation, as written in options and run folders: `none`, `last:0.2`, `first:4000`,
/// `random:10000`, `random:0.1:42`.
enum ValidationSetting: Equatable, Sendable {
  enum Amount: Equatable, Sendable {
    case count(Int)
    case fraction(Double)
  }
  case none
  case first(Amount)
  case last(Amount)
  case random(Amount, seed: Int)

  init(parsing text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let amount = parts.count > 1 ? Self.amount(parts[1]) : nil
    let seed = parts.count > 2 ? Int(parts[2]) : 42
    switch (parts[0], parts.count, amount, seed) {
    case ("none", 1, _, _): self = .none
    case ("first", 2, .some(let amount), _): self = .first(amount)
    case ("last", 2, .some(let amount), _): self = .last(amount)
    case ("random", 2...3, .some(let amount), .some(let seed)) where seed >= 0:
      self = .random(amount, seed: seed)
    default:
      throw Failure(
        .usage, at: "--validation", expected: "none, first:AMOUNT, last:AMOUNT or random:AMOUNT[:SEED]",
        received: text, hint: "an amount is a count such as 4000 or a fraction such as 0.2")
    }
  }

  private static func amount(_ text: String) -> Amount? {
    if let count = Int(text), count > 0 { return .count(count) }
    if let fraction = Double(text), fraction > 0, fraction < 1 { return .fraction(fraction) }
    return nil
  }

  var text: String {
    switch self {
    case .none: "none"
    case .first(let amount): "first:\(Self.text(amount))"
    case .last(let amount): "last:\(Self.text(amount))"
    case .random(let amount, let seed): "random:\(Self.text(amount)):\(seed)"
    }
  }

  private static func text(_ amount: Amount) -> String {
    switch amount {
    case .count(let count): "\(count)"
    case .fraction(let fraction): "\(fraction)"
    }
  }

  var split: ValidationSplit? {
    switch self {
    case .none: nil
    case .first(.count(let count)): .first(count)
    case .first(.fraction(let fraction)): .first(fraction)
    case .last(.count(let count)): .last(count)
    case .last(.fraction(let fraction)): .last(fraction)
    case .random(.count(let count), let seed): .random(count, seed: UInt64(seed))
    case .random(.fraction(let fraction), let seed): .random(fraction, seed: UInt64(seed))
    }
  }
}
