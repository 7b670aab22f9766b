import MartletTensors

extension ImageDataset {
  /// Which part of a data set is held out, for validation for instance.
  public struct Split: Sendable, Equatable, CustomStringConvertible {
    enum Place: Sendable, Equatable {
      case first
      case last
      case random(seed: UInt64)
    }
    enum Amount: Sendable, Equatable {
      case count(Int)
      case fraction(Double)
    }
    let place: Place
    let amount: Amount

    /// Holds out the first `count` images.
    public static func first(_ count: Int) -> Split { Split(place: .first, amount: .count(count)) }
    /// Holds out a fraction of the images, from the beginning.
    public static func first(_ fraction: Double) -> Split {
      Split(place: .first, amount: .fraction(fraction))
    }
    /// Holds out the last `count` images.
    public static func last(_ count: Int) -> Split { Split(place: .last, amount: .count(count)) }
    /// Holds out a fraction of the images, from the end; the rest is rounded down.
    public static func last(_ fraction: Double) -> Split {
      Split(place: .last, amount: .fraction(fraction))
    }
    /// Holds out `count` images drawn without replacement.
    public static func random(_ count: Int, seed: UInt64) -> Split {
      Split(place: .random(seed: seed), amount: .count(count))
    }
    /// Holds out a fraction of the images, drawn without replacement.
    public static func random(_ fraction: Double, seed: UInt64) -> Split {
      Split(place: .random(seed: seed), amount: .fraction(fraction))
    }

    /// The words for it, such as `last 20.0%`.
    public var description: String {
      let amount =
        switch amount {
        case .count(let count): "\(count)"
        case .fraction(let fraction): "\((fraction * 1000).rounded() / 10)%"
        }
      return switch place {
      case .first: "first \(amount)"
      case .last: "last \(amount)"
      case .random(let seed): "random \(amount) (seed \(seed))"
      }
    }

    /// The number of images held out of `total`.
    func heldOut(of total: Int) throws(DatasetError) -> Int {
      let count =
        switch amount {
        case .count(let count): count
        case .fraction(let fraction) where fraction > 0 && fraction < 1:
          total - Int((Double(total) * (1 - fraction)).rounded(.down))
        case .fraction: 0
        }
      guard count > 0, count < total else {
        throw DatasetError(
          .badArgument, at: "split \"\(self)\"",
          expected: "a part of the \(total) images that leaves some on both sides",
          received: "\(count) images held out")
      }
      return count
    }

    /// The indices below `total` on both sides, in rising order.
    package func indices(of total: Int) throws(DatasetError) -> (rest: [Int], heldOut: [Int]) {
      let held = try heldOut(of: total)
      switch place {
      case .first: return (Array(held..<total), Array(0..<held))
      case .last: return (Array(0..<total - held), Array(total - held..<total))
      case .random(let seed):
        let order = RandomStream(seed: seed, purpose: .split).permutation(count: total)
        let isHeld = order.prefix(held).reduce(into: [Bool](repeating: false, count: total)) {
          $0[Int($1)] = true
        }
        return ((0..<total).filter { !isHeld[$0] }, (0..<total).filter { isHeld[$0] })
      }
    }
  }

  /// Divides the images in two, without copying pixels.
  ///
  /// Both parts keep the order of the images.
  ///
  /// - Parameter split: The part held out.
  /// - Returns: The rest, and the part held out.
  /// - Throws: `DatasetError` where either part would be empty.
  public func split(
    _ split: Split
  ) throws(DatasetError) -> (rest: ImageDataset, heldOut: ImageDataset) {
    let (rest, heldOut) = try split.indices(of: count)
    return (subset(rest), subset(heldOut))
  }
}
