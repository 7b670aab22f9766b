import CMartletKernels
import MartletCompilation

/// A product, a sum and perhaps a rectifier that are one instruction of the C interpreter.
///
/// Below a ReLU or leaky ReLU, as batch normalization makes them, a · b + c has one rounding, so that the way
/// back, which forms the same sum, finds the same sign. Elsewhere product and sum are rounded as two instructions
/// round them.
struct FusedSum {
  /// The items that are computed in it and nowhere else.
  let hidden: [Int]
  /// The factors, unless one is the immediate operand, and the other term.
  let operands: [Int]
  let opcode: mk_opcode
  /// The rectifier's slope below zero, or a factor.
  var immediate: Float = 0

  /// Those in the code of which nothing else reads product or sum, by their last item.
  static func all(in code: PointwiseCode) -> [Int: FusedSum] {
    var uses = [Int](repeating: 0, count: code.items.count)
    for operand in code.items.flatMap(\.operands) + code.results { uses[operand] += 1 }
    var found: [Int: FusedSum] = [:]
    var rectified: Set<Int> = []
    for (index, item) in code.items.enumerated() {
      guard let (sum, opcode, slope) = item.rectifier, uses[sum] == 1,
        let (product, term) = productAndTerm(of: sum, in: code, uses: uses),
        case .binary(.multiply, let a, let b) = code.items[product]
      else { continue }
      found[index] = FusedSum(
        hidden: [product, sum], operands: [a, b, term], opcode: opcode, immediate: slope)
      rectified.insert(sum)
    }
    for index in code.items.indices where !rectified.contains(index) {
      guard let (product, term) = productAndTerm(of: index, in: code, uses: uses) else { continue }
      switch code.items[product] {
      case .binary(.multiply, let a, let b):
        found[index] = FusedSum(hidden: [product], operands: [a, b, term], opcode: MK_OP_MULTIPLY_ADD)
      case .unary(.multiply(let factor), let a):
        found[index] = FusedSum(
          hidden: [product], operands: [a, term], opcode: MK_OP_SCALE_ADD, immediate: Float(factor))
      default: break
      }
    }
    return found
  }

  /// The operands of a sum of which one is a product of two values, else of a value and a number.
  private static func productAndTerm(
    of index: Int, in code: PointwiseCode, uses: [Int]
  ) -> (product: Int, term: Int)? {
    guard case .binary(.add, let first, let second) = code.items[index] else { return nil }
    let orders = [(product: second, term: first), (product: first, term: second)]
      .filter { uses[$0.product] == 1 }
    return orders.first {
      if case .binary(.multiply, _, _) = code.items[$0.product] { true } else { false }
    }
      ?? orders.first {
        if case .unary(.multiply, _) = code.items[$0.product] { true } else { false }
      }
  }
}

extension PointwiseCode.Item {
  /// The operand of a ReLU or leaky ReLU, with the instruction for a sum below it.
  fileprivate var rectifier: (operand: Int, opcode: mk_opcode, slope: Float)? {
    switch self {
    case .unary(.relu, let operand): (operand, MK_OP_MULTIPLY_ADD_RELU, 0)
    case .unary(.leakyReLU(let slope), let operand): (operand, MK_OP_MULTIPLY_ADD_LEAKY_RELU, Float(slope))
    case .load, .constant, .keepMask, .unary, .binary: nil
    }
  }
}
