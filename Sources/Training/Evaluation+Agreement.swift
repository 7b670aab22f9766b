extension Evaluation {
  /// What the counts of a confusion matrix are divided by.
  public enum Normalization: String, Sendable, Hashable, CaseIterable {
    /// The images of the true class, so that each row's sum is 1.
    case trueClass
    /// The images taken for the class, so that each column's sum is 1.
    case predictedClass
    /// All images.
    case all
  }

  /// The confusion matrix as parts of its rows, of its columns or of the whole; 0 where there is nothing to
  /// divide by.
  public func confusion(normalizedBy normalization: Normalization) -> [[Double]] {
    let rows = confusion.map { $0.reduce(0, +) }
    let columns = confusion.indices.map { column in confusion.reduce(0) { $0 + $1[column] } }
    return confusion.indices.map { row in
      confusion.indices.map { column in
        let whole =
          switch normalization {
          case .trueClass: rows[row]
          case .predictedClass: columns[column]
          case .all: count
          }
        return Self.ratio(confusion[row][column], whole)
      }
    }
  }

  /// Cohen's kappa: the agreement of predictions and labels beyond chance, (a - e) / (1 - e) with the
  /// accuracy a and the accuracy e of guessing with the same frequencies; 0 where e is 1.
  public var cohenKappa: Double {
    let chance = zip(labelCounts, predictionCounts).reduce(0) { $0 + $1.0 * $1.1 }
    let all = Double(count)
    let rest = all * all - chance
    return rest == 0 ? 0 : (accuracy * all * all - chance) / rest
  }

  /// Matthews's correlation of predictions and labels over all classes (Gorodkin 2004), from -1 to 1; 0
  /// where either has one class only.
  public var matthewsCorrelation: Double {
    let (labels, predictions, all) = (labelCounts, predictionCounts, Double(count))
    func covariance(_ a: [Double], _ b: [Double], agreeing: Double) -> Double {
      agreeing * all - zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let hits = confusion.indices.reduce(0) { $0 + Double(confusion[$1][$1]) }
    let scale =
      covariance(labels, labels, agreeing: all) * covariance(predictions, predictions, agreeing: all)
    return scale == 0 ? 0 : covariance(labels, predictions, agreeing: hits) / scale.squareRoot()
  }

  private var labelCounts: [Double] { confusion.map { Double($0.reduce(0, +)) } }

  private var predictionCounts: [Double] {
    confusion.indices.map { column in Double(confusion.reduce(0) { $0 + $1[column] }) }
  }
}
