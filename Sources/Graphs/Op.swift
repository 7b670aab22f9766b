import MartletTensors

/// One operation with its attributes: a value, nested by family.
///
/// What an operation owes stands in one exhaustive switch for each duty: `Op+Shape`, `Op+Gradient`,
/// `Op+Cost`, `Op+Name` here, and one kernel in the reference interpreter. Every operation has exactly
/// one output. Letters: N batch, H rows, W columns, C channels, K filters.
package enum Op: Hashable, Sendable {
  case source(SourceOp)
  case convolution(ConvolutionOp)
  case pooling(PoolingOp)
  case matrix(MatrixOp)
  case pointwise(PointwiseOp)
  case reduction(ReductionOp)
  case structure(StructureOp)
  case normalization(NormalizationOp)
  case classification(ClassificationOp)
  case random(RandomOp)
}

/// Values that come from outside the graph.
package enum SourceOp: Hashable, Sendable {
  /// Data given at every execution.
  case input(name: String, shape: [Int], element: ElementType)
  /// A tensor of the store.
  case parameter(path: String, shape: [Int])
  /// One number in every element.
  case constant(Double, shape: [Int])
  /// A small fixed tensor, such as the channels' means.
  case table([Double], shape: [Int])
}

/// The geometry of a convolution; padding is resolved to numbers of cells.
package struct ConvolutionWindow: Hashable, Sendable {
  package var kernel: Extent
  package var stride: Extent
  package var dilation: Extent
  package var padding: Margins
  package var groups: Int

  package init(
    kernel: Extent, stride: Extent = Extent(1), dilation: Extent = Extent(1),
    padding: Margins = Margins(), groups: Int = 1
  ) {
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.groups = groups
  }
}

/// The convolution (in fact a cross-correlation, as in every framework) and its two gradients.
package enum ConvolutionOp: Hashable, Sendable {
  /// `[N, H, W, C]`, `[kh, kw, C/groups, K]` → `[N, H', W', K]`.
  case forward(ConvolutionWindow)
  /// dy `[N, H', W', K]`, kernel → `[N, H, W, C]`.
  case inputGradient(ConvolutionWindow, inputShape: [Int])
  /// x, dy → `[kh, kw, C/groups, K]`.
  case kernelGradient(ConvolutionWindow, kernelShape: [Int])
}

/// The geometry of a pooling window.
package struct PoolingWindow: Hashable, Sendable {
  package var size: Extent
  package var stride: Extent
  package var padding: Margins
  /// Average pooling divides by the window's size even where it covers padding (PyTorch's default).
  package var countsPadding: Bool

  package init(size: Extent, stride: Extent, padding: Margins = Margins(), countsPadding: Bool = false) {
    self.size = size
    self.stride = stride
    self.padding = padding
    self.countsPadding = countsPadding
  }
}

/// Pooling over windows; the maximum's gradient goes to the first maximum in scan order.
package enum PoolingOp: Hashable, Sendable {
  case max(PoolingWindow)
  /// x, dy → gradient of x.
  case maxGradient(PoolingWindow)
  case average(PoolingWindow)
  /// dy → gradient of x.
  case averageGradient(PoolingWindow, inputShape: [Int])
}

/// Products of matrices.
package enum MatrixOp: Hashable, Sendable {
  /// `[m, k]` · `[k, n]`, each optionally transposed.
  case multiply(transposeA: Bool, transposeB: Bool)
}

/// Element by element, with broadcasting of the operands.
package enum PointwiseOp: Hashable, Sendable {
  /// From bytes or labels to floating point.
  case cast
  case unary(Unary)
  case binary(Binary)

  package enum Unary: Hashable, Sendable {
    case negate, abs, sign, exp, log, sqrt, square, reciprocal, tanh, sigmoid, relu, softplus, erf
    /// x > 0 ? x : slope·x.
    case leakyReLU(slope: Double)
    /// x > 0 ? 1 : below.
    case step(below: Double)
    case add(Double)
    case multiply(Double)
  }

  package enum Binary: Hashable, Sendable {
    case add, subtract, multiply, divide, maximum, minimum, power
    /// a / b, and 0 where b is 0.
    case divideNoNaN
    /// a > b ? 1 : 0.
    case greater
    /// a == b ? 1 : 0.
    case equal
  }
}

/// Reductions over axes.
package struct ReductionOp: Hashable, Sendable {
  package enum Kind: Hashable, Sendable { case sum, mean, max, norm2 }
  package var kind: Kind
  /// The reduced axes, ascending.
  package var axes: [Int]
  /// Whether reduced axes stay with extent 1.
  package var keepsAxes: Bool

  package init(kind: Kind, axes: [Int], keepsAxes: Bool) {
    self.kind = kind
    self.axes = axes
    self.keepsAxes = keepsAxes
  }
}

/// Changes of shape and order.
package enum StructureOp: Hashable, Sendable {
  case reshape([Int])
  case transpose([Int])
  case broadcast([Int])
  case concatenate(axis: Int)
  case slice(axis: Int, start: Int, count: Int)
  /// Zeros before and after along one axis.
  case pad(axis: Int, before: Int, after: Int)
}

/// Attributes of local response normalisation: x · (bias + alpha · Σ x²)^-beta over `size` channels.
package struct LocalResponse: Hashable, Sendable {
  package var size: Int
  package var alpha: Double
  package var beta: Double
  package var bias: Double

  package init(size: Int, alpha: Double, beta: Double, bias: Double) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }
}

/// Normalisations; statistics are over all axes but the last.
package enum NormalizationOp: Hashable, Sendable {
  /// x → `[2, C]`: means and population variances.
  case batchMoments
  /// x, moments, gamma, beta → y. The gradient for x includes the way through the moments.
  case batchNormalize(epsilon: Double)
  /// dy, x, moments → `[2, C]`: Σ dy and Σ dy·x̂.
  case batchGradientSums(epsilon: Double)
  /// dy, x, moments, gamma, sums → gradient of x.
  case batchInputGradient(epsilon: Double)
  case localResponse(LocalResponse)
  /// x, dy → gradient of x.
  case localResponseGradient(LocalResponse)
}

/// How targets are given.
package enum TargetEncoding: Hashable, Sendable {
  /// Labels `[N]`.
  case sparse
  /// One row of weights for each sample, `[N, classes]`.
  case dense
}

/// Rows of class scores `[N, classes]`.
package enum ClassificationOp: Hashable, Sendable {
  case softmax
  /// y, dy → gradient of x.
  case softmaxGradient
  /// logits, targets → loss `[N]`.
  case crossEntropy(TargetEncoding)
  /// logits, targets, gradient of the loss `[N]` → gradient of the logits.
  case crossEntropyGradient(TargetEncoding)
  /// The index of the first maximum, `[N]`, as a floating-point number.
  case argmax
  /// Labels `[N]` → `[N, classes]`.
  case oneHot(classes: Int)
}

/// Random values; a function of (seed, step, stream, index).
package enum RandomOp: Hashable, Sendable {
  /// key `[4]` (seed low, seed high, step, 0) → 1/(1-rate) where kept, else 0.
  case keepMask(rate: Double, stream: UInt32, shape: [Int])
}
