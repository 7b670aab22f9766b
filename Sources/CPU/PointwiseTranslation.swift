import CMartletKernels
import MartletCompilation

/// Pointwise code as instructions of the C interpreter: registers assigned, short-lived ones shared.
struct PointwiseTranslation {
  struct Mask {
    var register: Int
    /// The load with the random key.
    var keyLoad: Int
    var draws: DropoutDraws
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
  /// Sums that are one instruction, by their last item.
  private let sums: [Int: FusedSum]
  private var registerOf: [Int]
  private var lastUse: [Int]
  /// Results that overwrite loads which nothing reads after them: they are written straight to their output, from
  /// a register that is never shared.
  private var inPlace: Set<Int> = []
  private var free: [Int] = []
  /// Registers that instructions compute; those of loads and constants are never shared.
  private var computed: Set<Int> = []

  /// - Parameter overwritten: For each result the loads whose memory it overwrites; where an instruction after the
  ///   result's still reads one of them, the result is copied at the end.
  init(_ code: PointwiseCode, overwritten: [[Int]]) {
    registerOfLoad = [Int?](repeating: nil, count: code.loads.count)
    registerOf = [Int](repeating: -1, count: code.items.count)
    lastUse = [Int](repeating: -1, count: code.items.count)
    sums = FusedSum.all(in: code)
    let skipped = Set(sums.values.flatMap(\.hidden))
    for (index, item) in code.items.enumerated() where !skipped.contains(index) {
      for operand in operands(item, at: index) { lastUse[operand] = index }
    }
    for result in code.results { lastUse[result] = Int.max }
    inPlace = Set(code.results.indices.filter { !overwritten[$0].isEmpty }.map { code.results[$0] })
    for (result, loads) in zip(code.results, overwritten) {
      for (index, item) in code.items.enumerated() where lastUse[index] > result {
        if case .load(let load) = item, loads.contains(load) { inPlace.remove(result) }
      }
    }
    for (index, item) in code.items.enumerated() where !skipped.contains(index) { translate(item, at: index) }
    var stored: Set<Int> = []
    for (position, item) in code.results.enumerated() {
      let isComputed = computed.contains(registerOf[item])
      let isFree = overwritten[position].isEmpty || inPlace.contains(item)
      let isDirect = isComputed && isFree && stored.insert(item).inserted
      results.append(Result(register: registerOf[item], isDirect: isDirect))
    }
    precondition(registerCount < 256, "a pointwise group of \(registerCount) registers is too large")
  }

  private mutating func newRegister() -> Int {
    registerCount += 1
    return registerCount - 1
  }

  private mutating func translate(_ item: PointwiseCode.Item, at index: Int) {
    if let sum = sums[index] {
      let registers = sum.operands.map { registerOf[$0] }
      let destination = destination(of: index)
      emit(
        sum.opcode, destination, registers[0], registers[1], registers.count > 2 ? registers[2] : 0,
        immediate: sum.immediate)
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
          register: registerOf[index], keyLoad: key, draws: DropoutDraws(rate: rate, stream: stream)))
    case .unary(let op, let a):
      let (code, immediate) = op.instruction
      let destination = destination(of: index)
      emit(code, destination, registerOf[a], immediate: immediate)
      registerOf[index] = destination
      release(item, at: index)
    case .binary(.divideNoNaN, let a, let b):
      // select(|b| > 0, a / b, 0): the quotient's NaN or infinity at b = 0 is dropped.
      let (quotient, size, zero) = (newRegister(), newRegister(), newRegister())
      constants.append((zero, 0))
      let destination = destination(of: index)
      emit(MK_OP_DIVIDE, quotient, registerOf[a], registerOf[b])
      emit(MK_OP_ABS, size, registerOf[b])
      emit(MK_OP_SELECT, destination, size, quotient, zero)
      registerOf[index] = destination
      release(item, at: index)
    case .binary(let op, let a, let b):
      let destination = destination(of: index)
      emit(op.opcode, destination, registerOf[a], registerOf[b])
      registerOf[index] = destination
      release(item, at: index)
    }
  }

  private mutating func destination(of index: Int) -> Int {
    inPlace.contains(index) ? newRegister() : free.popLast() ?? newRegister()
  }

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
    sums[index]?.operands ?? item.operands
  }

  /// Frees the registers of operands that no later item reads.
  private mutating func release(_ item: PointwiseCode.Item, at index: Int) {
    for operand in Set(operands(item, at: index)).sorted()
    where lastUse[operand] == index && computed.contains(registerOf[operand]) {
      free.append(registerOf[operand])
    }
  }
}

extension PointwiseCode.Item {
  /// The items this one reads.
  var operands: [Int] {
    switch self {
    case .load, .constant, .keepMask: []
    case .unary(_, let a): [a]
    case .binary(_, let a, let b): [a, b]
    }
  }
}
