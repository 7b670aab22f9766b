import MartletGraphs

extension OpCases {
  private typealias Rearrangement = @Sendable ([Value]) -> Value

  /// Name, shapes of the operands, operation.
  private static let rearrangements: [(String, [[Int]], Rearrangement)] = [
    ("reshape [2, 3, 4, 5] to [2, 60]", [[2, 3, 4, 5]], { $0[0].reshaped([2, 60]) }),
    ("reshape [1] to []", [[1]], { $0[0].reshaped([]) }),
    ("transpose [3, 5]", [[3, 5]], { $0[0].transposed([1, 0]) }),
    ("transpose to channels first", [[2, 3, 4, 5]], { $0[0].transposed([0, 3, 1, 2]) }),
    ("transpose to channels last", [[2, 5, 3, 4]], { $0[0].transposed([0, 2, 3, 1]) }),
    ("transpose backwards", [[2, 3, 4]], { $0[0].transposed([2, 1, 0]) }),
    ("broadcast [5] to [2, 3, 5]", [[5]], { $0[0].broadcast(to: [2, 3, 5]) }),
    ("broadcast [2, 1, 1, 5] to [2, 3, 4, 5]", [[2, 1, 1, 5]], { $0[0].broadcast(to: [2, 3, 4, 5]) }),
    ("broadcast [] to [3, 2]", [[]], { $0[0].broadcast(to: [3, 2]) }),
    ("concatenate channels", [[2, 3, 3, 1], [2, 3, 3, 1]], { concatenate($0) }),
    ("concatenate three of unequal channels", [[2, 3, 5], [2, 3, 1], [2, 3, 17]], { concatenate($0) }),
    ("concatenate batches", [[1, 4], [37, 4]], { concatenate($0, axis: 0) }),
    ("concatenate rows", [[2, 1, 3], [2, 4, 3]], { concatenate($0, axis: 1) }),
    ("concatenate one", [[2, 3]], { concatenate($0, axis: 1) }),
    ("slice channels", [[2, 3, 3, 5]], { $0[0].slice(axis: 3, start: 1, count: 3) }),
    ("slice batch", [[37, 5]], { $0[0].slice(axis: 0, start: 30, count: 7) }),
    ("slice one row", [[2, 4, 3]], { $0[0].slice(axis: 1, start: 3, count: 1) }),
    ("pad rows", [[2, 3, 3, 2]], { $0[0].padded(axis: 1, before: 1, after: 2) }),
    ("pad channels", [[2, 3, 3, 2]], { $0[0].padded(axis: 3, before: 0, after: 3) }),
    ("pad nothing", [[2, 3]], { $0[0].padded(axis: 1, before: 0, after: 0) }),
  ]

  package static let structures: [OpCase] = rearrangements.flatMap { name, shapes, op in
    func operands(_ make: (String, [Int]) -> CaseOperand) -> [CaseOperand] {
      shapes.enumerated().map { make("x\($0)", $1) }
    }
    return [
      OpCase(name, operands { .input($0, $1) }, forward: .exact, gradient: .elementwise) { op($1) },
      OpCase("\(name), bytes", operands { .data($0, $1, .bytes, .uint8) }, forward: .exact) { op($1) },
      OpCase(
        "\(name), labels", operands { .data($0, $1, .labels(classes: 20), .int32) }, forward: .exact
      ) {
        op($1)
      },
    ]
  }
}
