import MartletTensors

/// Notices batches whose loss leaps out of what the batches before gave.
///
/// A spike is a loss over five times the median of the last 64 batches, over twice the greatest of them and
/// over a quarter of the greatest median so far: so neither the noise of small losses at the end of a training
/// nor the tail of hard batches counts, and what stays high after a spike counts once.
package struct LossSpikes: Equatable {
  package static let window = 64
  private static let overMedian = 5.0
  private static let overGreatest = 2.0
  private static let overLevel = 0.25
  /// The batches after which the median is looked at first, before the loss has fallen far.
  private static let beginning = 8

  /// The losses of the last batches; the oldest stands at `next` once all places are taken.
  private var recent: [Double] = []
  private var next = 0
  /// The same losses from the smallest to the greatest.
  private var sorted: [Double] = []
  /// The greatest median so far: about where the training began.
  private var level = 0.0

  package init() {
    recent.reserveCapacity(Self.window)
    sorted.reserveCapacity(Self.window)
  }

  /// Adds the loss of a batch; gives the median of those before it where it is a spike.
  package mutating func add(_ loss: Double) -> Double? {
    let median = spikeMedian(loss)
    var place: Int
    if recent.count < Self.window {
      place = sorted.count
      recent.append(loss)
      sorted.append(loss)
    } else {
      place = sorted.firstIndex(of: recent[next]) ?? 0
      recent[next] = loss
    }
    while place + 1 < sorted.count, sorted[place + 1] < loss {
      sorted[place] = sorted[place + 1]
      place += 1
    }
    while place > 0, sorted[place - 1] > loss {
      sorted[place] = sorted[place - 1]
      place -= 1
    }
    sorted[place] = loss
    next = (next + 1) % Self.window
    if next == 0 || recent.count == Self.beginning { level = max(level, self.median) }
    return median
  }

  private func spikeMedian(_ loss: Double) -> Double? {
    guard recent.count == Self.window, let greatest = sorted.last, loss > Self.overGreatest * greatest,
      loss > Self.overLevel * level
    else { return nil }
    let middle = median
    return middle > 0 && loss > Self.overMedian * middle ? middle : nil
  }

  private var median: Double { (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 }
}

extension LossSpikes {
  /// What a checkpoint keeps, so that a resumed training warns where an undisturbed one does.
  var json: JSON {
    ["recent": .array(recent.map { .number($0) }), "next": .integer(next), "level": .number(level)]
  }

  /// Reads what `json` wrote; nil where it cannot be that.
  init?(_ json: JSON) {
    guard let recent = json["recent"]?.arrayValue?.compactMap(\.doubleValue),
      recent.count == json["recent"]?.arrayValue?.count, recent.allSatisfy(\.isFinite),
      let next = json["next"]?.intValue, let level = json["level"]?.doubleValue,
      recent.count <= Self.window, next == recent.count || recent.count == Self.window,
      0..<Self.window ~= next
    else { return nil }
    self.init()
    self.recent += recent
    sorted += recent.sorted()
    self.next = next
    self.level = level
  }
}
