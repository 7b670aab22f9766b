import MartletTensors

extension ImageDataset {
  /// Which part of a data set is held out, for validation for instance.
  public struct Split: Sendable, Equatable, CustomStringConvertible {
    enum Place: Sendable, Equatable {
      case first
      case last
      case random(seed: UInt64)
      case stratified(seed: UInt64)
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

    /// Holds out a fraction of each class, drawn without replacement and rounded for each class.
    public static func stratified(_ fraction: Double, seed: UInt64) -> Split {
      Split(place: .stratified(seed: seed), amount: .fraction(fraction))
    }

    /// The words for it, such as `last 20.0%`.
    public var description: String {
      let amount =
        switch amount {
        case .count(let count): "\(count)"
        case .fraction(let fraction): ImageDataset.percent(fraction)
        }
      return switch place {
      case .first: "first \(amount)"
      case .last: "last \(amount)"
      case .random(let seed): "random \(amount) (seed \(seed))"
      case .stratified(let seed): "stratified \(amount) (seed \(seed))"
      }
    }

    /// The number of images held out of `total`.
    fileprivate func heldOut(of total: Int) throws(DatasetError) -> Int {
      let count =
        switch amount {
        case .count(let count): count
        case .fraction(let fraction) where fraction > 0 && fraction < 1:
          total - Int((Double(total) * (1 - fraction)).rounded(.down))
        case .fraction: 0
        }
      try check(count, of: total)
      return count
    }

    /// The images held out of each class, in the order of the data; `members` are those of each class.
    fileprivate func heldOut(ofClasses members: [[Int]], seed: UInt64) throws(DatasetError) -> [Int] {
      var fraction = 0.0
      if case .fraction(let wanted) = amount, wanted > 0, wanted < 1 { fraction = wanted }
      let drawn = ImageDataset.drawn(fraction, ofClasses: members, purpose: .split, seed: seed)
      try check(drawn.count, of: members.reduce(0) { $0 + $1.count })
      return drawn
    }

    private func check(_ count: Int, of total: Int) throws(DatasetError) {
      guard count > 0, count < total else {
        throw DatasetError(
          .badArgument, at: "split \"\(self)\"",
          expected: "a part of the \(total) images that leaves some on both sides",
          received: "\(count) images held out", hint: "a fraction lies between 0 and 1")
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
    let (rest, heldOut) = try indices(of: split)
    return (
      subset(rest, selection: "without \(split)"), subset(heldOut, selection: "\(split)")
    )
  }

  /// The places of the images on both sides of a split, in rising order.
  package func indices(of split: Split) throws(DatasetError) -> (rest: [Int], heldOut: [Int]) {
    var isHeld = [Bool](repeating: false, count: count)
    switch split.place {
    case .first: for index in 0..<(try split.heldOut(of: count)) { isHeld[index] = true }
    case .last: for index in count - (try split.heldOut(of: count))..<count { isHeld[index] = true }
    case .random(let seed):
      let held = try split.heldOut(of: count)
      let order = RandomStream(seed: seed, purpose: .split).permutation(count: count)
      for index in order.prefix(held) { isHeld[Int(index)] = true }
    case .stratified(let seed):
      for index in try split.heldOut(ofClasses: indicesByClass, seed: seed) { isHeld[index] = true }
    }
    return ((0..<count).filter { !isHeld[$0] }, (0..<count).filter { isHeld[$0] })
  }
}
