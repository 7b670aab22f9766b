/// Notices batches whose loss leaps out of what the batches before gave.
///
/// A spike is a loss over five times the median of the last 64 batches, over twice the greatest of them and
/// over a tenth of the greatest median so far: so neither the noise of small losses at the end of a training
/// nor the tail of hard batches counts, and what stays high after a spike counts once.
package struct LossSpikes {
  package static let window = 64
  private static let overMedian = 5.0
  private static let overGreatest = 2.0
  private static let overLevel = 0.1

  private var recent: [Double] = []
  private var next = 0
  /// The greatest median so far: about where the training began.
  private var level = 0.0

  package init() { recent.reserveCapacity(Self.window) }

  /// Adds the loss of a batch; gives the median of those before it where it is a spike.
  package mutating func add(_ loss: Double) -> Double? {
    let median = spikeMedian(loss)
    if recent.count < Self.window {
      recent.append(loss)
    } else {
      recent[next] = loss
    }
    next = (next + 1) % Self.window
    if next == 0 { level = max(level, self.median) }
    return median
  }

  private func spikeMedian(_ loss: Double) -> Double? {
    guard recent.count == Self.window, let greatest = recent.max(), loss > Self.overGreatest * greatest,
      loss > Self.overLevel * level
    else { return nil }
    let middle = median
    return middle > 0 && loss > Self.overMedian * middle ? middle : nil
  }

  private var median: Double {
    let sorted = recent.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
