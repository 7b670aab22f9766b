extension Op {
  package typealias Operand = (shape: [Int], element: ElementType)

  /// The shape and element type of the result, or the rule that the inputs break.
  package func result(of inputs: [Operand]) throws(ShapeMismatch) -> Operand {
    if let count = inputCount {
      precondition(inputs.count == count, "\(name) takes \(count) inputs, received \(inputs.count)")
    }
    try requireNumbers(inputs)
    switch self {
    case .source(let op): return op.result
    case .convolution(let op): return (try op.shape(inputs.map(\.shape)), .float)
    case .pooling(let op): return (try op.shape(inputs.map(\.shape)), .float)
    case .matrix(.multiply(let ta, let tb)):
      return (try matrixShape(inputs[0].shape, inputs[1].shape, ta, tb), .float)
    case .pointwise(let op): return (try op.shape(inputs), .float)
    case .reduction(let op): return (try op.shape(inputs[0].shape), .float)
    case .structure(let op):
      guard inputs.allSatisfy({ $0.element == inputs[0].element }) else {
        throw ShapeMismatch(
          expected: "parts of one element type",
          received: inputs.map { "\($0.element)" }.joined(separator: ", "), hint: "Call toFloat() first.")
      }
      return (try op.shape(inputs.map(\.shape)), inputs[0].element)
    case .normalization(let op): return (try op.shape(inputs.map(\.shape)), .float)
    case .classification(let op): return (try op.shape(inputs), .float)
    case .random(.keepMask(_, _, let shape)): return (shape, .float)
    }
  }

  /// The number of inputs, or nil where it may vary.
  package var inputCount: Int? {
    switch self {
    case .source: 0
    case .convolution: 2
    case .pooling(.maxGradient): 2
    case .pooling(.max), .pooling(.average), .pooling(.averageGradient): 1
    case .matrix: 2
    case .pointwise(.cast), .pointwise(.unary): 1
    case .pointwise(.binary): 2
    case .reduction: 1
    case .structure(.concatenate): nil
    case .structure: 1
    case .normalization(let op): op.inputCount
    case .classification(.crossEntropyGradient): 3
    case .classification(.softmaxGradient), .classification(.crossEntropy): 2
    case .classification(.softmax), .classification(.argmax), .classification(.oneHot): 1
    case .random: 1
    }
  }

  /// Refuses bytes and labels where numbers are computed with.
  private func requireNumbers(_ inputs: [Operand]) throws(ShapeMismatch) {
    let computed: ArraySlice<Operand>
    switch self {
    case .source, .random, .structure, .pointwise(.cast), .classification(.oneHot): computed = []
    case .convolution, .pooling, .matrix, .pointwise(.unary), .pointwise(.binary), .reduction,
      .normalization:
      computed = inputs[...]
    case .classification(.crossEntropy(.sparse)), .classification(.crossEntropyGradient(.sparse)):
      computed = inputs.prefix(1)
    case .classification(.softmax), .classification(.softmaxGradient), .classification(.argmax),
      .classification(.crossEntropy(.dense)), .classification(.crossEntropyGradient(.dense)):
      computed = inputs[...]
    }
    for input in computed where input.element != .float {
      throw ShapeMismatch(
        expected: "floating-point numbers", received: "\(input.element) of shape \(input.shape)",
        hint: "Begin the network with Rescale(1 / 255), or call toFloat().")
    }
  }

  private func matrixShape(_ a: [Int], _ b: [Int], _ ta: Bool, _ tb: Bool) throws(ShapeMismatch) -> [Int] {
    guard a.count == 2, b.count == 2 else {
      throw ShapeMismatch(
        expected: "two matrices", received: "\(a) and \(b)", hint: "Put Flatten() before a dense layer.")
    }
    let (m, k) = ta ? (a[1], a[0]) : (a[0], a[1])
    let (k2, n) = tb ? (b[1], b[0]) : (b[0], b[1])
    guard k == k2 else {
      throw ShapeMismatch(expected: "\(k) features on both sides", received: "\(a) times \(b)")
    }
    return [m, n]
  }
}

extension SourceOp {
  fileprivate var result: Op.Operand {
    switch self {
    case .input(_, let shape, let element): (shape, element)
    case .parameter(_, let shape), .constant(_, let shape), .table(_, let shape): (shape, .float)
    }
  }
}

extension ConvolutionOp {
  fileprivate func shape(_ inputs: [[Int]]) throws(ShapeMismatch) -> [Int] {
    switch self {
    case .forward(let window): return try window.outputShape(input: inputs[0], kernel: inputs[1])
    case .inputGradient(_, let shape): return shape
    case .kernelGradient(_, let shape): return shape
    }
  }
}

extension ConvolutionWindow {
  /// `[N, H', W', K]` of an input `[N, H, W, C]` and a kernel `[kh, kw, C/groups, K]`.
  package func outputShape(input x: [Int], kernel w: [Int]) throws(ShapeMismatch) -> [Int] {
    guard x.count == 4 else {
      throw ShapeMismatch(
        expected: "images [batch, height, width, channels]", received: "\(x)",
        hint: "A convolution cannot follow Flatten().")
    }
    precondition(
      w.count == 4 && w[0] == kernel.height && w[1] == kernel.width, "kernel \(w) is not \(kernel)")
    guard x[3] == w[2] * groups, w[3] % groups == 0 else {
      throw ShapeMismatch(
        expected: "\(w[2] * groups) channels in and filters divisible by \(groups) groups",
        received: "\(x[3]) channels and \(w[3]) filters")
    }
    let rows = windowCount(
      size: x[1], kernel: kernel.height, stride: stride.height, dilation: dilation.height,
      before: padding.top, after: padding.bottom)
    let columns = windowCount(
      size: x[2], kernel: kernel.width, stride: stride.width, dilation: dilation.width,
      before: padding.left, after: padding.right)
    guard let rows, let columns else {
      throw ShapeMismatch(
        expected: "an image of at least \(kernel) (dilation \(dilation)), padding included",
        received: "\(x[1])x\(x[2])", hint: "Use padding: .same, a smaller kernel or fewer pooling layers.")
    }
    return [x[0], rows, columns, w[3]]
  }
}

extension PoolingOp {
  fileprivate func shape(_ inputs: [[Int]]) throws(ShapeMismatch) -> [Int] {
    switch self {
    case .max(let window), .average(let window): return try window.outputShape(input: inputs[0])
    case .maxGradient: return inputs[0]
    case .averageGradient(_, let shape): return shape
    }
  }
}

extension PoolingWindow {
  /// `[N, H', W', C]` of an input `[N, H, W, C]`.
  package func outputShape(input x: [Int]) throws(ShapeMismatch) -> [Int] {
    guard x.count == 4 else {
      throw ShapeMismatch(
        expected: "images [batch, height, width, channels]", received: "\(x)",
        hint: "Pooling cannot follow Flatten().")
    }
    let rows = windowCount(
      size: x[1], kernel: size.height, stride: stride.height, dilation: 1, before: padding.top,
      after: padding.bottom)
    let columns = windowCount(
      size: x[2], kernel: size.width, stride: stride.width, dilation: 1, before: padding.left,
      after: padding.right)
    guard let rows, let columns else {
      throw ShapeMismatch(
        expected: "an image of at least \(size)", received: "\(x[1])x\(x[2])",
        hint: "Leave out a pooling layer or use padding: .same.")
    }
    return [x[0], rows, columns, x[3]]
  }
}

extension PointwiseOp {
  fileprivate func shape(_ inputs: [Op.Operand]) throws(ShapeMismatch) -> [Int] {
    switch self {
    case .cast: return inputs[0].shape
    case .unary: return inputs[0].shape
    case .binary(let operation):
      do throws(ShapeMismatch) {
        return try broadcastShape(inputs[0].shape, inputs[1].shape)
      } catch {
        throw ShapeMismatch(
          expected: "\(error.expected) for \(operation)", received: error.received,
          hint: "From the last axis on, two extents must be equal or one of them 1.")
      }
    }
  }
}

/// The shape both operands broadcast to: trailing axes are aligned, extents equal or 1.
package func broadcastShape(_ a: [Int], _ b: [Int]) throws(ShapeMismatch) -> [Int] {
  let rank = max(a.count, b.count)
  var result = [Int](repeating: 1, count: rank)
  for axis in 0..<rank {
    let x = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
    let y = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
    guard x == y || x == 1 || y == 1 else {
      throw ShapeMismatch(expected: "shapes that broadcast", received: "\(a) and \(b)")
    }
    result[axis] = x == 1 ? y : x
  }
  return result
}

extension ReductionOp {
  fileprivate func shape(_ x: [Int]) throws(ShapeMismatch) -> [Int] {
    for axis in axes where !x.indices.contains(axis) {
      throw ShapeMismatch(expected: "an axis in 0..<\(x.count)", received: "axis \(axis) of \(x)")
    }
    guard zip(axes, axes.dropFirst()).allSatisfy(<) else {
      throw ShapeMismatch(expected: "each axis once, ascending", received: "axes \(axes)")
    }
    if keepsAxes { return x.indices.map { axes.contains($0) ? 1 : x[$0] } }
    return x.indices.filter { !axes.contains($0) }.map { x[$0] }
  }
}

extension StructureOp {
  fileprivate func shape(_ inputs: [[Int]]) throws(ShapeMismatch) -> [Int] {
    let x = inputs[0]
    switch self {
    case .reshape(let shape):
      guard shape.allSatisfy({ $0 > 0 }) else {
        throw ShapeMismatch(
          expected: "extents above 0 for the \(x.reduce(1, *)) elements of \(x), one of which may be -1",
          received: "\(shape)")
      }
      guard shape.reduce(1, *) == x.reduce(1, *) else {
        throw ShapeMismatch(
          expected: "\(shape.reduce(1, *)) elements for \(shape)", received: "\(x.reduce(1, *)) in \(x)")
      }
      return shape
    case .transpose(let order):
      guard order.sorted() == Array(x.indices) else {
        throw ShapeMismatch(expected: "an order of \(x.count) axes", received: "\(order)")
      }
      return order.map { x[$0] }
    case .broadcast(let shape):
      guard try broadcastShape(x, shape) == shape else {
        throw ShapeMismatch(expected: "a shape that broadcasts to \(shape)", received: "\(x)")
      }
      return shape
    case .concatenate(let axis): return try Self.concatenated(inputs, axis)
    case .slice(let axis, let start, let count):
      guard x.indices.contains(axis), start >= 0, count > 0, start + count <= x[axis] else {
        throw ShapeMismatch(
          expected: "a part of \(x)", received: "\(start)..<\(start + count) of axis \(axis)")
      }
      var shape = x
      shape[axis] = count
      return shape
    case .pad(let axis, let before, let after):
      guard x.indices.contains(axis), before >= 0, after >= 0 else {
        throw ShapeMismatch(
          expected: "padding of an axis of \(x)", received: "\(before), \(after) of axis \(axis)")
      }
      var shape = x
      shape[axis] += before + after
      return shape
    }
  }

  private static func concatenated(_ inputs: [[Int]], _ axis: Int) throws(ShapeMismatch) -> [Int] {
    var shape = inputs[0]
    guard shape.indices.contains(axis) else {
      throw ShapeMismatch(expected: "an axis in 0..<\(shape.count)", received: "axis \(axis)")
    }
    for other in inputs.dropFirst() {
      guard other.count == shape.count, other.indices.allSatisfy({ $0 == axis || other[$0] == shape[$0] })
      else {
        throw ShapeMismatch(
          expected: "equal extents apart from axis \(axis) to concatenate",
          received: inputs.map { "\($0)" }.joined(separator: " and "),
          hint: "Padding, strides and pooling before it must give parts of one size.")
      }
      shape[axis] += other[axis]
    }
    return shape
  }
}

extension NormalizationOp {
  fileprivate var inputCount: Int {
    switch self {
    case .batchMoments, .localResponse: 1
    case .localResponseGradient: 2
    case .batchGradientSums: 3
    case .batchNormalize: 4
    case .batchInputGradient: 5
    }
  }

  fileprivate func shape(_ inputs: [[Int]]) throws(ShapeMismatch) -> [Int] {
    guard inputs[0].count >= 2, let channels = inputs[0].last else {
      throw ShapeMismatch(expected: "at least [batch, channels]", received: "\(inputs[0])")
    }
    switch self {
    case .batchMoments, .batchGradientSums: return [2, channels]
    case .batchNormalize, .batchInputGradient, .localResponse, .localResponseGradient: return inputs[0]
    }
  }
}

extension ClassificationOp {
  fileprivate func shape(_ inputs: [Op.Operand]) throws(ShapeMismatch) -> [Int] {
    let x = inputs[0].shape
    if case .oneHot(let classes) = self {
      guard x.count == 1 else { throw ShapeMismatch(expected: "labels [batch]", received: "\(x)") }
      return [x[0], classes]
    }
    guard x.count == 2 else {
      throw ShapeMismatch(
        expected: "scores [batch, classes]", received: "\(x)",
        hint: "End the network with Flatten() and Dense(classes).")
    }
    switch self {
    case .softmax, .softmaxGradient, .crossEntropyGradient: return x
    case .argmax: return [x[0]]
    case .oneHot(let classes): return [x[0], classes]
    case .crossEntropy(let encoding):
      let wanted = encoding == .sparse ? [x[0]] : x
      guard inputs[1].shape == wanted else {
        throw ShapeMismatch(
          expected: encoding == .sparse ? "labels \(wanted)" : "one row of targets for each row, \(wanted)",
          received: "\(inputs[1].shape)",
          hint: encoding == .sparse
            ? "Use categoricalCrossEntropy for one-hot targets."
            : "Use sparseCategoricalCrossEntropy for integer labels.")
      }
      return [x[0]]
    }
  }
}
