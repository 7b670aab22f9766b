import MartletTensors

/// The mean of every so many numbers, for the running loss of a loop written by hand.
///
/// ```swift
/// var running = RunningMean(every: 100)
/// for (index, batch) in loader.enumerated() {
///   if let mean = running.add(try step(batch.images, batch.labels)) {
///     print("Epoch \(epoch), Batch \(index + 1), Loss: \(mean)")
///   }
/// }
/// running.reset()
/// ```
public struct RunningMean: Sendable, Equatable {
  /// How many numbers make a mean.
  public let every: Int
  /// How many numbers have been added since the last mean.
  public private(set) var count = 0
  private(set) var sum = 0.0

  /// Creates an empty mean of every so many numbers, at least 1.
  public init(every: Int) {
    demand(every >= 1, "a running mean of every \(every) numbers")
    self.every = every
  }

  init(every: Int, count: Int, sum: Double) {
    self.init(every: every)
    self.count = count
    self.sum = sum
  }

  /// Adds a number; gives the mean of the last `every` numbers and begins anew once there are so many.
  public mutating func add(_ number: Double) -> Double? {
    sum += number
    count += 1
    guard count == every else { return nil }
    let mean = sum / Double(every)
    reset()
    return mean
  }

  /// Adds the loss that a step gives.
  public mutating func add(_ number: Float) -> Double? { add(Double(number)) }

  /// Forgets the numbers since the last mean, as at the start of an epoch.
  public mutating func reset() {
    sum = 0
    count = 0
  }
}
