#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the learning rate changes from epoch to epoch; set before an epoch's first step.
public struct RateSchedule: Sendable {
  /// The name in reports.
  public let name: String
  private let factor: @Sendable (Int) -> Double

  /// Creates a schedule from the factor of the initial rate at each epoch, counted from 0.
  public init(name: String, factor: @escaping @Sendable (_ epoch: Int) -> Double) {
    self.name = name
    self.factor = factor
  }

  /// The rate during an epoch, counted from 0.
  public func rate(initial: Double, epoch: Int) -> Double { initial * factor(epoch) }

  /// The same rate throughout.
  public static var constant: RateSchedule { RateSchedule(name: "Constant") { _ in 1 } }

  /// Multiplied by a factor at each of some epochs, counted from 0.
  public static func stepDecay(factor: Double = 0.1, at epochs: [Int]) -> RateSchedule {
    RateSchedule(name: "Step Decay") { epoch in
      epochs.filter { $0 <= epoch }.reduce(1) { result, _ in result * factor }
    }
  }

  /// Half a cosine from the initial rate to 0 over some epochs: ½·(1 + cos(π·e / epochs)).
  public static func cosineAnnealing(epochs: Int) -> RateSchedule {
    precondition(epochs > 0, "a schedule over \(epochs) epochs")
    return RateSchedule(name: "Cosine Annealing") { epoch in
      0.5 * (1 + cos(.pi * Double(min(epoch, epochs)) / Double(epochs)))
    }
  }

  /// A straight line from the initial rate to 0 over some epochs: 1 - e / epochs.
  public static func linearDecay(epochs: Int) -> RateSchedule {
    precondition(epochs > 0, "a schedule over \(epochs) epochs")
    return RateSchedule(name: "Linear Decay") { epoch in
      1 - Double(min(epoch, epochs)) / Double(epochs)
    }
  }
}
