import MartletGraphs

extension OpCases {
  private typealias Unary = @Sendable (Value) -> Value
  private typealias Binary = @Sendable (Value, Value) -> Value

  /// Name, operation, elements, whether single precision must agree exactly.
  private static let unaryOps: [(String, Fill, Bool, Unary)] = [
    ("negate", .signed, true, { -$0 }),
    ("abs", .signed, true, { $0.abs() }),
    ("sign", .signed, true, { $0.sign() }),
    ("exp", .signed, false, { $0.exp() }),
    ("log", .positive, false, { $0.log() }),
    ("sqrt", .positive, false, { $0.squareRoot() }),
    ("square", .signed, false, { $0.squared() }),
    ("reciprocal", .positive, false, { $0.reciprocal() }),
    ("tanh", .signed, false, { $0.tanh() }),
    ("sigmoid", .signed, false, { $0.sigmoid() }),
    ("relu", .signed, true, { $0.relu() }),
    ("softplus", .signed, false, { $0.softplus() }),
    ("erf", .signed, false, { $0.erf() }),
    ("leaky ReLU 0.3", .signed, false, { $0.leakyReLU(slope: 0.3) }),
    ("leaky ReLU 0.01", .signed, false, { $0.leakyReLU(slope: 0.01) }),
    ("step", .signed, true, { $0.step() }),
    ("step of a leaky ReLU", .signed, false, { $0.step(below: 0.3) }),
    ("add a number", .signed, false, { $0 + 0.7 }),
    ("multiply by a number", .signed, false, { $0 * (1 / 255) }),
  ]

  /// Elements where the functions saturate; overflow must not give what is not a number.
  private static let extremes: [(String, Unary)] = [
    ("tanh", { $0.tanh() }), ("sigmoid", { $0.sigmoid() }), ("softplus", { $0.softplus() }),
    ("erf", { $0.erf() }), ("relu", { $0.relu() }), ("exp of negatives", { (-$0.abs()).exp() }),
  ]

  package static let unaries: [OpCase] =
    unaryOps.flatMap { name, fill, isExact, op in
      [[37], [2, 3, 3, 5], []].map { shape in
        // A step is flat: its gradient is zero, which the walk gives as none.
        let isFlat = name.hasPrefix("step") || name == "sign"
        let x = isFlat ? CaseOperand.data("x", shape, fill) : .input("x", shape, fill)
        return OpCase(
          "\(name) of \(shape)", [x], forward: isExact ? .exact : .elementwise, gradient: .elementwise
        ) { _, x in
          op(x[0])
        }
      }
    }
    + extremes.map { name, op in
      OpCase("\(name) of huge numbers", [.data("x", [64], .huge)]) { _, x in op(x[0]) }
    }
    + [(ElementType.uint8, Fill.bytes), (.int32, .labels(classes: 100))].map { element, fill in
      OpCase("cast \(element)", [.data("x", [2, 5, 5, 3], fill, element)], forward: .exact) { _, x in
        x[0].toFloat()
      }
    }

  /// Shapes that meet: equal, per channel, per sample and channel, per position, per row, scalar.
  private static let pairs: [([Int], [Int])] = [
    ([2, 3, 4, 5], [2, 3, 4, 5]), ([2, 3, 4, 5], [5]), ([2, 3, 4, 5], [2, 1, 1, 5]),
    ([2, 3, 4, 5], [2, 3, 4, 1]), ([2, 3, 4, 5], [3, 1, 5]), ([2, 3, 4, 5], []), ([], [2, 3, 4, 5]),
    ([5], [2, 3, 4, 5]), ([2, 1, 1, 5], [3, 4, 1]), ([2, 3, 4, 5], [1, 1, 1, 1]), ([37, 17], [17]),
    ([37, 17], [37, 1]), ([], []),
  ]

  /// Name, elements of both operands, whether the result has a gradient, exactness, operation.
  private static let binaryOps: [(String, Fill, Fill, Bool, Bool, Binary)] = [
    ("add", .signed, .signed, true, false, { $0 + $1 }),
    ("subtract", .signed, .signed, true, false, { $0 - $1 }),
    ("multiply", .signed, .signed, true, false, { $0 * $1 }),
    ("divide", .signed, .positive, true, false, { $0 / $1 }),
    ("maximum", .distinct(phase: 0.25), .distinct(phase: 0.75), true, true, { $0.maximum($1) }),
    ("minimum", .distinct(phase: 0.25), .distinct(phase: 0.75), true, true, { $0.minimum($1) }),
    ("power", .positive, .signed, true, false, { $0.power($1) }),
    ("divide or zero", .signed, .positive, true, false, { $0.dividedNoNaN(by: $1) }),
    ("greater", .distinct(phase: 0.25), .distinct(phase: 0.75), false, true, { $0.greater(than: $1) }),
    ("equal", .integers, .integers, false, true, { $0.equal(to: $1) }),
  ]

  package static let binaries: [OpCase] =
    binaryOps.flatMap { name, first, second, isSmooth, isExact, op in
      pairs.map { a, b in
        let operands: [CaseOperand] =
          isSmooth
          ? [.input("a", a, first), .input("b", b, second)]
          : [.data("a", a, first), .data("b", b, second)]
        return OpCase("\(name) \(a) and \(b)", operands, forward: isExact ? .exact : .elementwise) { _, x in
          op(x[0], x[1])
        }
      }
    } + [
      OpCase(
        "divide or zero by zeros", [.input("a", [4, 6]), .data("b", [4, 6], .zeroOrOne)], forward: .exact
      ) { _, x in
        x[0].dividedNoNaN(by: x[1])
      }
    ]
}
