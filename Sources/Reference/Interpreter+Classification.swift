import MartletGraphs

extension Interpreter {
  func classification(_ op: ClassificationOp, _ x: [Operand], _ shape: [Int]) -> [Scalar] {
    switch op {
    case .softmax: return rows(x[0]).flatMap(softmax)
    case .softmaxGradient:
      return zip(rows(x[0]), rows(x[1])).flatMap { y, dy in
        let mean = zip(y, dy).reduce(Scalar(0)) { $0 + $1.0 * $1.1 }
        return zip(y, dy).map { $0 * ($1 - mean) }
      }
    case .crossEntropy(let encoding):
      return zip(rows(x[0]), targets(x[1], encoding, x[0].shape[1])).map { scores, targets in
        // Σt·log Σeˣ - Σt·x; targets that do not sum to 1 are weights. A target of 0 asks nothing of its
        // score, be it infinite.
        let total = targets.reduce(0, +)
        let wanted = zip(targets, scores).reduce(Scalar(0)) { $1.0 == 0 ? $0 : $0 + $1.0 * $1.1 }
        return total * logSumExp(scores) - wanted
      }
    case .crossEntropyGradient(let encoding):
      let rows = zip(rows(x[0]), targets(x[1], encoding, x[0].shape[1]))
      return zip(rows, x[2].numbers).flatMap { row, dy in
        let (scores, targets) = row
        let total = targets.reduce(0, +)
        return zip(softmax(scores), targets).map { dy * (total * $0 - $1) }
      }
    case .argmax:
      return rows(x[0]).map { row in
        Scalar(row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 })
      }
    case .oneHot(let classes):
      return x[0].value.labels.flatMap { label in (0..<classes).map { $0 == label ? 1 : 0 } }
    }
  }

  private func rows(_ x: Operand) -> [[Scalar]] {
    let numbers = x.numbers
    return (0..<x.shape[0]).map { Array(numbers[$0 * x.shape[1]..<($0 + 1) * x.shape[1]]) }
  }

  private func softmax(_ scores: [Scalar]) -> [Scalar] {
    let largest = scores.max() ?? 0
    let powers = scores.map { ($0 - largest).exponential }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  private func logSumExp(_ scores: [Scalar]) -> Scalar {
    let largest = scores.max() ?? 0
    return largest + scores.reduce(Scalar(0)) { $0 + ($1 - largest).exponential }.logarithm
  }

  /// A row of target weights for each sample; a label out of range gives a row that is not a number.
  private func targets(_ x: Operand, _ encoding: TargetEncoding, _ classes: Int) -> [[Scalar]] {
    switch encoding {
    case .dense: return rows(x)
    case .sparse:
      return x.value.labels.map { label in
        guard (0..<classes).contains(label) else { return [Scalar](repeating: .nan, count: classes) }
        return (0..<classes).map { $0 == label ? 1 : 0 }
      }
    }
  }
}
