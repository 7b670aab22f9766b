import CMartletKernels
import MartletGraphs

extension PointwiseOp.Unary {
  /// The C interpreter's instruction and its immediate operand.
  var instruction: (mk_opcode, Float) {
    switch self {
    case .negate: (MK_OP_NEGATE, 0)
    case .abs: (MK_OP_ABS, 0)
    case .sign: (MK_OP_SIGN, 0)
    case .exp: (MK_OP_EXP, 0)
    case .log: (MK_OP_LOG, 0)
    case .sqrt: (MK_OP_SQRT, 0)
    case .square: (MK_OP_SQUARE, 0)
    case .reciprocal: (MK_OP_RECIPROCAL, 0)
    case .tanh: (MK_OP_TANH, 0)
    case .sigmoid: (MK_OP_SIGMOID, 0)
    case .relu: (MK_OP_RELU, 0)
    case .softplus: (MK_OP_SOFTPLUS, 0)
    case .erf: (MK_OP_ERF, 0)
    case .leakyReLU(let slope): (MK_OP_LEAKY_RELU, Float(slope))
    case .step(let below): (MK_OP_STEP, Float(below))
    case .add(let number): (MK_OP_ADD_IMMEDIATE, Float(number))
    case .multiply(let factor): (MK_OP_MULTIPLY_IMMEDIATE, Float(factor))
    }
  }
}

extension PointwiseOp.Binary {
  /// The C interpreter's instruction; `divideNoNaN` takes several and has its own translation.
  var opcode: mk_opcode {
    switch self {
    case .add: MK_OP_ADD
    case .subtract: MK_OP_SUBTRACT
    case .multiply: MK_OP_MULTIPLY
    case .divide, .divideNoNaN: MK_OP_DIVIDE
    case .maximum: MK_OP_MAXIMUM
    case .minimum: MK_OP_MINIMUM
    case .power: MK_OP_POWER
    case .greater: MK_OP_GREATER
    case .equal: MK_OP_EQUAL
    }
  }
}
