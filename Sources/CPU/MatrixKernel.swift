import CMartletKernels
import MartletCompilation

/// A product of matrices, split into tiles of the result; every tile sums in the same fixed order.
struct MatrixKernel: FlatKernel {
  private let step: MatrixStep
  private let m: Int
  private let n: Int
  private let k: Int
  private let a: Operand
  private let b: Operand
  private let bias: Operand?
  private let output: Operand
  private let tileRows: Int
  private let tileColumns: Int
  private let kernels = InstructionSet.kernels
  /// Panels of this depth stay in the first- and second-level cache.
  private static let depth = 256

  init(_ step: MatrixStep, shapes: [[Int]], a: Operand, b: Operand, bias: Operand?, output: Operand) {
    self.step = step
    (m, k) = step.transposeA ? (shapes[0][1], shapes[0][0]) : (shapes[0][0], shapes[0][1])
    n = step.transposeB ? shapes[1][0] : shapes[1][1]
    self.a = a
    self.b = b
    self.bias = bias
    self.output = output
    // Tall results are cut by rows, so that a tile of B is read once; wide ones by columns.
    tileRows = m > 2 * n ? max(48, (m / 32 + 5) / 6 * 6) : min(m, 96)
    tileColumns = m > 2 * n ? n : max(16, (n / 8 + 15) / 16 * 16)
  }

  private var rowTiles: Int { (m + tileRows - 1) / tileRows }
  private var columnTiles: Int { (n + tileColumns - 1) / tileColumns }
  var taskCount: Int { rowTiles * columnTiles }

  func run(task: Int, _ context: Context) {
    let row = task / columnTiles * tileRows
    let column = task % columnTiles * tileColumns
    var gemm = mk_gemm()
    gemm.m = Int32(min(tileRows, m - row))
    gemm.n = Int32(min(tileColumns, n - column))
    (gemm.a_row, gemm.a_column) = step.transposeA ? (1, m) : (k, 1)
    (gemm.b_row, gemm.b_column) = step.transposeB ? (1, k) : (n, 1)
    gemm.c_row = n
    let c = output.floats(context) + row * n + column
    let aTile = a.floats(context) + row * gemm.a_row
    let bTile = b.floats(context) + column * gemm.b_column
    var first = 0
    repeat {
      let count = min(Self.depth, k - first)
      let isLast = first + count == k
      gemm.k = Int32(count)
      gemm.accumulate = first == 0 ? 0 : 1
      gemm.goes_on = isLast ? 0 : 1
      (gemm.activation, gemm.slope) = isLast ? step.epilogue.activation : Epilogue.identity.activation
      kernels.gemm(
        &gemm, aTile + first * gemm.a_column, bTile + first * gemm.b_row,
        isLast ? bias.map { UnsafePointer($0.floats(context) + column) } : nil, c)
      first += count
    } while first < k
  }
}
