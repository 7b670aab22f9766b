extension Op {
  /// The gradients of the inputs, as graph values, given the result and its gradient.
  ///
  /// nil where an input has none (labels, masks, moments that the result's rule already covers). A
  /// gradient may have the broadcast shape: the walker sums it back. Formulas of one line need no
  /// source; others name it.
  package func gradients(_ x: [Value], _ y: Value, _ dy: Value) -> [Value?] {
    switch self {
    case .source: return []
    case .convolution(let op): return op.gradients(x, dy)
    case .pooling(let op): return op.gradients(x, dy)
    case .matrix(.multiply(let ta, let tb)): return matrixGradients(x[0], x[1], dy, ta, tb)
    case .pointwise(.cast): return [nil]
    case .pointwise(.unary(let op)): return [op.gradient(x[0], y, dy)]
    case .pointwise(.binary(let op)): return op.gradients(x[0], x[1], y, dy)
    case .reduction(let op): return [op.gradient(x[0], y, dy)]
    case .structure(let op): return op.gradients(x, dy)
    case .normalization(let op): return op.gradients(x, dy)
    case .classification(let op): return op.gradients(x, y, dy)
    case .random: return [nil]
    }
  }

  /// C = A·B: dA = dC·Bᵀ, dB = Aᵀ·dC, with each transposition moved to the other side.
  private func matrixGradients(_ a: Value, _ b: Value, _ dy: Value, _ ta: Bool, _ tb: Bool) -> [Value?] {
    let da =
      ta
      ? b.matrixProduct(dy, transposeA: tb, transposeB: true)
      : dy.matrixProduct(b, transposeB: !tb)
    let db =
      tb
      ? dy.matrixProduct(a, transposeA: true, transposeB: ta)
      : a.matrixProduct(dy, transposeA: !ta)
    return [da, db]
  }
}

extension ConvolutionOp {
  fileprivate func gradients(_ x: [Value], _ dy: Value) -> [Value?] {
    let graph = dy.graph
    func forward(_ window: ConvolutionWindow, _ image: Value, _ kernel: Value) -> Value {
      graph.apply(.convolution(.forward(window)), [image, kernel])
    }
    func input(_ window: ConvolutionWindow, _ dy: Value, _ kernel: Value, _ shape: [Int]) -> Value {
      graph.apply(.convolution(.inputGradient(window, inputShape: shape)), [dy, kernel])
    }
    func kernel(_ window: ConvolutionWindow, _ image: Value, _ dy: Value, _ shape: [Int]) -> Value {
      graph.apply(.convolution(.kernelGradient(window, kernelShape: shape)), [image, dy])
    }
    switch self {
    case .forward(let w): return [input(w, dy, x[1], x[0].shape), kernel(w, x[0], dy, x[1].shape)]
    // Both gradients are linear in each input, so theirs are the three operations again.
    case .inputGradient(let w, _): return [forward(w, dy, x[1]), kernel(w, dy, x[0], x[1].shape)]
    case .kernelGradient(let w, _): return [input(w, x[1], dy, x[0].shape), forward(w, x[0], dy)]
    }
  }
}

extension PoolingOp {
  fileprivate func gradients(_ x: [Value], _ dy: Value) -> [Value?] {
    let graph = dy.graph
    switch self {
    case .max(let w): return [graph.apply(.pooling(.maxGradient(w)), [x[0], dy])]
    case .maxGradient:
      return [nil, graph.unsupportedSecondGradient(of: "max pooling")]
    case .average(let w): return [graph.apply(.pooling(.averageGradient(w, inputShape: x[0].shape)), [dy])]
    case .averageGradient(let w, _): return [graph.apply(.pooling(.average(w)), [dy])]
    }
  }
}

extension Graph {
  fileprivate func unsupportedSecondGradient(of name: String) -> Value {
    fail(
      ModelError(
        path: scopes.current, expected: "first derivatives only",
        received: "a gradient of the gradient of \(name)",
        hint: "Use a gradient as a number, not inside the loss."))
  }
}

extension PointwiseOp.Unary {
  fileprivate func gradient(_ x: Value, _ y: Value, _ dy: Value) -> Value? {
    switch self {
    case .negate: return -dy
    case .abs: return dy * x.sign()
    case .sign, .step: return nil
    case .exp: return dy * y
    case .log: return dy / x
    case .sqrt: return dy / y * 0.5
    case .square: return dy * x * 2
    case .reciprocal: return -(dy * y.squared())
    case .tanh: return dy * (1 - y.squared())
    case .sigmoid: return dy * (y * (1 - y))
    case .relu: return dy * y.step()
    // The result has the input's sign, so the input need not be kept.
    case .leakyReLU(let slope): return dy * (slope > 0 ? y : x).step(below: slope)
    case .softplus: return dy * x.sigmoid()
    // erf' = 2/√π · e^(-x²)
    case .erf: return dy * ((-x.squared()).exp() * 1.1283791670955126)
    case .add: return dy
    case .multiply(let factor): return dy * factor
    }
  }
}

extension PointwiseOp.Binary {
  fileprivate func gradients(_ a: Value, _ b: Value, _ y: Value, _ dy: Value) -> [Value?] {
    switch self {
    case .add: return [dy, dy]
    case .subtract: return [dy, -dy]
    case .multiply: return [dy * b, dy * a]
    case .divide: return [dy / b, -(dy * y / b)]
    case .divideNoNaN: return [dy.dividedNoNaN(by: b), -(dy * y).dividedNoNaN(by: b)]
    // Equal operands: the first takes the gradient.
    case .maximum: return [dy * (1 - b.greater(than: a)), dy * b.greater(than: a)]
    case .minimum: return [dy * (1 - a.greater(than: b)), dy * a.greater(than: b)]
    case .power: return [dy * b * a.power(b - 1), dy * y * a.log()]
    case .greater, .equal: return [nil, nil]
    }
  }
}

extension ReductionOp {
  fileprivate func gradient(_ x: Value, _ y: Value, _ dy: Value) -> Value {
    let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
    let whole = dy.reshaped(kept)
    let count = Double(axes.reduce(1) { $0 * x.shape[$1] })
    switch kind {
    case .sum: return whole.broadcast(to: x.shape)
    case .mean: return (whole * (1 / count)).broadcast(to: x.shape)
    case .max:
      let isMaximum = x.equal(to: y.reshaped(kept))
      return isMaximum * (whole / isMaximum.sum(axes: axes, keepsAxes: true))
    case .norm2: return x * whole.dividedNoNaN(by: y.reshaped(kept))
    }
  }
}

extension StructureOp {
  fileprivate func gradients(_ x: [Value], _ dy: Value) -> [Value?] {
    switch self {
    case .reshape: return [dy.reshaped(x[0].shape)]
    case .transpose(let order):
      var inverse = order
      for (position, axis) in order.enumerated() { inverse[axis] = position }
      return [dy.transposed(inverse)]
    case .broadcast: return [dy]
    case .concatenate(let axis):
      var start = 0
      return x.map { part in
        defer { start += part.shape[axis] }
        return dy.slice(axis: axis, start: start, count: part.shape[axis])
      }
    case .slice(let axis, let start, let count):
      return [dy.padded(axis: axis, before: start, after: x[0].shape[axis] - start - count)]
    case .pad(let axis, let before, _):
      return [dy.slice(axis: axis, start: before, count: x[0].shape[axis])]
    }
  }
}

extension NormalizationOp {
  fileprivate func gradients(_ x: [Value], _ dy: Value) -> [Value?] {
    let graph = dy.graph
    switch self {
    case .batchMoments:
      // d mean / dx = 1/n, d variance / dx = 2 (x - mean) / n.
      let count = Double(x[0].shape.dropLast().reduce(1, *))
      let moments = graph.apply(.normalization(.batchMoments), [x[0]])
      let channels = [x[0].shape[x[0].rank - 1]]
      func row(_ value: Value, _ index: Int) -> Value {
        value.slice(axis: 0, start: index, count: 1).reshaped(channels)
      }
      return [((x[0] - row(moments, 0)) * row(dy, 1) * 2 + row(dy, 0)) * (1 / count)]
    case .batchNormalize(let epsilon):
      // Ioffe and Szegedy 2015, section 3; the sums are the gradients of beta and gamma.
      let sums = graph.apply(.normalization(.batchGradientSums(epsilon: epsilon)), [dy, x[0], x[1]])
      let dx = graph.apply(
        .normalization(.batchInputGradient(epsilon: epsilon)), [dy, x[0], x[1], x[2], sums])
      let beta = sums.slice(axis: 0, start: 0, count: 1).reshaped(x[3].shape)
      let gamma = sums.slice(axis: 0, start: 1, count: 1).reshaped(x[2].shape)
      return [dx, nil, gamma, beta]
    case .batchGradientSums, .batchInputGradient:
      return x.map { _ in graph.unsupportedSecondGradient(of: "batch normalization") }
    case .localResponse(let attributes):
      return [graph.apply(.normalization(.localResponseGradient(attributes)), [x[0], dy])]
    case .localResponseGradient:
      return x.map { _ in graph.unsupportedSecondGradient(of: "local response normalization") }
    }
  }
}

extension ClassificationOp {
  fileprivate func gradients(_ x: [Value], _ y: Value, _ dy: Value) -> [Value?] {
    let graph = dy.graph
    switch self {
    case .softmax: return [graph.apply(.classification(.softmaxGradient), [y, dy])]
    case .softmaxGradient: return x.map { _ in graph.unsupportedSecondGradient(of: "softmax") }
    case .crossEntropy(let encoding):
      return [graph.apply(.classification(.crossEntropyGradient(encoding)), [x[0], x[1], dy]), nil]
    case .crossEntropyGradient:
      return x.map { _ in graph.unsupportedSecondGradient(of: "cross-entropy") }
    case .argmax, .oneHot: return [nil]
    }
  }
}
