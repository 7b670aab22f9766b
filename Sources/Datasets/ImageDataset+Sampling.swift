import MartletTensors

extension ImageDataset {
  /// A way to draw a part of the images at random.
  public enum Sampling: Sendable, Equatable, CustomStringConvertible {
    /// Draws a fraction of the count with replacement: images repeat and others are missing.
    case bootstrap(fraction: Double, seed: UInt64)
    /// Draws a fraction of each class without replacement, rounded for each class, in the old order.
    case stratified(fraction: Double, seed: UInt64)
    /// Draws as many images of each class that occurs, in the old order; a class that has fewer repeats
    /// them as evenly as can be.
    case balanced(perClass: Int, seed: UInt64)

    /// The words for it, such as `bootstrap 50.0% (seed 42)`.
    public var description: String {
      switch self {
      case .bootstrap(let fraction, let seed): "bootstrap \(ImageDataset.percent(fraction)) (seed \(seed))"
      case .stratified(let fraction, let seed): "stratified \(ImageDataset.percent(fraction)) (seed \(seed))"
      case .balanced(let perClass, let seed): "balanced \(perClass) a class (seed \(seed))"
      }
    }
  }

  /// A fraction as a percentage with one decimal place.
  package static func percent(_ fraction: Double) -> String { "\((fraction * 1000).rounded() / 10)%" }

  /// Draws images at random, without copying pixels.
  ///
  /// A validation split after a bootstrap shares images with the training part: see `hasRepeats`.
  ///
  /// - Parameter sampling: How, how many and with which seed.
  /// - Returns: A view of the drawn images.
  /// - Throws: `DatasetError` where the fraction is out of range or nothing is drawn.
  public func sampled(_ sampling: Sampling) throws(DatasetError) -> ImageDataset {
    switch sampling {
    case .bootstrap(let fraction, let seed):
      let drawn = try rounded(fraction, of: count, limit: 100)
      let stream = RandomStream(seed: seed, purpose: .sample)
      var sample = subset(
        (0..<drawn).map { stream.integer(below: count, at: UInt64($0)) }, selection: "\(sampling)")
      sample.hasRepeats = true
      return sample
    case .stratified(let fraction, let seed):
      _ = try rounded(fraction, of: count, limit: 1)
      let drawn = Self.drawn(fraction, ofClasses: indicesByClass, purpose: .sample, seed: seed)
      guard !drawn.isEmpty else { throw Self.nothingDrawn(fraction, count) }
      return subset(drawn, selection: "\(sampling)")
    case .balanced(let perClass, let seed):
      guard perClass > 0 else {
        throw DatasetError(
          .badArgument, at: "images of each class", expected: "at least 1", received: "\(perClass)")
      }
      var drawn: [Int] = []
      for (label, indices) in indicesByClass.enumerated() where !indices.isEmpty {
        let order = RandomStream(seed: seed, purpose: .sample, stream: UInt64(label))
          .permutation(count: indices.count)
        drawn += (0..<perClass).map { indices[Int(order[$0 % order.count])] }
      }
      var sample = subset(drawn.sorted(), selection: "\(sampling)")
      sample.hasRepeats = hasRepeats || classCounts.contains { $0 > 0 && $0 < perClass }
      return sample
    }
  }

  /// The indices of the images of each class, in order.
  var indicesByClass: [[Int]] {
    var members = [[Int]](repeating: [], count: classNames.count)
    for (index, label) in labels.enumerated() { members[Int(label)].append(index) }
    return members
  }

  /// A fraction of each class, rounded for each, drawn without replacement and sorted.
  static func drawn(
    _ fraction: Double, ofClasses members: [[Int]], purpose: RandomPurpose, seed: UInt64
  ) -> [Int] {
    var drawn: [Int] = []
    for (label, indices) in members.enumerated() {
      let order = RandomStream(seed: seed, purpose: purpose, stream: UInt64(label))
        .permutation(count: indices.count)
      let number = Int((Double(indices.count) * fraction).rounded())
      drawn += order.prefix(number).map { indices[Int($0)] }
    }
    return drawn.sorted()
  }

  private func rounded(_ fraction: Double, of total: Int, limit: Double) throws(DatasetError) -> Int {
    guard fraction > 0, fraction <= limit else {
      throw DatasetError(
        .badArgument, at: "sampling fraction", expected: "a number above 0 and at most \(limit)",
        received: "\(fraction)")
    }
    let number = Int((Double(total) * fraction).rounded())
    guard number > 0 else { throw Self.nothingDrawn(fraction, total) }
    return number
  }

  private static func nothingDrawn(_ fraction: Double, _ total: Int) -> DatasetError {
    DatasetError(
      .badArgument, at: "sampling fraction", expected: "a fraction that draws at least one image",
      received: "\(fraction) of \(total) images")
  }
}
