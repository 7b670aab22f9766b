import MartletGraphs

extension OpCases {
  private static let sizes: [(m: Int, k: Int, n: Int)] = [
    (1, 1, 1), (1, 17, 5), (37, 17, 10), (5, 3, 1), (8, 130, 33), (64, 96, 128),
  ]

  package static let matrices: [OpCase] = sizes.flatMap { m, k, n in
    [(false, false), (true, false), (false, true), (true, true)].map { transposeA, transposeB in
      let a = transposeA ? [k, m] : [m, k]
      let b = transposeB ? [n, k] : [k, n]
      let name =
        "\(m)x\(k)x\(n)\(transposeA ? " first transposed" : "")\(transposeB ? " second transposed" : "")"
      return OpCase("matrix product \(name)", [.input("a", a), .parameter("b", b)], forward: .forward) {
        _, x in
        x[0].matrixProduct(x[1], transposeA: transposeA, transposeB: transposeB)
      }
    }
  }
}
