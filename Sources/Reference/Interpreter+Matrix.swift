import MartletGraphs

extension Interpreter {
  func matrix(_ op: MatrixOp, _ x: [Operand], _ shape: [Int]) -> [Scalar] {
    switch op {
    case .multiply(let transposeA, let transposeB):
      let (rows, columns) = (shape[0], shape[1])
      let inner = x[0].shape[transposeA ? 0 : 1]
      let (a, b) = (x[0].numbers, x[1].numbers)
      let (rowStep, innerStepA) = transposeA ? (1, rows) : (inner, 1)
      let (innerStepB, columnStep) = transposeB ? (1, inner) : (columns, 1)
      var result = [Scalar](repeating: 0, count: rows * columns)
      for row in 0..<rows {
        for index in 0..<inner {
          let factor = a[row * rowStep + index * innerStepA]
          for column in 0..<columns {
            result[row * columns + column] += factor * b[index * innerStepB + column * columnStep]
          }
        }
      }
      return result
    }
  }
}
