import MartletGraphs

extension Interpreter {
  func pooling(_ op: PoolingOp, _ x: [Operand], _ shape: [Int]) -> [Scalar] {
    var result = [Scalar](repeating: 0, count: shape.reduce(1, *))
    switch op {
    case .max(let window):
      let input = x[0].numbers
      forEachWindow(window, x[0].shape, shape) { output, cells in
        result[output] = firstMaximum(input, cells).map { input[$0] } ?? -.infinity
      }
    case .maxGradient(let window):
      let (input, dy) = (x[0].numbers, x[1].numbers)
      forEachWindow(window, x[0].shape, x[1].shape) { output, cells in
        if let winner = firstMaximum(input, cells) { result[winner] += dy[output] }
      }
    case .average(let window):
      let input = x[0].numbers
      forEachWindow(window, x[0].shape, shape) { output, cells in
        guard !cells.isEmpty else { return }
        let sum = cells.reduce(Scalar(0)) { $0 + input[$1] }
        result[output] = sum / Scalar(divisor(window, cells))
      }
    case .averageGradient(let window, let inputShape):
      let dy = x[0].numbers
      forEachWindow(window, inputShape, x[0].shape) { output, cells in
        for cell in cells { result[cell] += dy[output] / Scalar(divisor(window, cells)) }
      }
    }
    return result
  }

  /// The first of the largest cells in scan order; a cell that is not a number counts as the largest.
  private func firstMaximum(_ input: [Scalar], _ cells: [Int]) -> Int? {
    guard var best = cells.first else { return nil }
    for cell in cells where input[cell] > input[best] || (input[cell].isNaN && !input[best].isNaN) {
      best = cell
    }
    return best
  }

  private func divisor(_ window: PoolingWindow, _ cells: [Int]) -> Int {
    window.countsPadding ? window.size.height * window.size.width : cells.count
  }

  /// Visits every output element with the input elements of its window, padding left out.
  private func forEachWindow(
    _ window: PoolingWindow, _ x: [Int], _ y: [Int], _ body: (_ output: Int, _ cells: [Int]) -> Void
  ) {
    var cells: [Int] = []
    for output in 0..<y.reduce(1, *) {
      let channel = output % y[3]
      let firstColumn = output / y[3] % y[2] * window.stride.width - window.padding.left
      let firstRow = output / (y[3] * y[2]) % y[1] * window.stride.height - window.padding.top
      let image = output / (y[3] * y[2] * y[1])
      cells.removeAll(keepingCapacity: true)
      for row in max(firstRow, 0)..<max(min(firstRow + window.size.height, x[1]), max(firstRow, 0)) {
        for column in max(
          firstColumn, 0)..<max(min(firstColumn + window.size.width, x[2]), max(firstColumn, 0))
        {
          cells.append(((image * x[1] + row) * x[2] + column) * x[3] + channel)
        }
      }
      body(output, cells)
    }
  }
}
