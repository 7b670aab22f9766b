import Martlet
import MartletRuns
import MartletTensors
import MartletTraining

/// What a callback of a test heard; callbacks are `Sendable`, so that a plain array does not do.
final class Heard<Element: Sendable>: Sendable {
  private let storage = Guarded<[Element]>([])
  var all: [Element] { storage.withLock { $0 } }
  func add(_ element: Element) { storage.withLock { $0.append(element) } }
}

extension Samples {
  /// Images whose labels have little to do with them, so that the validation loss soon rises.
  static func noisy(_ count: Int) throws -> ImageDataset {
    let plain = try data(count)
    let labels = (0..<count).map { ($0 * 5 + $0 / 3 * 7 + $0 / 7) % 3 }
    let pixels = (0..<count).flatMap { plain.image(at: $0).scalars }
    return try ImageDataset(
      name: "noisy bars", classNames: plain.classNames,
      images: Tensor(shape: [count, 8, 8, 1], scalars: pixels), labels: labels)
  }

  /// The probability that the network gives to the class of each sample.
  static let confidence = Metric(name: "confidence") { outputs, labels in
    (-loss(outputs, labels)).exp()
  }
}

extension EpochRecord {
  /// An epoch of which only one figure is known.
  static func made(_ epoch: Int, figure: Double) -> EpochRecord {
    EpochRecord(
      EpochEvent(
        epoch: epoch, loss: 0, accuracy: 0, learningRate: 0, seconds: 0, metrics: ["figure": figure]))
  }
}
