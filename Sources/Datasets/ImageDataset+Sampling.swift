import MartletTensors

extension ImageDataset {
  /// A way to draw a part of the images at random.
  public enum Sampling: Sendable, Equatable {
    /// Draws a fraction of the count with replacement: images repeat and others are missing.
    case bootstrap(fraction: Double, seed: UInt64)
    /// Draws a fraction of each class without replacement, rounded for each class, in the old order.
    case stratified(fraction: Double, seed: UInt64)
  }

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
      var sample = subset((0..<drawn).map { stream.integer(below: count, at: UInt64($0)) })
      sample.hasRepeats = true
      return sample
    case .stratified(let fraction, let seed):
      _ = try rounded(fraction, of: count, limit: 1)
      var members = [[Int]](repeating: [], count: classNames.count)
      for (index, label) in labels.enumerated() { members[Int(label)].append(index) }
      var drawn: [Int] = []
      for (label, indices) in members.enumerated() {
        let stream = RandomStream(seed: seed, purpose: .sample, stream: UInt64(label))
        let order = stream.permutation(count: indices.count)
        let number = Int((Double(indices.count) * fraction).rounded())
        drawn += order.prefix(number).map { indices[Int($0)] }
      }
      guard !drawn.isEmpty else { throw Self.nothingDrawn(fraction, count) }
      return subset(drawn.sorted())
    }
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
