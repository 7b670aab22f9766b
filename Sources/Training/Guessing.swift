import MartletDatasets
import MartletRuns

/// Notices trainings whose network does no better than guessing.
///
/// Guessing is to answer always with the most frequent class. A network whose units have died or whose steps are too
/// great does just that, and stays there.
package struct Guessing {
  /// Fewer steps say nothing yet.
  static let steps = 200
  /// The accuracy of guessing.
  let accuracy: Double
  /// What the accuracy of an epoch may reach by chance: three standard deviations above.
  let limit: Double

  /// - Parameter classCounts: The training images of each class; nil where there is nothing to tell apart.
  package init?(classCounts: [Int]) {
    let count = classCounts.reduce(0, +)
    guard let most = classCounts.max(), most < count else { return nil }
    accuracy = Double(most) / Double(count)
    limit = accuracy + 3 * (accuracy * (1 - accuracy) / Double(count)).squareRoot()
  }

  /// Whether the last two epochs were no better, and this could not be said an epoch ago.
  package func begins(in epochs: [EpochRecord], stepsPerEpoch: Int) -> Bool {
    func isGuessing(_ count: Int) -> Bool {
      count >= 2 && count * stepsPerEpoch >= Self.steps
        && epochs[..<count].suffix(2).allSatisfy { $0.accuracy <= limit }
    }
    return isGuessing(epochs.count) && !isGuessing(epochs.count - 1)
  }

  /// What the user is told.
  func warning(after record: EpochRecord) -> String {
    let (reached, guessed) = (ImageDataset.percent(record.accuracy), ImageDataset.percent(accuracy))
    return
      "the network does no better than guessing: right in \(reached) of the training images in "
      + "epoch \(record.epoch), where the most frequent class alone gives \(guessed); a smaller learning "
      + "rate, another seed or batch normalization may help"
  }
}
