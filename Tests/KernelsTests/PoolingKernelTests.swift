import CMartletKernels
import Testing

@Suite struct PoolingKernelTests {
  struct Windows: CustomTestStringConvertible {
    var input: (Int, Int), channels: Int, size: (Int, Int), stride: (Int, Int), pad: (Int, Int)
    var output: (Int, Int)
    var testDescription: String { "\(input)x\(channels) size \(size) stride \(stride) pad \(pad)" }

    func pool(countPadding: Bool = false) -> mk_pool {
      mk_pool(
        rows: Int32(input.0), columns: Int32(input.1), channels: Int32(channels), out_rows: Int32(output.0),
        out_columns: Int32(output.1), size_y: Int32(size.0), size_x: Int32(size.1), stride_y: Int32(stride.0),
        stride_x: Int32(stride.1), pad_top: Int32(pad.0), pad_left: Int32(pad.1),
        count_padding: countPadding ? 1 : 0)
    }

    /// Calls `body` with each output element and the input elements of its window, in scan order.
    func each(_ body: (_ y: Int, _ cells: [Int]) -> Void) {
      for row in 0..<output.0 {
        for column in 0..<output.1 {
          for c in 0..<channels {
            var cells: [Int] = []
            for i in row * stride.0 - pad.0..<row * stride.0 - pad.0 + size.0 where (0..<input.0).contains(i)
            {
              for j in column * stride.1 - pad.1..<column * stride.1 - pad.1 + size.1
              where (0..<input.1).contains(j) {
                cells.append((i * input.1 + j) * channels + c)
              }
            }
            body((row * output.1 + column) * channels + c, cells)
          }
        }
      }
    }
  }
  static let windows: [Windows] = [
    Windows(input: (4, 6), channels: 8, size: (2, 2), stride: (2, 2), pad: (0, 0), output: (2, 3)),
    Windows(input: (7, 7), channels: 17, size: (3, 3), stride: (2, 2), pad: (1, 1), output: (4, 4)),
    Windows(input: (5, 9), channels: 3, size: (2, 2), stride: (1, 1), pad: (0, 0), output: (4, 8)),
    Windows(input: (5, 3), channels: 1, size: (5, 3), stride: (1, 1), pad: (2, 1), output: (5, 3)),
    Windows(input: (6, 5), channels: 20, size: (3, 2), stride: (1, 3), pad: (0, 0), output: (4, 2)),
  ]

  @Test(arguments: instructionSets, windows)
  func maximumEqualsPlainLoops(set: UInt32, windows: Windows) throws {
    let table = try kernels(set)
    var random = Generator(30)
    let count = windows.output.0 * windows.output.1 * windows.channels
    // Few distinct values: ties must go to the first cell.
    let x = random.floats(windows.input.0 * windows.input.1 * windows.channels, in: -2...2).map {
      $0.rounded()
    }
    let dy = random.floats(count)
    var expected = [Double](repeating: 0, count: count)
    var expectedDx = [Double](repeating: 0, count: x.count)
    windows.each { y, cells in
      let most = cells.map { x[$0] }.max()!
      expected[y] = Double(most)
      expectedDx[cells.first { x[$0] == most }!] += Double(dy[y])
    }
    var y = [Float](repeating: 9, count: count)
    var dx = [Float](repeating: 9, count: x.count)
    var pool = windows.pool()
    table.max_pool(&pool, x, &y)
    table.max_pool_gradient(&pool, x, dy, &dx)
    #expect(agree(y, expected, 0))
    #expect(agree(dx, expectedDx))
  }

  @Test(arguments: instructionSets, windows)
  func averageEqualsPlainLoops(set: UInt32, windows: Windows) throws {
    let table = try kernels(set)
    var random = Generator(31)
    let count = windows.output.0 * windows.output.1 * windows.channels
    let x = random.floats(windows.input.0 * windows.input.1 * windows.channels)
    let dy = random.floats(count)
    for countPadding in [false, true] {
      var expected = [Double](repeating: 0, count: count)
      var expectedDx = [Double](repeating: 0, count: x.count)
      windows.each { y, cells in
        let size = Double(countPadding ? windows.size.0 * windows.size.1 : cells.count)
        for cell in cells {
          expected[y] += Double(x[cell]) / size
          expectedDx[cell] += Double(dy[y]) / size
        }
      }
      var y = [Float](repeating: 9, count: count)
      var dx = [Float](repeating: 9, count: x.count)
      var pool = windows.pool(countPadding: countPadding)
      table.average_pool(&pool, x, &y)
      table.average_pool_gradient(&pool, dy, &dx)
      #expect(agree(y, expected))
      #expect(agree(dx, expectedDx))
    }
  }

  @Test(arguments: instructionSets)
  func maximumLetsNotANumberThrough(set: UInt32) throws {
    let table = try kernels(set)
    let windows = Self.windows[0]
    for cell in [0, 1, 6, 7] {
      var x = [Float](repeating: 1, count: 4 * 6 * 8)
      x[cell * 8 + 5] = .nan
      var y = [Float](repeating: 0, count: 2 * 3 * 8)
      var pool = windows.pool()
      table.max_pool(&pool, x, &y)
      #expect(y[5].isNaN && y[4] == 1)
    }
  }
}
