import CMartletKernels
import MartletCompilation

/// Pointwise code as instructions of the C interpreter: registers assigned, short-lived ones shared.
struct PointwiseTranslation {
  struct Mask {
    var register: Int
    /// The load with the random key.
    var keyLoad: Int
    var threshold: UInt32
    var scale: Float
    var stream: UInt32
  }

  struct Result {
    var register: Int
    /// The register is written straight to the output instead of to scratch memory.
    var isDirect: Bool
  }

  private(set) var instructions: [mk_instruction] = []
  private(set) var constants: [(register: Int, value: Float)] = []
  private(set) var masks: [Mask] = []
  private(set) var results: [Result] = []
  /// The register of each load; nil where only masks use it, as their key.
  private(set) var registerOfLoad: [Int?]
  private(set) var registerCount = 0
  /// Rectified sums a · b + c that are one instruction, by their last item.
  private let rectifiedSums: [Int: RectifiedSum]
  private var registerOf: [Int]
  private var lastUse: [Int]
  private var free: [Int] = []
  /// Registers that instructions compute; those of loads and constants are never shared.
  private var computed: Set<Int> = []

  /// - Parameter outputAliases: For each result whether it overwrites one of the loads in place; such a
  ///   result is copied only after all instructions have read the load.
  init(_ code: PointwiseCode, outputAliases: [Bool]) {
    registerOfLoad = [Int?](repeating: nil, count: code.loads.count)
    registerOf = [Int](repeating: -1, count: code.items.count)
    lastUse = [Int](repeating: -1, count: code.items.count)
    rectifiedSums = RectifiedSum.all(in: code)
    let skipped = Set(rectifiedSums.values.flatMap { [$0.product, $0.sum] })
    for (index, item) in code.items.enumerated() where !skipped.contains(index) {
      for operand in operands(item, at: index) { lastUse[operand] = index }
    }
    for result in code.results { lastUse[result] = Int.max }
    for (index, item) in code.items.enumerated() where !skipped.contains(index) { translate(item, at: index) }
    var stored: Set<Int> = []
    for (position, item) in code.results.enumerated() {
      let isComputed = computed.contains(registerOf[item])
      let isDirect = isComputed && !outputAliases[position] && stored.insert(item).inserted
      results.append(Result(register: registerOf[item], isDirect: isDirect))
    }
    precondition(registerCount < 256, "a pointwise group of \(registerCount) registers is too large")
  }

  private mutating func newRegister() -> Int {
    registerCount += 1
    return registerCount - 1
  }

  private mutating func translate(_ item: PointwiseCode.Item, at index: Int) {
    if let fused = rectifiedSums[index] {
      let registers = fused.operands.map { registerOf[$0] }
      let destination = nextDestination()
      emit(fused.opcode, destination, registers[0], registers[1], registers[2], immediate: fused.slope)
      registerOf[index] = destination
      return release(item, at: index)
    }
    switch item {
    case .load(let load):
      registerOf[index] = newRegister()
      registerOfLoad[load] = registerOf[index]
    case .constant(let value):
      registerOf[index] = newRegister()
      constants.append((registerOf[index], Float(value)))
    case .keepMask(let rate, let stream, let key):
      registerOf[index] = newRegister()
      masks.append(
        Mask(
          register: registerOf[index], keyLoad: key, threshold: UInt32(rate * 4_294_967_296),
          scale: Float(1 / (1 - rate)), stream: stream))
    case .unary(let op, let a):
      let (code, immediate) = op.instruction
      let destination = nextDestination()
      emit(code, destination, registerOf[a], immediate: immediate)
      registerOf[index] = destination
      release(item, at: index)
    case .binary(.divideNoNaN, let a, let b):
      // select(|b| > 0, a / b, 0): the quotient's NaN or infinity at b = 0 is dropped.
      let (quotient, size, zero) = (newRegister(), newRegister(), newRegister())
      constants.append((zero, 0))
      let destination = nextDestination()
      emit(MK_OP_DIVIDE, quotient, registerOf[a], registerOf[b])
      emit(MK_OP_ABS, size, registerOf[b])
      emit(MK_OP_SELECT, destination, size, quotient, zero)
      registerOf[index] = destination
      release(item, at: index)
    case .binary(let op, let a, let b):
      let destination = nextDestination()
      emit(op.opcode, destination, registerOf[a], registerOf[b])
      registerOf[index] = destination
      release(item, at: index)
    }
  }

  private mutating func nextDestination() -> Int { free.popLast() ?? newRegister() }

  private mutating func emit(
    _ opcode: mk_opcode, _ destination: Int, _ a: Int, _ b: Int = 0, _ c: Int = 0, immediate: Float = 0
  ) {
    instructions.append(
      mk_instruction(
        op: UInt8(opcode.rawValue), destination: UInt8(destination), a: UInt8(a), b: UInt8(b), c: UInt8(c),
        immediate: immediate))
    computed.insert(destination)
  }

  private func operands(_ item: PointwiseCode.Item, at index: Int) -> [Int] {
    rectifiedSums[index]?.operands ?? item.operands
  }

  /// Frees the registers of operands that no later item reads.
  private mutating func release(_ item: PointwiseCode.Item, at index: Int) {
    for operand in Set(operands(item, at: index)).sorted()
    where lastUse[operand] == index && computed.contains(registerOf[operand]) {
      free.append(registerOf[operand])
    }
  }
}

/// a · b + c below a ReLU or leaky ReLU, as batch normalization makes them: with one rounding, so that the way
/// back, which forms the same sum, finds the same sign.
private struct RectifiedSum {
  let product: Int
  let sum: Int
  /// a, b and c.
  let operands: [Int]
  let opcode: mk_opcode
  let slope: Float

  /// Those in the code of which nothing else reads product or sum, by the item of the rectifier.
  static func all(in code: PointwiseCode) -> [Int: RectifiedSum] {
    var uses = [Int](repeating: 0, count: code.items.count)
    for operand in code.items.flatMap(\.operands) + code.results { uses[operand] += 1 }
    var found: [Int: RectifiedSum] = [:]
    for (index, item) in code.items.enumerated() {
      guard let (sum, opcode, slope) = item.rectifier, uses[sum] == 1,
        case .binary(.add, let first, let second) = code.items[sum]
      else { continue }
      for (product, term) in [(second, first), (first, second)] where uses[product] == 1 {
        guard case .binary(.multiply, let a, let b) = code.items[product] else { continue }
        found[index] = RectifiedSum(
          product: product, sum: sum, operands: [a, b, term], opcode: opcode, slope: slope)
      }
    }
    return found
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

  /// The items this one reads.
  fileprivate var operands: [Int] {
    switch self {
    case .load, .constant, .keepMask: []
    case .unary(_, let a): [a]
    case .binary(_, let a, let b): [a, b]
    }
  }
}
