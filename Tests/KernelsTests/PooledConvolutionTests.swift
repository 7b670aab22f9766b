import CMartletKernels
import Testing

/// Plain loops for convolution + bias + ReLU + 2x2 max pooling and the gradient that reaches the convolution.
private struct PooledReference {
  let shape: Shape
  var pooled: (Int, Int) { (shape.output.0 / 2, shape.output.1 / 2) }
  var pooledCount: Int { pooled.0 * pooled.1 * shape.filters }

  /// Pooled values and mask bytes of convolution outputs.
  func pool(_ y: [Double]) -> (values: [Double], mask: [UInt8]) {
    var values: [Double] = []
    var mask: [UInt8] = []
    for row in 0..<pooled.0 {
      for column in 0..<pooled.1 {
        for k in 0..<shape.filters {
          let cells = (0..<4).map { cell in
            y[((2 * row + cell / 2) * shape.output.1 + 2 * column + cell % 2) * shape.filters + k]
          }
          let most = cells.max()!
          values.append(max(most, 0))
          mask.append(UInt8(cells.firstIndex(of: most)!) | (most <= 0 ? 4 : 0))
        }
      }
    }
    return (values, mask)
  }

  /// The gradient before pooling and ReLU.
  func unpool(_ dy: [Float], _ mask: [UInt8]) -> [Double] {
    var result = [Double](repeating: 0, count: shape.outputCount)
    for row in 0..<pooled.0 {
      for column in 0..<pooled.1 {
        for k in 0..<shape.filters {
          let place = (row * pooled.1 + column) * shape.filters + k
          if mask[place] >= 4 { continue }
          let cell = Int(mask[place])
          let pixel = (2 * row + cell / 2) * shape.output.1 + 2 * column + cell % 2
          result[pixel * shape.filters + k] = Double(dy[place])
        }
      }
    }
    return result
  }

  /// A gradient with zeros and a mask of every kind.
  func gradient(_ random: inout Generator) -> (dy: [Float], mask: [UInt8]) {
    let mask = (0..<pooledCount).map { _ in UInt8.random(in: 0...7, using: &random) }
    let dy = random.floats(pooledCount).map { $0 > 0.8 ? 0 : $0 }
    return (dy, mask)
  }
}

@Suite struct PooledConvolutionTests {
  static let tiny: [Shape] = [
    Shape(taps: (3, 3), channels: 1, filters: 32, output: (8, 8)),
    Shape(taps: (3, 3), channels: 3, filters: 8, output: (7, 11)),
    Shape(taps: (5, 5), channels: 1, filters: 16, output: (6, 10)),
    Shape(taps: (5, 5), channels: 3, filters: 8, output: (4, 6)),
    Shape(taps: (4, 4), channels: 1, filters: 8, output: (9, 9)),
    Shape(taps: (4, 4), channels: 3, filters: 24, output: (5, 6)),
    Shape(taps: (2, 7), channels: 2, filters: 8, output: (5, 7)),
    Shape(taps: (7, 13), channels: 4, filters: 8, output: (2, 3)),
    Shape(taps: (1, 1), channels: 4, filters: 8, output: (4, 5)),
  ]
  static let sparse: [Shape] = [
    Shape(taps: (3, 3), channels: 32, filters: 17, output: (14, 14)),
    Shape(taps: (5, 5), channels: 8, filters: 5, output: (9, 7)),
    Shape(taps: (4, 4), channels: 64, filters: 3, output: (6, 6)),
    Shape(taps: (3, 3), channels: 16, filters: 8, output: (7, 5), groups: 2),
    Shape(taps: (2, 3), channels: 8, filters: 1, output: (5, 12)),
  ]

  @Test(arguments: instructionSets, tiny)
  func tinyForwardEqualsPlainLoops(set: UInt32, shape: Shape) throws {
    let table = try kernels(set)
    var random = Generator(4)
    let reference = PooledReference(shape: shape)
    // Small integers make every sum exact, so that the mask is exact too, ties included.
    let x = random.floats(shape.inputCount, in: -3...3).map { $0.rounded() }
    let weights = random.floats(shape.weightRows * shape.filters, in: -2...2).map { $0.rounded() }
    let bias = random.floats(shape.filters, in: -9...9).map { $0.rounded() }
    var sums = (0..<shape.outputCount).map { Double(bias[$0 % shape.filters]) }
    shape.eachProduct { from, row, to in
      for k in 0..<shape.filters { sums[to + k] += Double(x[from] * weights[row * shape.filters + k]) }
    }
    let expected = reference.pool(sums)
    var y = [Float](repeating: -1, count: reference.pooledCount)
    var mask = [UInt8](repeating: 99, count: reference.pooledCount)
    var conv = shape.conv
    table.tiny_pool_forward(&conv, x, weights, bias, &y, &mask)
    #expect(y.map(Double.init) == expected.values)
    #expect(mask == expected.mask)

    let float = sums.map { Float($0) }
    var rowsY = y.map { _ in Float(-1) }
    var rowsMask = mask.map { _ in UInt8(99) }
    var plainY = rowsY
    let (rows, columns) = reference.pooled
    float.withUnsafeBufferPointer { from in
      for row in 0..<rows {
        let top = from.baseAddress! + 2 * row * conv.y_row
        let at = row * columns * shape.filters
        rowsY.withUnsafeMutableBufferPointer { y in
          rowsMask.withUnsafeMutableBufferPointer { mask in
            table.relu_pool_rows(
              top, top + conv.y_row, Int32(columns), conv.filters, y.baseAddress! + at, mask.baseAddress! + at
            )
          }
        }
        plainY.withUnsafeMutableBufferPointer { y in
          table.pool_rows(
            top, top + conv.y_row, Int32(columns), conv.filters, Int32(MK_RELU.rawValue), 0,
            y.baseAddress! + at)
        }
      }
    }
    #expect(rowsY == y)
    #expect(rowsMask == mask)
    #expect(plainY == y)
  }

  @Test(arguments: instructionSets, tiny)
  func tinyGradientEqualsPlainLoops(set: UInt32, shape: Shape) throws {
    let table = try kernels(set)
    var random = Generator(5)
    let reference = PooledReference(shape: shape)
    let x = random.floats(shape.inputCount)
    let (dy, mask) = reference.gradient(&random)
    let full = reference.unpool(dy, mask)
    var gradient = random.floats(shape.weightRows * shape.filters)
    var bias = random.floats(shape.filters)
    var expected = gradient.map(Double.init)
    var expectedBias = bias.map(Double.init)
    shape.eachProduct { from, row, to in
      for k in 0..<shape.filters { expected[row * shape.filters + k] += Double(x[from]) * full[to + k] }
    }
    for (place, value) in full.enumerated() { expectedBias[place % shape.filters] += value }
    var conv = shape.conv
    table.tiny_pool_kernel_gradient(&conv, x, dy, mask, &gradient, &bias)
    #expect(agree(gradient, expected))
    #expect(agree(bias, expectedBias))
  }

  @Test(arguments: instructionSets, sparse)
  func sparseBackwardEqualsPlainLoops(set: UInt32, shape: Shape) throws {
    let table = try kernels(set)
    var random = Generator(6)
    var reference = PooledReference(shape: shape)
    if shape.groups > 1 {
      // The kernels see one group's dense gradient beside an input that holds all groups.
      var one = shape
      one.groups = 1
      reference = PooledReference(shape: one)
    }
    let x = random.floats(shape.inputCount)
    let weights = random.floats(shape.filters * shape.weightRows)
    let (dy, mask) = reference.gradient(&random)
    let full = reference.unpool(dy, mask)
    var gradient = random.floats(weights.count)
    var bias = random.floats(shape.filters)
    var dx = random.floats(shape.inputCount)
    var expected = gradient.map(Double.init)
    var expectedBias = bias.map(Double.init)
    var expectedDx = dx.map(Double.init)
    shape.eachProduct { from, row, to in
      for k in 0..<shape.filters {
        let value = full[to / shape.groups + k]
        expected[k * shape.weightRows + row] += Double(x[from]) * value
        expectedDx[from] += Double(weights[k * shape.weightRows + row]) * value
      }
    }
    for (place, value) in full.enumerated() { expectedBias[place % shape.filters] += value }

    let stripRows = 2
    let (rows, columns) = reference.pooled
    let strips = (rows + stripRows - 1) / stripRows
    let capacity = stripRows * columns
    var list = [mk_entry](repeating: mk_entry(), count: strips * shape.filters * capacity)
    var count = [Int32](repeating: -1, count: strips * shape.filters)
    var conv = shape.conv
    table.sparse_lists_by_filter(&conv, dy, mask, Int32(stripRows), Int32(capacity), &list, &count)
    table.sparse_kernel_gradient(&conv, x, Int32(stripRows), Int32(capacity), list, count, &gradient, &bias)
    #expect(agree(gradient, expected))
    #expect(agree(bias, expectedBias))

    let positions = shape.output.0 * shape.output.1
    list = [mk_entry](repeating: mk_entry(), count: positions * shape.filters)
    count = [Int32](repeating: -1, count: positions)
    table.sparse_lists_by_position(&conv, dy, mask, &list, &count)
    table.sparse_input_gradient(&conv, weights, list, count, &dx)
    #expect(agree(dx, expectedDx))
    #expect(count.reduce(0, +) == Int32(full.filter { $0 != 0 }.count))
  }

  @Test(arguments: instructionSets)
  func aNotANumberIsNeverHidden(set: UInt32) throws {
    let table = try kernels(set)
    for cell in 0..<4 {
      for others in [Float(-1), 1, .infinity, -.infinity] {
        var cells = [Float](repeating: others, count: 4 * 8)
        cells[cell * 8 + 3] = .nan
        var y = [Float](repeating: 0, count: 8)
        var mask = [UInt8](repeating: 0, count: 8)
        table.relu_pool_rows(cells, Array(cells[16...]), 1, 8, &y, &mask)
        #expect(y[3].isNaN)
        #expect(mask[3] < 4)
        #expect(y[2] == max(others, 0))
        table.pool_rows(cells, Array(cells[16...]), 1, 8, Int32(MK_LEAKY_RELU.rawValue), 0.5, &y)
        #expect(y[3].isNaN)
        #expect(y[2] == (others > 0 ? others : 0.5 * others))
      }
    }
  }
}
