import MartletGraphs

extension OpCases {
  private static let key = CaseOperand.data(
    Graph.randomKeyName, [4], .numbers([-19_088_744, 1_234_567, 3, 0]), .int32)

  package static let randoms: [OpCase] = [
    (0.5, [37, 17]), (0.25, [2, 5, 5, 3]), (0, [8]), (0.9, [1, 129]),
  ].flatMap {
    rate, shape in
    [
      OpCase("keep mask \(rate) of \(shape)", [key], forward: .elementwise) { graph, x in
        graph.apply(.random(.keepMask(rate: rate, stream: 7, shape: shape)), [x[0]])
      },
      OpCase("dropout \(rate) of \(shape)", [.input("x", shape), key], gradient: .elementwise) { graph, x in
        x[0] * graph.apply(.random(.keepMask(rate: rate, stream: 0x9ABC_DEF0, shape: shape)), [x[1]])
      },
    ]
  }
}
