import MartletNetworks

/// A schedule of the learning rate, as written in options and run folders: `constant`, `cosine:50`,
/// `linear:50`, `step:15,30,45`, `exponential:0.95`, `warm-up:5,50`, `restarts:10,2`, `one-cycle:20`.
package enum ScheduleSetting: Equatable, Sendable {
  case constant
  case cosine(epochs: Int)
  case linear(epochs: Int)
  case step(epochs: [Int])
  case exponential(factor: Double)
  /// A linear rise, then half a cosine.
  case warmUp(epochs: Int, total: Int)
  /// Cosines one after another, each so many times as long as the one before.
  case restarts(epochs: Int, factor: Int)
  case oneCycle(epochs: Int)

  /// What can be written.
  package static let help =
    "constant, cosine[:EPOCHS], linear[:EPOCHS], step:EPOCH,EPOCH,..., exponential:FACTOR, "
    + "warm-up:EPOCHS[,TOTAL], restarts:EPOCHS[,FACTOR] or one-cycle[:EPOCHS]."

  /// Reads the text; without a number a schedule spans the training's epochs.
  package init(parsing text: String, epochs: Int) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let words = parts.count > 1 ? parts[1].split(separator: ",", omittingEmptySubsequences: false) : []
    // What is no number, or too great a one, is refused as 0 is.
    let numbers = words.map { Int($0) ?? 0 }.map { $0 <= SettingLimit.count ? $0 : 0 }
    let span = parts.count > 1 ? (numbers.count == 1 ? numbers[0] : 0) : epochs
    let isRight = !numbers.isEmpty && numbers.allSatisfy { $0 > 0 }
    switch parts[0] {
    case "constant" where parts.count == 1: self = .constant
    case "cosine" where span > 0: self = .cosine(epochs: span)
    case "linear" where span > 0: self = .linear(epochs: span)
    case "one-cycle" where span > 0: self = .oneCycle(epochs: span)
    case "step" where isRight: self = .step(epochs: numbers)
    case "warm-up"
    where isRight && numbers.count <= 2 && numbers[0] < (numbers.count > 1 ? numbers[1] : epochs):
      self = .warmUp(epochs: numbers[0], total: numbers.count > 1 ? numbers[1] : epochs)
    case "restarts" where isRight && numbers.count <= 2:
      self = .restarts(epochs: numbers[0], factor: numbers.count > 1 ? numbers[1] : 1)
    default:
      if parts[0] == "exponential", words.count == 1, let factor = Double(words[0]), factor > 0, factor <= 1 {
        self = .exponential(factor: factor)
        return
      }
      throw SettingError(
        at: "--schedule", expected: String(Self.help.dropLast()), received: text,
        hint: "for instance cosine:50 or step:15,30,45, with epochs up to \(SettingLimit.count)")
    }
  }

  package var text: String {
    switch self {
    case .constant: "constant"
    case .cosine(let epochs): "cosine:\(epochs)"
    case .linear(let epochs): "linear:\(epochs)"
    case .step(let epochs): "step:" + epochs.map(String.init).joined(separator: ",")
    case .exponential(let factor): "exponential:\(factor)"
    case .warmUp(let epochs, let total): "warm-up:\(epochs),\(total)"
    case .restarts(let epochs, let factor): "restarts:\(epochs),\(factor)"
    case .oneCycle(let epochs): "one-cycle:\(epochs)"
    }
  }

  /// The schedule, which for one cycle needs the rate at its height.
  package func schedule(learningRate: Double) -> RateSchedule {
    switch self {
    case .constant: .constant
    case .cosine(let epochs): .cosineAnnealing(epochs: epochs)
    case .linear(let epochs): .linearDecay(epochs: epochs)
    case .step(let epochs): .stepDecay(at: epochs)
    case .exponential(let factor): .exponentialDecay(factor: factor)
    case .warmUp(let epochs, let total):
      .warmUp(epochs: epochs, then: .cosineAnnealing(epochs: total - epochs))
    case .restarts(let epochs, let factor): .cosineWithRestarts(epochs: epochs, multiplier: factor)
    case .oneCycle(let epochs): .oneCycle(maximumRate: learningRate, epochs: epochs)
    }
  }
}
