import MartletDatasets
import MartletTensors

extension Trainer {
  /// The probabilities of a data set's images with their labels, for the figures that need them.
  ///
  /// - Parameters:
  ///   - data: The images.
  ///   - batchSize: The images of a batch.
  /// - Throws: A mistake where images or labels do not fit the network.
  public func classProbabilities(
    _ data: ImageDataset, batchSize: Int = 256
  ) throws -> ClassProbabilities {
    try ClassProbabilities(labels: data.labels, values: predict(data, batchSize: batchSize))
  }
}

/// The probabilities of the classes for labelled images, and the figures that need them.
///
/// ```swift
/// let probabilities = try trainer.classProbabilities(test)
/// print(try probabilities.topKAccuracy(5), try probabilities.auc())
/// ```
public struct ClassProbabilities: Sendable, Equatable {
  /// How the figures of the classes become one.
  public enum Mean: String, Sendable, Hashable, CaseIterable {
    /// Each class counts the same.
    case macro
    /// Classes count by their images.
    case weighted
  }

  /// The class of each image, `[N]`.
  public let labels: [Int32]
  /// The probabilities `[N, classes]`, or `[N, 1]` of class 1 against class 0.
  public let values: Tensor<Float>

  /// Creates the pair; probabilities need not sum to 1, only their order counts.
  ///
  /// - Throws: `TrainingError` where the shapes do not fit or a label has no class.
  public init(labels: [Int32], values: Tensor<Float>) throws(TrainingError) {
    self.labels = labels
    self.values = values
    guard values.shape.count == 2, values.shape[0] == labels.count, values.shape[1] > 0, !labels.isEmpty
    else {
      throw TrainingError(
        .badData, at: "probabilities",
        expected: "shape [\(max(labels.count, 1)), classes], a row for each label",
        received: "\(values.shape)")
    }
    if let label = labels.first(where: { $0 < 0 || Int($0) >= classes }) {
      throw TrainingError(
        .badData, at: "labels", expected: "labels from 0 to \(classes - 1), as there are \(classes) classes",
        received: "\(label)")
    }
  }

  /// The number of classes; one column stands for two.
  public var classes: Int { values.shape[1] == 1 ? 2 : values.shape[1] }

  /// The part of the images whose class is among the k most probable; classes as probable as the k-th count
  /// as among them, as in Keras.
  ///
  /// - Throws: `TrainingError` where k is less than 1.
  public func topKAccuracy(_ k: Int) throws(TrainingError) -> Double {
    guard k >= 1 else {
      throw TrainingError(.badArgument, at: "topKAccuracy", expected: "k of at least 1", received: "\(k)")
    }
    let found = labels.indices.count { sample in
      let own = score(sample, Int(labels[sample]))
      return own.isFinite && (0..<classes).count { score(sample, $0) > own } < k
    }
    return Double(found) / Double(labels.count)
  }

  /// The area under the receiver operating characteristic of each class against the rest: how often an
  /// image of the class has a greater probability of it than another image, equal ones counting half; nil
  /// where all images or none are of the class.
  public var aucOfClasses: [Double?] { (0..<classes).map { auc(of: $0) } }

  /// The mean of `aucOfClasses` over the classes that have one; for two classes of probabilities that sum to
  /// 1 the usual AUC.
  ///
  /// - Throws: `TrainingError` where the images are all of one class.
  public func auc(_ mean: Mean = .macro) throws(TrainingError) -> Double {
    var (sum, total) = (0.0, 0.0)
    for (index, value) in aucOfClasses.enumerated() {
      guard let value else { continue }
      let weight = mean == .macro ? 1 : Double(labels.count { Int($0) == index })
      sum += weight * value
      total += weight
    }
    guard total > 0 else {
      throw TrainingError(
        .badData, at: "auc", expected: "images of at least two classes", received: "images of one class")
    }
    return sum / total
  }

  private func auc(of index: Int) -> Double? {
    let scores = labels.indices.map { score($0, index) }
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var (ranks, own, start) = (0.0, 0.0, 0)
    while start < order.count {
      // Equal scores share the mean of their ranks.
      var end = start + 1
      while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
      let members = Double(order[start..<end].count { Int(labels[$0]) == index })
      ranks += members * Double(start + 1 + end) / 2
      own += members
      start = end
    }
    let others = Double(order.count) - own
    return own == 0 || others == 0 ? nil : (ranks - own * (own + 1) / 2) / (own * others)
  }

  private func score(_ sample: Int, _ index: Int) -> Float {
    let columns = values.shape[1]
    let value = values.scalars[sample * columns + (columns == 1 ? 0 : index)]
    return columns == 1 && index == 0 ? 1 - value : value
  }
}
