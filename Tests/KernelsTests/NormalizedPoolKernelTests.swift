import CMartletKernels
import Testing

/// Normalization, leaky ReLU, 2x2 max pooling and dropout with their way back, against plain loops.
@Suite struct NormalizedPoolKernelTests {
  @Test(
    arguments: instructionSets,
    [
      (2, 2, 1, false), (5, 7, 3, true), (6, 4, 8, false), (9, 3, 17, true), (4, 40, 40, true),
      (1, 5, 4, true),
    ])
  func equalsPlainLoops(set: UInt32, extent: (Int, Int, Int, Bool)) throws {
    let table = try kernels(set)
    let (rows, columns, channels, drops) = extent
    var random = Generator(UInt64(rows * 1000 + columns * 100 + channels))
    var geometry = mk_normalized_pool(
      rows: Int32(rows), columns: Int32(columns), channels: Int32(channels), slope: 0.25,
      kept: drops ? 1.5 : 1)
    // Sixteenths and eighths: the sums over windows are exact in Float.
    func rounded(_ numbers: [Float], to part: Float) -> [Float] {
      numbers.map { ($0 / part).rounded() * part }
    }
    let x = rounded(random.floats(rows * columns * channels, in: -2...2), to: 1 / 16)
    let (scale, shift) = (random.floats(channels, in: -1...2), random.floats(channels))
    let (offset, bend) = (random.floats(channels), random.floats(channels))
    let mean = rounded(random.floats(channels), to: 1 / 16)
    let inverse = random.floats(channels, in: 0.5...2)
    let pooled = (rows / 2) * (columns / 2) * channels
    let dy = rounded(random.floats(pooled), to: 1 / 8)
    var (y, mask) = ([Float](repeating: 9, count: pooled), [UInt8](repeating: 99, count: pooled))
    var largest = [Float](repeating: 9, count: pooled)
    var dropout = mk_dropout(
      random: mk_random(seed: 7, purpose: 1, stream: 2, epoch: 3), first: 1 << 33 | 5, threshold: 1 << 31,
      scale: 1.5)
    var factors = [Float](repeating: 1, count: pooled)
    if drops {
      table.dropout_mask(&dropout.random, dropout.first, Int32(pooled), 1 << 31, 1.5, &factors)
      table.normalize_pool(&geometry, x, scale, shift, &dropout, &y, &mask, &largest)
    } else {
      table.normalize_pool(&geometry, x, scale, shift, nil, &y, &mask, &largest)
    }
    var dx = [Float](repeating: 9, count: x.count)
    table.normalize_pool_gradient(&geometry, dy, mask, x, scale, offset, bend, &dx)
    var sums = [Double](repeating: 0.5, count: 2 * channels)
    table.normalize_pool_sums(&geometry, dy, mask, largest, mean, inverse, &sums)

    var (expectedY, expectedLargest): ([Double], [Float]) = ([], [])
    var expectedSums = [Double](repeating: 0.5, count: 2 * channels)
    var expectedDx = x.indices.map { place in
      Double(offset[place % channels]) + Double(x[place]) * Double(bend[place % channels])
    }
    for row in 0..<rows / 2 {
      for column in 0..<columns / 2 {
        for c in 0..<channels {
          let places = (0..<4).map { cell in
            ((2 * row + cell / 2) * columns + 2 * column + cell % 2) * channels + c
          }
          let cells = places.map { place in
            let z = Double(x[place]) * Double(scale[c]) + Double(shift[c])
            return z > 0 ? z : 0.25 * z
          }
          let most = try #require(cells.max())
          let winner = places[try #require(cells.firstIndex(of: most))]
          let factor = Double(factors[expectedY.count])
          let dz = Double(dy[expectedY.count]) * factor * (most > 0 ? 1 : 0.25)
          expectedY.append(most * factor)
          expectedLargest.append(x[winner])
          expectedDx[winner] += dz * Double(scale[c])
          expectedSums[c] += dz
          expectedSums[channels + c] += dz * Double(x[winner] - mean[c]) * Double(inverse[c])
        }
      }
    }
    #expect(agree(y, expectedY, 1e-6))
    #expect(largest == expectedLargest)
    #expect(agree(dx, expectedDx, 2e-6))
    #expect(zip(sums, expectedSums).allSatisfy { abs($0 - $1) < 1e-11 })
  }

  /// No NaN is lost on the way to the training guard.
  @Test(arguments: instructionSets) func keepsNaN(set: UInt32) throws {
    let table = try kernels(set)
    var geometry = mk_normalized_pool(rows: 2, columns: 2, channels: 1, slope: 0, kept: 1)
    for cell in 0..<4 {
      var x: [Float] = [1, 2, 3, 4]
      x[cell] = .nan
      var (y, mask, largest): ([Float], [UInt8], [Float]) = ([0], [0], [0])
      table.normalize_pool(&geometry, x, [1], [0], nil, &y, &mask, &largest)
      #expect(y[0].isNaN)
    }
  }
}
