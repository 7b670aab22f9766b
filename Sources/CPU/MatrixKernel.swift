import CMartletKernels
import MartletCompilation

/// A product of matrices; every part of the result sums in the same fixed order, however it is cut.
struct MatrixProduct {
  let m: Int
  let n: Int
  private let k: Int
  private let step: MatrixStep
  private let b: Operand
  private let bias: Operand?
  /// Where b is packed: the columns of its blocks.
  private let blocks: FilterBlocks?
  private let kernels = InstructionSet.kernels
  /// Panels of this depth stay in the first- and second-level cache.
  private static let depth = 256

  /// - Parameters:
  ///   - shapes: Those of a and b.
  ///   - packedAs: The blocks of `WeightPacking.Order.turnedRows`, where b is packed so.
  init(_ step: MatrixStep, shapes: [[Int]], b: Operand, bias: Operand?, packedAs blocks: FilterBlocks? = nil)
  {
    self.step = step
    (m, k) = step.transposeA ? (shapes[0][1], shapes[0][0]) : (shapes[0][0], shapes[0][1])
    n = step.transposeB ? shapes[1][0] : shapes[1][1]
    self.b = b
    self.bias = bias
    self.blocks = blocks
  }

  /// Floats from one row of a to the next.
  var aRow: Int { step.transposeA ? 1 : k }

  /// The parts of the columns that one call computes.
  var columnBlocks: Int { blocks?.count ?? 1 }
  func columns(ofBlock block: Int) -> Range<Int> { blocks?.range(block) ?? 0..<n }

  /// Where these columns of b begin, and the floats to its next row and column.
  private func b(_ columns: Range<Int>, _ context: Context) -> (UnsafePointer<Float>, row: Int, column: Int) {
    let first = UnsafePointer(b.floats(context))
    if let blocks {
      let place = blocks.offset(columns.lowerBound / blocks.size)
      return (first + place, padded(columns.count), 1)
    }
    let (row, column) = step.transposeB ? (1, k) : (n, 1)
    return (first + columns.lowerBound * column, row, column)
  }

  /// Computes `rows` rows of some columns, of a block where b is packed.
  ///
  /// - Parameters:
  ///   - a: The first of these rows of a.
  ///   - c: The first element of the result.
  func multiply(
    rows: Int, columns: Range<Int>, a: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
    _ context: Context
  ) {
    var gemm = mk_gemm()
    gemm.m = Int32(rows)
    gemm.n = Int32(columns.count)
    (gemm.a_row, gemm.a_column) = step.transposeA ? (1, m) : (k, 1)
    gemm.c_row = n
    let (b, bRow, bColumn) = b(columns, context)
    (gemm.b_row, gemm.b_column) = (bRow, bColumn)
    var first = 0
    repeat {
      let count = min(Self.depth, k - first)
      let isLast = first + count == k
      gemm.k = Int32(count)
      gemm.accumulate = first == 0 ? 0 : 1
      gemm.goes_on = isLast ? 0 : 1
      (gemm.activation, gemm.slope) = isLast ? step.epilogue.activation : Epilogue.identity.activation
      kernels.gemm(
        &gemm, a + first * gemm.a_column, b + first * gemm.b_row,
        isLast ? bias.map { UnsafePointer($0.floats(context) + columns.lowerBound) } : nil, c)
      first += count
    } while first < k
  }
}

/// A product of whole matrices, split into tiles of the result.
struct MatrixKernel: FlatKernel {
  private let product: MatrixProduct
  private let a: Operand
  private let output: Operand
  private let tileRows: Int
  private let tileColumns: Int

  init(_ product: MatrixProduct, a: Operand, output: Operand) {
    self.product = product
    self.a = a
    self.output = output
    let (m, n) = (product.m, product.n)
    // Tall results are cut by rows, so that a tile of B is read once; wide ones by columns.
    tileRows = m > 2 * n ? max(48, (m / 32 + 5) / 6 * 6) : min(m, 96)
    tileColumns = m > 2 * n ? n : max(16, (n / 8 + 15) / 16 * 16)
  }

  private var rowTiles: Int { (product.m + tileRows - 1) / tileRows }
  private var columnTiles: Int { (product.n + tileColumns - 1) / tileColumns }
  var taskCount: Int { rowTiles * columnTiles }

  func run(task: Int, _ context: Context) {
    let row = task / columnTiles * tileRows
    let column = task % columnTiles * tileColumns
    product.multiply(
      rows: min(tileRows, product.m - row), columns: column..<min(column + tileColumns, product.n),
      a: a.floats(context) + row * product.aRow, c: output.floats(context) + row * product.n + column, context
    )
  }
}

/// The same for some images of a batch, each a row.
struct ImageMatrixKernel: ImageKernel {
  let product: MatrixProduct
  let a: Operand
  let output: Operand

  func run(_ images: Range<Int>, shard: Int, _ context: Context) {
    let a = a.floats(context, image: images.lowerBound)
    let c = output.floats(context, image: images.lowerBound)
    for block in 0..<product.columnBlocks {
      let columns = product.columns(ofBlock: block)
      product.multiply(rows: images.count, columns: columns, a: a, c: c + columns.lowerBound, context)
    }
  }
}
