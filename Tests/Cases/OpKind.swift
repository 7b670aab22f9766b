import MartletGraphs

/// Every operation without its attributes: what the case table must cover.
package enum OpKind: String, CaseIterable, Sendable {
  case input, parameter, constant, table
  case convolution, convolutionInputGradient, convolutionKernelGradient
  case maxPool, maxPoolGradient, averagePool, averagePoolGradient
  case averagePoolCountingPadding, averagePoolGradientCountingPadding
  case multiplyPlain, multiplyTransposedA, multiplyTransposedB, multiplyTransposedBoth
  case cast
  case negate, abs, sign, exp, log, sqrt, square, reciprocal, tanh, sigmoid, relu, softplus, erf
  case leakyReLU, step, addNumber, multiplyNumber
  case add, subtract, multiply, divide, maximum, minimum, power, divideNoNaN, greater, equal
  case reduceSum, reduceMean, reduceMax, reduceNorm2
  case reshape, transpose, broadcast, concatenate, slice, pad
  case batchMoments, batchNormalize, batchGradientSums, batchInputGradient
  case localResponse, localResponseGradient
  case softmax, softmaxGradient, argmax, oneHot
  case crossEntropySparse, crossEntropyDense, crossEntropyGradientSparse, crossEntropyGradientDense
  case keepMask
}

extension Op {
  /// The operation without its attributes; the switches are exhaustive, so a new operation must get one.
  package var kind: OpKind {
    switch self {
    case .source(let op): op.kind
    case .convolution(let op): op.kind
    case .pooling(let op): op.kind
    case .matrix(.multiply(false, false)): .multiplyPlain
    case .matrix(.multiply(true, false)): .multiplyTransposedA
    case .matrix(.multiply(false, true)): .multiplyTransposedB
    case .matrix(.multiply(true, true)): .multiplyTransposedBoth
    case .pointwise(.cast): .cast
    case .pointwise(.unary(let op)): op.kind
    case .pointwise(.binary(let op)): op.kind
    case .reduction(let op): op.kind.opKind
    case .structure(let op): op.kind
    case .normalization(let op): op.kind
    case .classification(let op): op.kind
    case .random(.keepMask): .keepMask
    }
  }
}

extension SourceOp {
  fileprivate var kind: OpKind {
    switch self {
    case .input: .input
    case .parameter: .parameter
    case .constant: .constant
    case .table: .table
    }
  }
}

extension ConvolutionOp {
  fileprivate var kind: OpKind {
    switch self {
    case .forward: .convolution
    case .inputGradient: .convolutionInputGradient
    case .kernelGradient: .convolutionKernelGradient
    }
  }
}

extension PoolingOp {
  fileprivate var kind: OpKind {
    switch self {
    case .max: .maxPool
    case .maxGradient: .maxPoolGradient
    case .average(let window): window.countsPadding ? .averagePoolCountingPadding : .averagePool
    case .averageGradient(let window, _):
      window.countsPadding ? .averagePoolGradientCountingPadding : .averagePoolGradient
    }
  }
}

extension PointwiseOp.Unary {
  fileprivate var kind: OpKind {
    switch self {
    case .negate: .negate
    case .abs: .abs
    case .sign: .sign
    case .exp: .exp
    case .log: .log
    case .sqrt: .sqrt
    case .square: .square
    case .reciprocal: .reciprocal
    case .tanh: .tanh
    case .sigmoid: .sigmoid
    case .relu: .relu
    case .softplus: .softplus
    case .erf: .erf
    case .leakyReLU: .leakyReLU
    case .step: .step
    case .add: .addNumber
    case .multiply: .multiplyNumber
    }
  }
}

extension PointwiseOp.Binary {
  fileprivate var kind: OpKind {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .maximum: .maximum
    case .minimum: .minimum
    case .power: .power
    case .divideNoNaN: .divideNoNaN
    case .greater: .greater
    case .equal: .equal
    }
  }
}

extension ReductionOp.Kind {
  fileprivate var opKind: OpKind {
    switch self {
    case .sum: .reduceSum
    case .mean: .reduceMean
    case .max: .reduceMax
    case .norm2: .reduceNorm2
    }
  }
}

extension StructureOp {
  fileprivate var kind: OpKind {
    switch self {
    case .reshape: .reshape
    case .transpose: .transpose
    case .broadcast: .broadcast
    case .concatenate: .concatenate
    case .slice: .slice
    case .pad: .pad
    }
  }
}

extension NormalizationOp {
  fileprivate var kind: OpKind {
    switch self {
    case .batchMoments: .batchMoments
    case .batchNormalize: .batchNormalize
    case .batchGradientSums: .batchGradientSums
    case .batchInputGradient: .batchInputGradient
    case .localResponse: .localResponse
    case .localResponseGradient: .localResponseGradient
    }
  }
}

extension ClassificationOp {
  fileprivate var kind: OpKind {
    switch self {
    case .softmax: .softmax
    case .softmaxGradient: .softmaxGradient
    case .crossEntropy(.sparse): .crossEntropySparse
    case .crossEntropy(.dense): .crossEntropyDense
    case .crossEntropyGradient(.sparse): .crossEntropyGradientSparse
    case .crossEntropyGradient(.dense): .crossEntropyGradientDense
    case .argmax: .argmax
    case .oneHot: .oneHot
    }
  }
}
