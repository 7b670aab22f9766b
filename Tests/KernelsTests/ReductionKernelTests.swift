import CMartletKernels
import Testing

@Suite struct ReductionKernelTests {
  static let extents: [(Int, Int)] = [
    (1, 1), (5, 3), (17, 8), (64, 17), (200, 32), (3, 1000), (65, 5), (130, 24),
  ]

  @Test(arguments: instructionSets, extents)
  func sumsAndMaximaEqualPlainLoops(set: UInt32, extent: (Int, Int)) throws {
    let table = try kernels(set)
    var random = Generator(40)
    let (rows, n) = extent
    let stride = n + 2
    let x = random.floats(rows * stride)
    let start = random.floats(n)
    let column = { (c: Int) in (0..<rows).map { Double(x[$0 * stride + c]) } }
    let row = { (r: Int) in (0..<n).map { Double(x[r * stride + $0]) } }
    for accumulate in [false, true] {
      var sums = start
      var maxima = start
      table.sum_rows(x, rows, Int32(n), stride, accumulate ? 1 : 0, &sums)
      table.max_rows(x, rows, Int32(n), stride, accumulate ? 1 : 0, &maxima)
      #expect(
        agree(sums, (0..<n).map { column($0).reduce(0, +) + (accumulate ? Double(start[$0]) : 0) }, 2e-6))
      let most = (0..<n).map { max(column($0).max()!, accumulate ? Double(start[$0]) : -.infinity) }
      #expect(agree(maxima, most, 0))
    }
    var sums = [Float](repeating: 9, count: rows)
    var maxima = sums
    table.sum_columns(x, rows, Int32(n), stride, &sums)
    table.max_columns(x, rows, Int32(n), stride, &maxima)
    #expect(agree(sums, (0..<rows).map { row($0).reduce(0, +) }, 2e-6))
    #expect(agree(maxima, (0..<rows).map { row($0).max()! }, 0))
  }

  @Test(arguments: instructionSets, extents)
  func momentsEqualPlainLoops(set: UInt32, extent: (Int, Int)) throws {
    let table = try kernels(set)
    var random = Generator(41)
    let (rows, n) = extent
    let x = random.floats(rows * n)
    let dy = random.floats(rows * n)
    let mean = random.floats(n)
    let scale = random.floats(n)
    var moments = [Double](repeating: 1, count: 2 * n)
    var gradients = moments
    var expected = moments
    var expectedGradients = moments
    for place in 0..<rows * n {
      let c = place % n
      expected[c] += Double(x[place])
      expected[n + c] += Double(x[place]) * Double(x[place])
      expectedGradients[c] += Double(dy[place])
      expectedGradients[n + c] += Double(dy[place]) * Double((x[place] - mean[c]) * scale[c])
    }
    table.moment_sums(x, rows, Int32(n), &moments)
    table.norm_gradient_sums(dy, x, mean, scale, nil, rows, Int32(n), &gradients)
    for i in 0..<2 * n {
      #expect(abs(moments[i] - expected[i]) < 1e-11)
      #expect(abs(gradients[i] - expectedGradients[i]) < 2e-7 * Double(rows).squareRoot() + 1e-6)
    }
    let squares = x.reduce(0) { $0 + Double($1) * Double($1) }
    let magnitudes = x.reduce(0) { $0 + Double(abs($1)) }
    #expect(abs(table.sum_of_squares(x, x.count) - squares) < 1e-10)
    #expect(abs(table.sum_of_magnitudes(x, x.count) - magnitudes) < 1e-10)
  }

  @Test(arguments: instructionSets)
  func partialsAreSummedInATree(set: UInt32) throws {
    let table = try kernels(set)
    var random = Generator(42)
    for parts in [1, 2, 3, 5, 8, 13, 63, 64] {
      for count in [1, 7, 16, 37] {
        let stride = count + 1
        let partials = random.floats(parts * stride)
        // Pairs of equal complete subtrees, then what is left from the last to the first.
        let expected: [Float] = (0..<count).map { i in
          var waiting: [(sum: Float, parts: Int)] = []
          for p in 0..<parts {
            waiting.append((partials[p * stride + i], 1))
            while waiting.count > 1, waiting[waiting.count - 2].parts == waiting[waiting.count - 1].parts {
              let last = waiting.removeLast()
              waiting[waiting.count - 1].sum += last.sum
              waiting[waiting.count - 1].parts *= 2
            }
          }
          while waiting.count > 1 {
            let last = waiting.removeLast()
            waiting[waiting.count - 1].sum += last.sum
          }
          return waiting[0].sum
        }
        var out = [Float](repeating: 9, count: count)
        table.sum_partials(partials, Int32(parts), stride, count, &out)
        #expect(out == expected)
        let doubles = partials.map(Double.init)
        var outDouble = [Double](repeating: 9, count: count)
        table.sum_partials_double(doubles, Int32(parts), stride, count, &outDouble)
        for i in 0..<count { #expect(abs(outDouble[i] - Double(expected[i])) < 1e-5) }
      }
    }
  }

  @Test(arguments: instructionSets)
  func reductionsLetNotANumberThrough(set: UInt32) throws {
    let table = try kernels(set)
    for place in 0..<19 {
      var x = [Float](repeating: 1, count: 19)
      x[place] = .nan
      var out: [Float] = [0]
      table.max_columns(x, 1, 19, 19, &out)
      #expect(out[0].isNaN)
      table.max_rows(x, 19, 1, 1, 0, &out)
      #expect(out[0].isNaN)
      #expect(table.sum_of_squares(x, 19).isNaN)
    }
  }
}
