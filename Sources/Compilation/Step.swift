import MartletGraphs

/// One thing a backend does: some fused operations with the buffers they read and write.
package struct Step: Sendable {
  package var kind: StepKind
  package var inputs: [Int]
  package var outputs: [Int]
  /// The operands' shapes; a buffer may be seen in another shape by each step.
  package var inputShapes: [[Int]]
  package var outputShapes: [[Int]]
  /// The layer the step belongs to, for profiles and errors.
  package var path: String
  /// Whether the step can run one image (or a few) at a time; sums over the batch are then completed
  /// at the end of the region.
  package var isImagewise: Bool
  /// The operations, and the bytes of what it reads and writes.
  package var cost: Cost

  /// The same step, computed without faster algorithms of another rounding.
  var exact: Step {
    func exact(_ step: ConvolutionStep) -> ConvolutionStep {
      var step = step
      step.isExact = true
      return step
    }
    var result = self
    switch kind {
    case .convolution(let step): result.kind = .convolution(exact(step))
    case .kernelGradient(let step, let shape): result.kind = .kernelGradient(exact(step), kernelShape: shape)
    case .inputGradient(let step, let shape): result.kind = .inputGradient(exact(step), inputShape: shape)
    case .matrix, .pointwise, .pooling, .reduction, .structure, .normalization, .normalizedPooling,
      .normalizedGradient, .classification:
      break
    }
    return result
  }

  /// The same step with the cost of all that was fused into it: each operation of pointwise code, and the bytes
  /// of what is read and written, not of what was between.
  func counted(_ buffers: [Program.Buffer]) -> Step {
    func bytes(_ operands: [Int], _ shapes: [[Int]]) -> Int {
      zip(operands, shapes).reduce(0) { $0 + $1.1.reduce(buffers[$1.0].element.byteCount, *) }
    }
    var result = self
    result.cost.bytes = bytes(inputs, inputShapes) + bytes(outputs, outputShapes)
    if case .pointwise(let code) = kind { result.cost.flops = code.shape.reduce(code.operationCount, *) }
    return result
  }

  /// The layer and what is done there, such as `Conv1: conv 3x3`.
  package var name: String { path.isEmpty ? kind.name : "\(path): \(kind.name)" }
}

/// The kinds of steps, each with what it fuses.
package enum StepKind: Sendable {
  /// source, kernel[, bias] → y, or pooled y and mask.
  case convolution(ConvolutionStep)
  /// source, dy[, mask] → kernel gradient[, bias gradient].
  case kernelGradient(ConvolutionStep, kernelShape: [Int])
  /// dy, kernel[, mask] → dx.
  case inputGradient(ConvolutionStep, inputShape: [Int])
  /// a, b[, bias] → c.
  case matrix(MatrixStep)
  case pointwise(PointwiseCode)
  case pooling(PoolingOp)
  case reduction(ReductionOp)
  case structure(StructureOp)
  case normalization(NormalizationOp)
  /// x, scale, shift[, key] → pooled y, mask and largest x; or dy, mask with what its part reads besides.
  case normalizedPooling(NormalizedPoolingStep)
  /// dy, x, scale, shift with what its part reads besides.
  case normalizedGradient(NormalizedGradientStep)
  case classification(ClassificationOp)
}

/// What follows a product before it is stored.
package enum Epilogue: Hashable, Sendable {
  case identity
  case relu
  case leakyReLU(slope: Double)

  /// Whether a larger number never becomes a smaller one, so that a maximum can be taken before.
  var isIncreasing: Bool {
    switch self {
    case .identity, .relu: true
    case .leakyReLU(let slope): slope >= 0
    }
  }
}

/// A convolution with what is computed on its way in and out.
package struct ConvolutionStep: Sendable {
  package var window: ConvolutionWindow
  /// `[N, H, W, C]` of the image the kernel slides over.
  package var imageShape: [Int]
  /// `[N, H', W', K]` before pooling.
  package var resultShape: [Int]
  /// Computes the image from the first inputs, row by row; nil where the first input is the image.
  package var source: PointwiseCode?
  /// A bias is added, or its gradient is asked for.
  package var hasBias = false
  package var epilogue = Epilogue.identity
  /// The activation and 2x2 max pooling follow; only the pooled values are stored, with a one-byte mask for
  /// the way back.
  ///
  /// The mask's bits 0 and 1 are the first maximum in scan order, bit 2 says that it is not positive.
  package var isPooled = false
  /// Whether pooling stores its mask; its activation is ReLU then.
  package var keepsMask = true
  /// Faster algorithms with another rounding are not allowed.
  package var isExact = false

  /// The number of leading inputs that make up the image.
  package var sourceCount: Int { source?.loads.count ?? 1 }

  package var pooledShape: [Int] { [resultShape[0], resultShape[1] / 2, resultShape[2] / 2, resultShape[3]] }
}

/// Normalisation, a ReLU with a slope below zero, 2x2 max pooling and dropout, or one part of its way back.
package struct NormalizedPoolingStep: Sendable {
  package enum Part: Sendable {
    /// x, scale, shift[, key of dropout] → pooled y, mask, x where the maxima are.
    ///
    /// The mask's bits 0 and 1 are the first maximum in scan order, bit 2 says that it is not positive, bit 3
    /// that it is dropped.
    case forward
    /// dy, mask, x where the maxima are, moments → `[2, C]`: Σ dz and Σ dz·x̂.
    case gradientSums(epsilon: Double)
    /// dy, mask, x, scale, offset, bend → dx = dz · scale + offset + x · bend.
    case inputGradient
  }

  package struct Dropout: Sendable {
    package var rate: Double
    package var stream: UInt32
  }

  package var part: Part
  /// `[N, H, W, C]` before pooling.
  package var imageShape: [Int]
  package var slope: Double
  package var dropout: Dropout?

  package var pooledShape: [Int] { [imageShape[0], imageShape[1] / 2, imageShape[2] / 2, imageShape[3]] }

  package var sumsOverBatch: Bool {
    if case .gradientSums = part { return true }
    return false
  }
}

/// A part of the way back through normalisation and a ReLU with a slope below zero: with
/// dz = dy where x · scale + shift > 0, else dy · slope.
package struct NormalizedGradientStep: Sendable {
  package enum Part: Sendable {
    /// … moments → `[2, C]`: Σ dz and Σ dz·x̂.
    case sums(epsilon: Double)
    /// … offset, bend → dx = dz · scale + offset + x · bend.
    case input
  }

  package var part: Part
  /// `[N, ..., C]` of x.
  package var shape: [Int]
  package var slope: Double

  package var sumsOverBatch: Bool {
    if case .sums = part { return true }
    return false
  }
}

/// A product of matrices with its epilogue.
package struct MatrixStep: Sendable {
  package var transposeA: Bool
  package var transposeB: Bool
  package var hasBias = false
  package var epilogue = Epilogue.identity
}

/// A fused chain of pointwise operations, in single-assignment form.
package struct PointwiseCode: Hashable, Sendable {
  package enum Item: Hashable, Sendable {
    /// The element of a load, broadcast and converted to floating point.
    case load(Int)
    case constant(Double)
    /// A dropout mask drawn from the key in load `key`.
    case keepMask(rate: Double, stream: UInt32, key: Int)
    case unary(PointwiseOp.Unary, Int)
    case binary(PointwiseOp.Binary, Int, Int)
  }

  package struct Load: Hashable, Sendable {
    package var shape: [Int]
    package var element: ElementType
  }

  /// The result's shape; every load broadcasts to it.
  package var shape: [Int]
  package var loads: [Load]
  package var items: [Item]
  /// The items that are stored, in the order of the step's outputs.
  package var results: [Int]

  /// Items that compute.
  package var operationCount: Int {
    items.count {
      switch $0 {
      case .load, .constant: false
      case .keepMask, .unary, .binary: true
      }
    }
  }

  /// Whether computing twice is as good as storing: few operations and no costly one.
  package var isCheap: Bool {
    operationCount <= 8
      && items.allSatisfy {
        switch $0 {
        case .load, .constant: true
        case .keepMask: false
        case .unary(let op, _):
          switch op {
          case .exp, .log, .sqrt, .tanh, .sigmoid, .softplus, .erf, .reciprocal: false
          case .negate, .abs, .sign, .square, .relu, .leakyReLU, .step, .add, .multiply: true
          }
        case .binary(let op, _, _): op != .power && op != .divide && op != .divideNoNaN
        }
      }
  }
}
