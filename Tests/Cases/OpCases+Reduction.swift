import MartletGraphs

extension OpCases {
  /// Shape and reduced axes, as networks need them: loss, channel pool, spatial maps, biases, rows.
  private static let reducedAxes: [([Int], [Int])] = [
    ([3, 4, 5, 2], [0, 1, 2, 3]), ([3, 4, 5, 2], [1, 2]), ([3, 4, 5, 17], [3]), ([3, 4, 5, 17], [0, 1, 2]),
    ([3, 4, 5, 2], [0]), ([3, 4, 5, 2], [2]), ([3, 4, 5, 2], [2, 3]), ([3, 4, 5, 2], [0, 2]),
    ([37, 10], [1]), ([37, 10], [0]), ([37], [0]), ([3, 4], []), ([], []), ([2, 1, 1, 5], [1, 2]),
  ]

  package static let reductions: [OpCase] = [ReductionOp.Kind.sum, .mean, .max, .norm2].flatMap { kind in
    reducedAxes.flatMap { shape, axes in
      [false, true].map { keepsAxes in
        OpCase(
          "\(kind) of \(shape) over \(axes)\(keepsAxes ? " kept" : "")",
          [.input("x", shape, kind == .max ? .distinct(phase: 0.25) : .signed)],
          forward: kind == .max ? .exact : .elementwise
        ) { graph, x in
          graph.apply(.reduction(ReductionOp(kind: kind, axes: axes, keepsAxes: keepsAxes)), x)
        }
      }
    }
  }
}
