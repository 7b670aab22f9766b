import CMartletKernels
import Testing

/// The way back through normalization and a rectifier, against plain loops.
@Suite struct NormalizedGradientKernelTests {
  @Test(arguments: instructionSets, [(1, 1), (7, 3), (200, 8), (65, 17), (31, 40), (130, 300)])
  func equalsPlainLoops(set: UInt32, extent: (Int, Int)) throws {
    let table = try kernels(set)
    let (rows, n) = extent
    var random = Generator(UInt64(rows * 1000 + n))
    let (x, dy) = (random.floats(rows * n, in: -2...2), random.floats(rows * n))
    let (scale, shift) = (random.floats(n, in: -1...2), random.floats(n))
    let (mean, inverse) = (random.floats(n), random.floats(n, in: 0.5...2))
    let (offset, bend) = (random.floats(n), random.floats(n))
    var sums = [Double](repeating: 0.5, count: 2 * n)
    var dx = [Float](repeating: 9, count: rows * n)
    scale.withUnsafeBufferPointer { scale in
      shift.withUnsafeBufferPointer { shift in
        var rectifier = mk_rectifier(scale: scale.baseAddress, shift: shift.baseAddress, slope: 0.25)
        table.norm_gradient_sums(dy, x, mean, inverse, &rectifier, rows, Int32(n), &sums)
        table.rectified_norm_gradient(dy, x, &rectifier, offset, bend, rows, Int32(n), &dx)
      }
    }
    var expected = [Double](repeating: 0.5, count: 2 * n)
    var expectedDx: [Double] = []
    for place in 0..<rows * n {
      let c = place % n
      let isPositive = x[place] * scale[c] + shift[c] > 0
      let dz = Double(dy[place]) * (isPositive ? 1 : 0.25)
      expected[c] += dz
      expected[n + c] += dz * Double((x[place] - mean[c]) * inverse[c])
      expectedDx.append(dz * Double(scale[c]) + Double(offset[c]) + Double(x[place]) * Double(bend[c]))
    }
    #expect(zip(sums, expected).allSatisfy { abs($0 - $1) < 2e-5 })
    #expect(agree(dx, expectedDx, 2e-6))
  }

  /// No NaN is lost on the way to the training guard.
  @Test(arguments: instructionSets) func keepsNaN(set: UInt32) throws {
    let table = try kernels(set)
    let (one, zero): ([Float], [Float]) = ([1, 1], [0, 0])
    one.withUnsafeBufferPointer { scale in
      var rectifier = mk_rectifier(scale: scale.baseAddress, shift: scale.baseAddress, slope: 0)
      for (x, dy) in [([Float.nan, -3], [Float(1), 1]), ([1, -3], [.nan, .nan])] {
        var sums = [Double](repeating: 0, count: 4)
        var dx: [Float] = [0, 0]
        table.norm_gradient_sums(dy, x, zero, one, &rectifier, 1, 2, &sums)
        table.rectified_norm_gradient(dy, x, &rectifier, zero, one, 1, 2, &dx)
        #expect(sums[2].isNaN && dx[0].isNaN)
      }
    }
  }
}
