import CMartletKernels
import Testing

@Suite struct MatrixKernelTests {
  struct Sizes: CustomTestStringConvertible {
    var m: Int, n: Int, k: Int
    var testDescription: String { "\(m)x\(n)x\(k)" }
  }
  static let sizes: [Sizes] = [
    Sizes(m: 1, n: 1, k: 1), Sizes(m: 3, n: 5, k: 17), Sizes(m: 17, n: 10, k: 128),
    Sizes(m: 6, n: 16, k: 300),
    Sizes(m: 13, n: 70, k: 33), Sizes(m: 64, n: 24, k: 513), Sizes(m: 9, n: 129, k: 5),
    Sizes(m: 2, n: 8, k: 700),
    Sizes(m: 30, n: 40, k: 1), Sizes(m: 5, n: 3, k: 0),
  ]

  @Test(arguments: instructionSets, sizes)
  func productEqualsPlainLoops(set: UInt32, sizes: Sizes) throws {
    let table = try kernels(set)
    let (m, n, k) = (sizes.m, sizes.n, sizes.k)
    var random = Generator(10)
    let bias = random.floats(n)
    let spare = 3  // every leading extent is longer than it need be
    for variant in 0..<8 {
      let (transposeA, transposeB, accumulate) = (variant & 1 != 0, variant & 2 != 0, variant & 4 != 0)
      let aRow = transposeA ? 1 : k + spare
      let aColumn = transposeA ? m + spare : 1
      let bRow = transposeB ? 1 : n + spare
      let bColumn = transposeB ? k + spare : 1
      let a = random.floats((m + spare) * (k + spare))
      let b = random.floats((n + spare) * (k + spare))
      var c = random.floats(m * (n + spare))
      var expected = c.map(Double.init)
      for row in 0..<m {
        for column in 0..<n {
          let place = row * (n + spare) + column
          var sum = Double(bias[column]) + (accumulate ? expected[place] : 0)
          for i in 0..<k {
            sum += Double(a[row * aRow + i * aColumn]) * Double(b[i * bRow + column * bColumn])
          }
          expected[place] = max(sum, 0)
        }
      }
      var gemm = mk_gemm(
        m: Int32(m), n: Int32(n), k: Int32(k), a_row: aRow, a_column: aColumn, b_row: bRow, b_column: bColumn,
        c_row: n + spare, accumulate: accumulate ? 1 : 0, activation: Int32(MK_RELU.rawValue), slope: 0,
        goes_on: 0)
      table.gemm(&gemm, a, b, bias, &c)
      #expect(agree(c, expected), "variant \(variant)")
    }
  }

  /// A single sample's product, and that the weights beyond the last unit are not looked at.
  @Test(arguments: instructionSets, sizes)
  func oneSampleEqualsPlainLoops(set: UInt32, sizes: Sizes) throws {
    let table = try kernels(set)
    let (n, k) = (sizes.n, sizes.k)
    let row = (n + 7) / 8 * 8
    var random = Generator(12)
    let (x, bias) = (random.floats(max(k, 1)), random.floats(n))
    var weights = random.floats(max(k, 1) * row)
    for i in 0..<k { for unit in n..<row { weights[i * row + unit] = 1e30 } }
    var y = [Float](repeating: 7, count: n + 1)
    for hasBias in [false, true] {
      let expected = (0..<n).map { unit in
        let sum = (0..<k).reduce(hasBias ? Double(bias[unit]) : 0) {
          $0 + Double(x[$1]) * Double(weights[$1 * row + unit])
        }
        return max(sum, 0)
      }
      bias.withUnsafeBufferPointer {
        table.dense_one(
          x, Int32(k), weights, row, Int32(n), hasBias ? $0.baseAddress : nil, Int32(MK_RELU.rawValue), 0, &y)
      }
      #expect(agree(Array(y[..<n]), expected))
      #expect(y[n] == 7)
    }
  }

  @Test(arguments: instructionSets)
  func rowsDoNotDependOnTheNumberOfRows(set: UInt32) throws {
    let table = try kernels(set)
    var random = Generator(11)
    let (m, n, k) = (23, 37, 311)
    let a = random.floats(m * k)
    let b = random.floats(k * n)
    var whole = [Float](repeating: 0, count: m * n)
    var gemm = mk_gemm(
      m: Int32(m), n: Int32(n), k: Int32(k), a_row: k, a_column: 1, b_row: n, b_column: 1, c_row: n,
      accumulate: 0,
      activation: 0, slope: 0, goes_on: 0)
    table.gemm(&gemm, a, b, nil, &whole)
    gemm.m = 1
    for row in 0..<m {
      var c = [Float](repeating: 0, count: n)
      table.gemm(&gemm, Array(a[(row * k)...]), b, nil, &c)
      #expect(c == Array(whole[row * n..<(row + 1) * n]))
    }
  }

  @Test(arguments: instructionSets)
  func transposes(set: UInt32) throws {
    let table = try kernels(set)
    var random = Generator(12)
    for (rows, columns) in [(1, 1), (3, 5), (8, 8), (17, 9), (16, 33), (5, 40)] {
      let x = random.floats(rows * (columns + 2))
      var out = [Float](repeating: 7, count: columns * (rows + 1))
      var expected = out
      for row in 0..<rows {
        for column in 0..<columns { expected[column * (rows + 1) + row] = x[row * (columns + 2) + column] }
      }
      table.transpose(x, Int32(rows), Int32(columns), columns + 2, rows + 1, &out)
      #expect(out == expected)
    }
  }
}
