import CMartletKernels
import Foundation
import Testing

@Suite struct NormalizationKernelTests {
  struct Windows: CustomTestStringConvertible {
    var channels: Int, size: Int
    var beta: Float = 0.75
    var testDescription: String { "\(channels) channels, window \(size), beta \(beta)" }
  }

  @Test(
    arguments: instructionSets,
    [
      Windows(channels: 1, size: 5), Windows(channels: 17, size: 5),
      Windows(channels: 96, size: 4, beta: 0.5),
      Windows(channels: 5, size: 9, beta: 0.6), Windows(channels: 2500, size: 3),
      Windows(channels: 8, size: 1),
      Windows(channels: 1030, size: 40, beta: 1),
    ])
  func localResponseEqualsPlainLoops(set: UInt32, windows: Windows) throws {
    let table = try kernels(set)
    var random = Generator(60)
    let (n, size, rows) = (windows.channels, windows.size, 3)
    let (alpha, beta, bias) = (Float(0.3), windows.beta, Float(1.5))
    let x = random.floats(rows * n, in: -2...2)
    let dy = random.floats(rows * n)
    var expected = [Double](repeating: 0, count: rows * n)
    var expectedDx = expected
    for r in 0..<rows {
      for c in 0..<n {
        let window = max(0, c - size / 2)...min(n - 1, c + (size - 1) / 2)
        let squares = window.reduce(0.0) { $0 + Double(x[r * n + $1]) * Double(x[r * n + $1]) }
        let s = Double(bias) + Double(alpha) * squares
        let place = r * n + c
        expected[place] = Double(x[place]) * pow(s, -Double(beta))
        expectedDx[place] += Double(dy[place]) * pow(s, -Double(beta))
        let common = -2 * Double(alpha) * Double(beta) * pow(s, -Double(beta) - 1) * Double(x[place])
        for other in window {
          expectedDx[r * n + other] += Double(dy[place]) * common * Double(x[r * n + other])
        }
      }
    }
    var y = [Float](repeating: 9, count: rows * n)
    var dx = y
    table.lrn(x, rows, Int32(n), Int32(size), alpha, beta, bias, &y)
    table.lrn_gradient(x, dy, rows, Int32(n), Int32(size), alpha, beta, bias, &dx)
    #expect(agree(y, expected, 2e-6))
    #expect(agree(dx, expectedDx, 5e-6))
  }
}
