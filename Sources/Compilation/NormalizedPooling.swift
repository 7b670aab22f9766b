import MartletGraphs

/// batch normalisation → ReLU or leaky ReLU → 2x2 max pooling → dropout, if there is one, and the way back
/// through it, recognised as one group.
///
/// Before, with the gradients' edges on the right:
///
///     x ─ multiply(scale) ─ add(shift) ─ relu (= z) ─ max_pool ─ y       dy
///                                        │  └───── max_pool_gradient ────┘
///                                        └ step ── multiply (= D)
///     sums = batch_gradient_sums(D, x, moments)
///     dx = D · scale + offset + x · bend
///
/// After: one step reads x and stores the pooled values, a byte mask and x where the maxima are; one forms the
/// sums from dy and the last two, and one dx from x, dy and the mask. Neither z nor D is ever stored. Dropout's
/// draws are kept in the mask. The group is fused only if nothing else looks at an intermediate value.
struct NormalizedPooling {
  var x: Int
  var scale: Int
  var shift: Int
  var slope: Double
  var pool: Int
  var dropout: Dropout?
  /// Nodes that are never stored.
  var hidden: Set<Int>
  /// The gradient of the result.
  var resultGradient: Int?
  var back: NormalizationGradient?

  /// The product of the pooled values with a mask that nothing else reads.
  struct Dropout {
    var result: Int
    var rate: Double
    var stream: UInt32
    var key: Int
  }

  /// The node of what is stored.
  var result: Int { dropout?.result ?? pool }

  init?(poolAt pool: Int, in code: GraphCode, uses: [[Int]], wanted: Set<Int>) {
    let nodes = code.nodes
    guard case .pooling(.max(let window)) = nodes[pool].op, window.size == Extent(2),
      window.stride == Extent(2), window.padding.isZero, case let z = nodes[pool].inputs[0],
      let slope = nodes[z].op.rectifierSlope, nodes[z].isBatched, nodes[z].shape.count == 4,
      case let sum = nodes[z].inputs[0], let (product, shift) = code.perChannel(.add, at: sum),
      let (x, scale) = code.perChannel(.multiply, at: product)
    else { return nil }
    (self.x, self.scale, self.shift) = (x, scale, shift)
    self.slope = slope
    self.pool = pool
    hidden = [z, sum, product]
    guard uses[sum] == [z], uses[product] == [sum] else { return nil }
    let readers = uses[z].filter { $0 != pool }
    guard readers.isEmpty || matchBackward(readers, z: z, code: code, uses: uses) else { return nil }
    matchDropout(code: code, uses: uses, wanted: wanted)
    guard hidden.isDisjoint(with: wanted) else { return nil }
  }

  private mutating func matchBackward(_ readers: [Int], z: Int, code: GraphCode, uses: [[Int]]) -> Bool {
    let nodes = code.nodes
    var select: Int?
    var step: Int?
    for id in readers {
      switch nodes[id].op {
      case .pooling(.maxGradient) where nodes[id].inputs[0] == z: select = id
      case .pointwise(.unary(.step(below: slope))): step = id
      default: return false
      }
    }
    guard let select, let step, uses[select].count == 1, uses[step] == uses[select],
      case let gradient = uses[select][0], case .pointwise(.binary(.multiply)) = nodes[gradient].op
    else { return false }
    resultGradient = nodes[select].inputs[1]
    hidden.formUnion([select, step, gradient])
    back = NormalizationGradient(of: gradient, x: x, scale: scale, in: code, uses: uses)
    hidden.formUnion(back?.hidden ?? [])
    return back != nil
  }

  private mutating func matchDropout(code: GraphCode, uses: [[Int]], wanted: Set<Int>) {
    let nodes = code.nodes
    guard uses[pool].count == 1, case let result = uses[pool][0],
      let mask = code.factor(of: pool, at: result),
      case .random(.keepMask(let rate, let stream, nodes[pool].shape)) = nodes[mask].op,
      wanted.isDisjoint(with: [pool, mask])
    else { return }
    guard let dy = resultGradient else {
      guard uses[mask] == [result] else { return }
      return take(mask, [])
    }
    guard uses[dy].count == 1, !wanted.contains(dy), Set(uses[mask]) == [result, dy],
      let gradient = nodes[dy].inputs.first(where: { $0 != mask }), code.factor(of: gradient, at: dy) == mask,
      // That of a mean over the places is one number for all of them.
      nodes[gradient].shape == nodes[pool].shape
    else { return }
    resultGradient = gradient
    take(mask, [dy])

    func take(_ mask: Int, _ between: Set<Int>) {
      dropout = Dropout(result: result, rate: rate, stream: stream, key: nodes[mask].inputs[0])
      hidden.formUnion(between.union([pool, mask]))
    }
  }
}

extension GraphCode {
  /// What a product multiplies a value by.
  fileprivate func factor(of value: Int, at id: Int) -> Int? {
    guard nodes[id].op == .pointwise(.binary(.multiply)), case let inputs = nodes[id].inputs,
      inputs.contains(value)
    else { return nil }
    return inputs[0] == value ? inputs[1] : inputs[0]
  }

  /// The operands of a binary operation whose second is one number for each channel of the first.
  func perChannel(_ op: PointwiseOp.Binary, at id: Int) -> (value: Int, channels: Int)? {
    guard nodes[id].op == .pointwise(.binary(op)), case let inputs = nodes[id].inputs,
      nodes[inputs[0]].shape == nodes[id].shape, nodes[inputs[1]].shape == [nodes[id].shape.last ?? 0]
    else { return nil }
    return (inputs[0], inputs[1])
  }
}

extension Op {
  /// The slope below zero of a ReLU or leaky ReLU.
  var rectifierSlope: Double? {
    switch self {
    case .pointwise(.unary(.relu)): 0
    case .pointwise(.unary(.leakyReLU(let slope))): slope
    default: nil
    }
  }
}
