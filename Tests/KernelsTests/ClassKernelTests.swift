import CMartletKernels
import Foundation
import Testing

private func softmax(_ x: ArraySlice<Float>) -> (shares: [Double], logSum: Double) {
  let most = Double(x.max()!)
  let exponentials = x.map { exp(Double($0) - most) }
  let sum = exponentials.reduce(0, +)
  return (exponentials.map { $0 / sum }, log(sum) + most)
}

@Suite struct ClassKernelTests {
  @Test(arguments: instructionSets, [1, 3, 5, 8, 10, 17, 100])
  func rowsEqualPlainLoops(set: UInt32, n: Int) throws {
    let table = try kernels(set)
    var random = Generator(50)
    let rows = 5
    let x = random.floats(rows * n, in: -30...30)
    let targets = random.floats(rows * n, in: 0...1)
    let dy = random.floats(rows * n)
    let dloss = random.floats(rows)
    let labels = (0..<rows).map { Int32(($0 * 7) % n) }
    var shares: [Double] = []
    var sparse: [Double] = []
    var sparseGradient: [Double] = []
    var dense: [Double] = []
    var denseGradient: [Double] = []
    var softmaxGradient: [Double] = []
    for r in 0..<rows {
      let part = r * n..<(r + 1) * n
      let (p, logSum) = softmax(x[part])
      shares += p
      sparse.append(logSum - Double(x[r * n + Int(labels[r])]))
      sparseGradient += p.enumerated().map { ($1 - ($0 == Int(labels[r]) ? 1 : 0)) * Double(dloss[r]) }
      let total = targets[part].reduce(0) { $0 + Double($1) }
      dense.append(zip(targets[part], x[part]).reduce(0) { $0 + Double($1.0) * (logSum - Double($1.1)) })
      denseGradient += zip(targets[part], p).map { (total * $1 - Double($0)) * Double(dloss[r]) }
      let dot = zip(p, dy[part]).reduce(0) { $0 + $1.0 * Double($1.1) }
      softmaxGradient += zip(p, dy[part]).map { $0 * (Double($1) - dot) }
    }
    var y = [Float](repeating: 9, count: rows * n)
    var dx = y
    var loss = [Float](repeating: 9, count: rows)
    table.softmax(x, Int32(rows), Int32(n), &y)
    #expect(agree(y, shares, 1e-6))
    table.softmax_gradient(y, dy, Int32(rows), Int32(n), &dx)
    #expect(agree(dx, softmaxGradient, 1e-6))
    table.cross_entropy_sparse(x, labels, Int32(rows), Int32(n), &loss)
    #expect(agree(loss, sparse, 1e-6))
    table.cross_entropy_sparse_gradient(x, labels, dloss, Int32(rows), Int32(n), &dx)
    #expect(agree(dx, sparseGradient, 1e-6))
    table.cross_entropy_dense(x, targets, Int32(rows), Int32(n), &loss)
    #expect(agree(loss, dense, 1e-6))
    table.cross_entropy_dense_gradient(x, targets, dloss, Int32(rows), Int32(n), &dx)
    #expect(agree(dx, denseGradient, 3e-6))
  }

  @Test(arguments: instructionSets)
  func labelsOutsideGiveNotANumber(set: UInt32) throws {
    let table = try kernels(set)
    var loss: [Float] = [0, 0, 0]
    var dx = [Float](repeating: 0, count: 9)
    let x: [Float] = [1, 2, 3, 1, 2, 3, 1, 2, 3]
    table.cross_entropy_sparse(x, [-1, 2, 3], 3, 3, &loss)
    #expect(loss[0].isNaN && loss[1].isFinite && loss[2].isNaN)
    table.cross_entropy_sparse_gradient(x, [-1, 2, 3], [1, 1, 1], 3, 3, &dx)
    #expect(dx[0].isNaN && dx[4].isFinite && dx[8].isNaN)
  }

  @Test(arguments: instructionSets)
  func firstMaximum(set: UInt32) throws {
    let table = try kernels(set)
    var out: [Float] = [9, 9, 9]
    table.argmax_rows([1, 3, 3, -1, -2, -1, 5, .nan, 7], 3, 3, &out)
    #expect(out == [1, 0, 1])
  }

  @Test(arguments: instructionSets)
  func hugeScoresStayFinite(set: UInt32) throws {
    let table = try kernels(set)
    var y = [Float](repeating: 0, count: 3)
    table.softmax([1000, 0, -1000], 1, 3, &y)
    #expect(y == [1, 0, 0])
    table.softmax([1, .nan, 2], 1, 3, &y)
    #expect(y.allSatisfy { $0.isNaN })
  }
}
