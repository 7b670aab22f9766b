import MartletDatasets
import MartletTraining

/// What is held out for validation, as written in options and run folders: `none`, `last:0.2`, `first:4000`,
/// `random:10000`, `random:0.1:42`, `stratified:0.2:42`.
package enum ValidationSetting: Equatable, Sendable {
  package enum Amount: Equatable, Sendable {
    case count(Int)
    case fraction(Double)
  }
  case none
  case first(Amount)
  case last(Amount)
  case random(Amount, seed: Int)
  /// A part of each class.
  case stratified(Double, seed: Int)

  /// What can be written.
  package static let help =
    "none, first:AMOUNT, last:AMOUNT, random:AMOUNT[:SEED] or stratified:FRACTION[:SEED]"

  package init(parsing text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let amount = parts.count > 1 ? Self.amount(parts[1]) : nil
    let seed = parts.count > 2 ? Int(parts[2]) : 42
    switch (parts[0], parts.count, amount, seed) {
    case ("none", 1, _, _): self = .none
    case ("first", 2, .some(let amount), _): self = .first(amount)
    case ("last", 2, .some(let amount), _): self = .last(amount)
    case ("random", 2...3, .some(let amount), .some(let seed)) where seed >= 0:
      self = .random(amount, seed: seed)
    case ("stratified", 2...3, .some(.fraction(let fraction)), .some(let seed)) where seed >= 0:
      self = .stratified(fraction, seed: seed)
    default:
      throw SettingError(
        at: "--validation", expected: Self.help, received: text,
        hint: "an amount is a count such as 4000 or a fraction such as 0.2")
    }
  }

  private static func amount(_ text: String) -> Amount? {
    if let count = Int(text), count > 0 { return .count(count) }
    if let fraction = Double(text), fraction > 0, fraction < 1 { return .fraction(fraction) }
    return nil
  }

  package var text: String {
    switch self {
    case .none: "none"
    case .first(let amount): "first:\(Self.text(amount))"
    case .last(let amount): "last:\(Self.text(amount))"
    case .random(let amount, let seed): "random:\(Self.text(amount)):\(seed)"
    case .stratified(let fraction, let seed): "stratified:\(fraction):\(seed)"
    }
  }

  private static func text(_ amount: Amount) -> String {
    switch amount {
    case .count(let count): "\(count)"
    case .fraction(let fraction): "\(fraction)"
    }
  }

  /// The same part of fewer images, where a number of them is held out.
  func scaled(_ count: Int, of total: Int) -> ValidationSetting {
    func part(_ held: Int) -> Amount { .count(max(1, Int(Double(held) * Double(count) / Double(total)))) }
    return switch self {
    case .first(.count(let held)): .first(part(held))
    case .last(.count(let held)): .last(part(held))
    case .random(.count(let held), let seed): .random(part(held), seed: seed)
    case .none, .first, .last, .random, .stratified: self
    }
  }

  package var split: ValidationSplit? {
    switch self {
    case .none: nil
    case .first(.count(let count)): .first(count)
    case .first(.fraction(let fraction)): .first(fraction)
    case .last(.count(let count)): .last(count)
    case .last(.fraction(let fraction)): .last(fraction)
    case .random(.count(let count), let seed): .random(count, seed: UInt64(seed))
    case .random(.fraction(let fraction), let seed): .random(fraction, seed: UInt64(seed))
    case .stratified(let fraction, let seed): .stratified(fraction, seed: UInt64(seed))
    }
  }
}
