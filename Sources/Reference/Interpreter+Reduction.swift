import MartletGraphs

extension Interpreter {
  func reduction(_ op: ReductionOp, _ x: Operand, _ shape: [Int]) -> [Scalar] {
    let input = x.numbers
    let kept = x.shape.indices.map { op.axes.contains($0) ? 1 : x.shape[$0] }
    // Where each input element goes: the way a broadcast would have taken, backwards.
    let targets = indices(broadcasting: kept, to: x.shape)
    let count = kept.reduce(1, *)
    switch op.kind {
    case .sum: return sums(input, targets, count)
    case .mean:
      let size = Scalar(op.axes.reduce(1) { $0 * x.shape[$1] })
      return sums(input, targets, count).map { $0 / size }
    case .max:
      var result = [Scalar](repeating: -.infinity, count: count)
      for (element, target) in zip(input, targets) where element > result[target] || element.isNaN {
        result[target] = element
      }
      return result
    case .norm2: return sums(input.map { $0 * $0 }, targets, count).map { $0.squareRoot() }
    }
  }

  private func sums(_ input: [Scalar], _ targets: [Int], _ count: Int) -> [Scalar] {
    var result = [Scalar](repeating: 0, count: count)
    for (element, target) in zip(input, targets) { result[target] += element }
    return result
  }
}
