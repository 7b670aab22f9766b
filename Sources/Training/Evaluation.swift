/// How well a network classifies a data set.
public struct Evaluation: Sendable, Equatable {
  /// The scores of one class.
  public struct ClassScore: Sendable, Equatable {
    /// The class's name.
    public let name: String
    /// The part of the images taken for this class that belong to it; 0 where none was.
    public let precision: Double
    /// The part of the class's images that were recognized; 0 where it has none.
    public let recall: Double
    /// The harmonic mean of precision and recall; 0 where both are.
    public let f1: Double
    /// The number of the class's images.
    public let support: Int
  }

  /// Means of the classes' scores.
  public struct Average: Sendable, Equatable {
    /// The mean precision.
    public let precision: Double
    /// The mean recall.
    public let recall: Double
    /// The mean F1.
    public let f1: Double
  }

  /// The mean loss of the images, penalties included.
  public let loss: Double
  /// The part of the images classified rightly.
  public let accuracy: Double
  /// The number of images.
  public let count: Int
  /// The number of images by true class (row) and predicted class (column).
  public let confusion: [[Int]]
  /// The scores of each class.
  public let perClass: [ClassScore]
  /// Means over the classes, weighted by their images.
  public let weighted: Average
  /// Means over the classes, each counting the same; a class without images and predictions counts 0.
  public let macro: Average
  /// The scores over all images, whatever their class: each equals the accuracy.
  public var micro: Average { Average(precision: accuracy, recall: accuracy, f1: accuracy) }
  /// The predicted class of each image, in the data's order.
  public let predictions: [Int]
  /// The means of the metrics asked for, by name.
  public let metrics: [String: Double]

  /// Computes the scores of predictions.
  package init(
    loss: Double, labels: [Int32], predictions: [Int], classNames: [String], metrics: [String: Double] = [:]
  ) {
    precondition(
      labels.count == predictions.count, "\(labels.count) labels, \(predictions.count) predictions")
    let classes = classNames.count
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    for (label, prediction) in zip(labels, predictions) { confusion[Int(label)][prediction] += 1 }
    let perClass = classNames.enumerated().map { index, name in
      let hits = confusion[index][index]
      return ClassScore(
        name: name, hits: hits, predicted: confusion.reduce(0) { $0 + $1[index] },
        support: confusion[index].reduce(0, +))
    }
    self.loss = loss
    count = labels.count
    accuracy = Self.ratio(confusion.indices.reduce(0) { $0 + confusion[$1][$1] }, labels.count)
    self.confusion = confusion
    self.perClass = perClass
    weighted = Average(perClass) { Double($0.support) }
    macro = Average(perClass) { _ in 1 }
    self.predictions = predictions
    self.metrics = metrics
  }

  static func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }
}

extension Evaluation.ClassScore {
  fileprivate init(name: String, hits: Int, predicted: Int, support: Int) {
    self.name = name
    precision = Evaluation.ratio(hits, predicted)
    recall = Evaluation.ratio(hits, support)
    // 2·hits / (predicted + support) equals 2·p·r / (p + r).
    f1 = Evaluation.ratio(2 * hits, predicted + support)
    self.support = support
  }
}

extension Evaluation.Average {
  fileprivate init(_ scores: [Evaluation.ClassScore], weight: (Evaluation.ClassScore) -> Double) {
    let total = scores.reduce(0) { $0 + weight($1) }
    func mean(_ value: (Evaluation.ClassScore) -> Double) -> Double {
      total == 0 ? 0 : scores.reduce(0) { $0 + weight($1) * value($1) } / total
    }
    precision = mean(\.precision)
    recall = mean(\.recall)
    f1 = mean(\.f1)
  }
}
