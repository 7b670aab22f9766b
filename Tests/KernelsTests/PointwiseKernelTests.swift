import CMartletKernels
import Foundation
import Testing

@Suite struct PointwiseKernelTests {
  typealias Function = @Sendable (Double, Double, Double) -> Double

  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var op: mk_opcode
    var ulps: Double
    var range: ClosedRange<Float> = -4...4
    /// Every other operand is a whole number, so that some are equal and some are 0.
    var hasTies = false
    var function: Function
    var testDescription: String { name }
  }
  static let immediate: Float = 0.3
  private static let slope = Double(immediate)

  static let cases: [Case] = [
    Case(name: "copy", op: MK_OP_COPY, ulps: 0) { a, _, _ in a },
    Case(name: "negate", op: MK_OP_NEGATE, ulps: 0) { a, _, _ in -a },
    Case(name: "abs", op: MK_OP_ABS, ulps: 0) { a, _, _ in abs(a) },
    Case(name: "sign", op: MK_OP_SIGN, ulps: 0, hasTies: true) { a, _, _ in a > 0 ? 1 : a < 0 ? -1 : 0 },
    Case(name: "exp", op: MK_OP_EXP, ulps: 2, range: -87...88) { a, _, _ in exp(a) },
    Case(name: "log", op: MK_OP_LOG, ulps: 2, range: 1e-30...20) { a, _, _ in log(a) },
    Case(name: "sqrt", op: MK_OP_SQRT, ulps: 1, range: 0...9) { a, _, _ in a.squareRoot() },
    Case(name: "tanh", op: MK_OP_TANH, ulps: 2.5, range: -12...12) { a, _, _ in tanh(a) },
    Case(name: "sigmoid", op: MK_OP_SIGMOID, ulps: 2.5, range: -80...80) { a, _, _ in 1 / (1 + exp(-a)) },
    Case(name: "relu", op: MK_OP_RELU, ulps: 0, hasTies: true) { a, _, _ in max(a, 0) },
    Case(name: "leaky relu", op: MK_OP_LEAKY_RELU, ulps: 1, hasTies: true) { a, _, _ in
      a > 0 ? a : slope * a
    },
    Case(name: "step", op: MK_OP_STEP, ulps: 0, hasTies: true) { a, _, _ in a > 0 ? 1 : slope },
    Case(name: "square", op: MK_OP_SQUARE, ulps: 1) { a, _, _ in a * a },
    Case(name: "reciprocal", op: MK_OP_RECIPROCAL, ulps: 1) { a, _, _ in 1 / a },
    Case(name: "add", op: MK_OP_ADD, ulps: 1) { a, b, _ in a + b },
    Case(name: "subtract", op: MK_OP_SUBTRACT, ulps: 1) { a, b, _ in a - b },
    Case(name: "multiply", op: MK_OP_MULTIPLY, ulps: 1) { a, b, _ in a * b },
    Case(name: "divide", op: MK_OP_DIVIDE, ulps: 1) { a, b, _ in a / b },
    Case(name: "maximum", op: MK_OP_MAXIMUM, ulps: 0, hasTies: true) { a, b, _ in max(a, b) },
    Case(name: "minimum", op: MK_OP_MINIMUM, ulps: 0, hasTies: true) { a, b, _ in min(a, b) },
    Case(name: "greater", op: MK_OP_GREATER, ulps: 0, hasTies: true) { a, b, _ in a > b ? 1 : 0 },
    Case(name: "equal", op: MK_OP_EQUAL, ulps: 0, hasTies: true) { a, b, _ in a == b ? 1 : 0 },
    Case(name: "power", op: MK_OP_POWER, ulps: 1, range: 0.001...20) { a, b, _ in pow(a, b) },
    Case(name: "add immediate", op: MK_OP_ADD_IMMEDIATE, ulps: 1) { a, _, _ in a + slope },
    Case(name: "multiply immediate", op: MK_OP_MULTIPLY_IMMEDIATE, ulps: 1) { a, _, _ in a * slope },
    // Without a fused multiply-add the product is rounded first: the bound allows for cancellation.
    Case(name: "multiply add", op: MK_OP_MULTIPLY_ADD, ulps: 1, range: 0...4) { a, b, c in a * b + c },
    Case(name: "scale add", op: MK_OP_SCALE_ADD, ulps: 1, range: 0...4) { a, b, _ in slope * a + b },
    Case(name: "select", op: MK_OP_SELECT, ulps: 0, hasTies: true) { a, b, c in a > 0 ? b : c },
    Case(name: "multiply add relu", op: MK_OP_MULTIPLY_ADD_RELU, ulps: 1, range: 0...4) { a, b, c in
      max(a * b + c, 0)
    },
    Case(name: "multiply add leaky", op: MK_OP_MULTIPLY_ADD_LEAKY_RELU, ulps: 1, range: 0...4) { a, b, c in
      a * b + c > 0 ? a * b + c : slope * (a * b + c)
    },
    Case(name: "softplus", op: MK_OP_SOFTPLUS, ulps: 3, range: -60...60) { a, _, _ in
      max(a, 0) + log1p(exp(-abs(a)))
    },
    Case(name: "erf", op: MK_OP_ERF, ulps: 2.5, range: -5...5) { a, _, _ in erf(a) },
  ]

  /// Runs one instruction on registers 0, 1, 2 into register 3.
  static func run(_ table: mk_kernels, _ op: mk_opcode, _ inputs: [[Float]], immediate: Float = immediate)
    -> [Float]
  {
    let count = inputs[0].count
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4 * max(count, 1))
    defer { memory.deallocate() }
    for (register, values) in inputs.enumerated() {
      for (i, value) in values.enumerated() { memory[register * count + i] = value }
    }
    let registers: [UnsafeMutablePointer<Float>?] = (0..<4).map { memory + $0 * count }
    var program = mk_instruction(
      op: UInt8(op.rawValue), destination: 3, a: 0, b: 1, c: 2, immediate: immediate)
    table.pointwise(&program, 1, registers, Int32(count))
    return (0..<count).map { memory[3 * count + $0] }
  }

  @Test(arguments: instructionSets) func rectifiersOfSumsBelowZero(set: UInt32) throws {
    let table = try kernels(set)
    let operands: [[Float]] = [[2, 2, .nan], [-1, 1, 1], [0.5, -8, 1]]
    let relu = Self.run(table, MK_OP_MULTIPLY_ADD_RELU, operands)
    let leaky = Self.run(table, MK_OP_MULTIPLY_ADD_LEAKY_RELU, operands, immediate: 0.5)
    #expect(relu[..<2] == [0, 0] && relu[2].isNaN)
    #expect(leaky[..<2] == [-0.75, -3] && leaky[2].isNaN)
  }

  @Test func everyInstructionHasACase() {
    #expect(Set(Self.cases.map(\.op.rawValue)) == Set(0..<MK_OP_COUNT.rawValue))
  }

  @Test(arguments: instructionSets, cases)
  func equalsTheFunction(set: UInt32, test: Case) throws {
    let table = try kernels(set)
    var random = Generator(20)
    for count in [1, 3, 5, 8, 17, 1024] {
      let inputs = (0..<3).map { _ in
        random.floats(count, in: test.range).enumerated().map { place, value in
          test.hasTies && place % 2 == 1 ? value.rounded() : value
        }
      }
      let values = Self.run(table, test.op, inputs)
      for i in 0..<count {
        let expected = test.function(Double(inputs[0][i]), Double(inputs[1][i]), Double(inputs[2][i]))
        let size = abs(expected)
        // What is too small or too large for a normal number may be 0 or infinite; 0 itself must be 0.
        if size != 0 && size < Double(Float.leastNormalMagnitude)
          || size > Double(Float.greatestFiniteMagnitude)
        {
          continue
        }
        let error = abs(Double(values[i]) - expected) / Double(Float(size).ulp)
        #expect(error <= test.ulps, "\(inputs[0][i]) \(inputs[1][i]): \(values[i]), expected \(expected)")
      }
      if count == 1024, test.op == MK_OP_EQUAL || test.op == MK_OP_GREATER {
        #expect(Set(values) == [0, 1], "both answers occur")
      }
    }
  }

  @Test(arguments: instructionSets, cases)
  func aValueDoesNotDependOnItsPlace(set: UInt32, test: Case) throws {
    let table = try kernels(set)
    var random = Generator(21)
    let inputs = (0..<3).map { _ in random.floats(29, in: test.range) }
    let whole = Self.run(table, test.op, inputs)
    for start in [1, 7, 8, 28] {
      #expect(Self.run(table, test.op, inputs.map { Array($0[start...]) }) == Array(whole[start...]))
    }
  }

  @Test(arguments: instructionSets)
  func endsOfTheFunctions(set: UInt32) throws {
    let table = try kernels(set)
    let infinity = Float.infinity
    func one(_ op: mk_opcode, _ a: Float, _ b: Float = 0) -> Float {
      Self.run(table, op, [[a], [b], [1]])[0]
    }
    #expect(one(MK_OP_EXP, -infinity) == 0)
    #expect(one(MK_OP_EXP, infinity) == infinity)
    #expect(one(MK_OP_EXP, 89) == infinity)
    #expect(one(MK_OP_EXP, 0) == 1)
    #expect(one(MK_OP_LOG, 0) == -infinity)
    #expect(one(MK_OP_LOG, 1) == 0)
    #expect(one(MK_OP_LOG, infinity) == infinity)
    #expect(one(MK_OP_LOG, -1).isNaN)
    #expect(one(MK_OP_TANH, infinity) == 1)
    #expect(one(MK_OP_TANH, -infinity) == -1)
    #expect(one(MK_OP_SIGMOID, -infinity) == 0)
    #expect(one(MK_OP_SIGMOID, infinity) == 1)
    #expect(one(MK_OP_SOFTPLUS, infinity) == infinity)
    #expect(one(MK_OP_SOFTPLUS, -infinity) == 0)
    #expect(one(MK_OP_ERF, infinity) == 1)
    #expect(one(MK_OP_ERF, -infinity) == -1)
    #expect(one(MK_OP_POWER, 0, 2) == 0)
    #expect(one(MK_OP_POWER, 0, -1) == infinity)
    #expect(one(MK_OP_POWER, 0, 0) == 1)
    #expect(one(MK_OP_POWER, infinity, 0.5) == infinity)
    #expect(one(MK_OP_POWER, 10, 60) == infinity)
    #expect(one(MK_OP_POWER, -1, 2).isNaN)
    #expect(one(MK_OP_STEP, 0) == Self.immediate)
    #expect(one(MK_OP_SELECT, 0, 5) == 1)
    for test in Self.cases where test.op != MK_OP_GREATER && test.op != MK_OP_EQUAL {
      #expect(one(test.op, .nan, 1).isNaN, "\(test.name) hides a NaN")
    }
    #expect(one(MK_OP_MAXIMUM, 1, .nan).isNaN)
    #expect(one(MK_OP_MINIMUM, 1, .nan).isNaN)
  }

  @Test(arguments: instructionSets)
  func programsRunInOrder(set: UInt32) throws {
    let table = try kernels(set)
    var block: [Float] = [1, -2, 3]
    let program = [
      mk_instruction(op: UInt8(MK_OP_SQUARE.rawValue), destination: 0, a: 0, b: 0, c: 0, immediate: 0),
      mk_instruction(op: UInt8(MK_OP_ADD_IMMEDIATE.rawValue), destination: 0, a: 0, b: 0, c: 0, immediate: 1),
      mk_instruction(op: UInt8(MK_OP_MULTIPLY.rawValue), destination: 0, a: 0, b: 0, c: 0, immediate: 0),
    ]
    block.withUnsafeMutableBufferPointer { table.pointwise(program, 3, [$0.baseAddress], 3) }
    #expect(block == [4, 25, 100])
  }

  @Test(arguments: instructionSets)
  func copiesAndFills(set: UInt32) throws {
    let table = try kernels(set)
    for count in [1, 3, 8, 17, 100] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
      var y = [Float](repeating: -1, count: count + 1)
      table.from_bytes(bytes, Int32(count), &y)
      #expect(y == bytes.map(Float.init) + [-1])
      table.fill(2.5, Int32(count), &y)
      #expect(y == [Float](repeating: 2.5, count: count) + [-1])
      let x = (0..<count).map(Float.init)
      for times in [1, 3, 9] {
        table.repeat_each(x, Int32(count), Int32(times), &y)
        #expect(y == (0..<count).map { Float($0 / times) } + [-1])
      }
    }
  }
}
