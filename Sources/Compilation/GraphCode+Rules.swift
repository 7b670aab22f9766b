import MartletGraphs

extension GraphCode {
  /// A node that already has the result of an operation, or the emitted simpler form; nil to emit as it is.
  mutating func simplified(_ op: Op, _ inputs: [Int], path: String) -> Int? {
    switch op {
    case .source, .convolution, .pooling, .matrix, .classification, .random, .pointwise(.cast): return nil
    case .structure(let op): return simplified(op, inputs, path: path)
    case .pointwise(.unary(let op)): return simplified(op, inputs[0], path: path)
    case .pointwise(.binary(let op)): return simplified(op, inputs, path: path)
    case .reduction(let op):
      let isTrivial = op.kind != .norm2 && op.axes.allSatisfy { nodes[inputs[0]].shape[$0] == 1 }
      guard isTrivial else { return nil }
      let shape = nodes[inputs[0]].shape
      return emit(
        .structure(
          .reshape(op.keepsAxes ? shape : shape.indices.filter { !op.axes.contains($0) }.map { shape[$0] })),
        inputs, path: path)
    case .normalization(.batchNormalize(let epsilon)):
      return batchNormalize(inputs, epsilon, path)
    case .normalization(.batchInputGradient(let epsilon)):
      return batchInputGradient(inputs, epsilon, path)
    case .normalization(.batchMoments), .normalization(.batchGradientSums), .normalization(.localResponse),
      .normalization(.localResponseGradient):
      return nil
    }
  }

  private mutating func simplified(_ op: StructureOp, _ inputs: [Int], path: String) -> Int? {
    let x = nodes[inputs[0]]
    switch op {
    case .reshape(let shape):
      if x.shape == shape { return inputs[0] }
      if case .structure(.reshape) = x.op { return emit(.structure(op), x.inputs, path: path) }
      if case .source(.constant(let number, _)) = x.op {
        return emit(.source(.constant(number, shape: shape)), [], path: path)
      }
      return nil
    case .broadcast(let shape):
      if x.shape == shape { return inputs[0] }
      guard case .source(.constant(let number, _)) = x.op else { return nil }
      return emit(.source(.constant(number, shape: shape)), [], path: path)
    case .transpose(let order): return order == Array(order.indices) ? inputs[0] : nil
    case .slice(_, let start, let count): return start == 0 && x.count == count ? inputs[0] : nil
    case .concatenate, .pad: return nil
    }
  }

  private mutating func simplified(_ op: PointwiseOp.Unary, _ input: Int, path: String) -> Int? {
    let x = nodes[input]
    switch (op, x.op) {
    case (.multiply(1), _), (.add(0), _): return input
    case (.multiply(let a), .source(.constant(let number, let shape))):
      return emit(.source(.constant(a * number, shape: shape)), [], path: path)
    case (.add(let a), .source(.constant(let number, let shape))):
      return emit(.source(.constant(a + number, shape: shape)), [], path: path)
    case (.multiply(let a), .pointwise(.unary(.multiply(let b)))):
      return emit(.pointwise(.unary(.multiply(a * b))), x.inputs, path: path)
    default: return nil
    }
  }

  private mutating func simplified(_ op: PointwiseOp.Binary, _ inputs: [Int], path: String) -> Int? {
    // Operands broadcast by themselves, as long as one of them has the result's shape.
    let shape = (try? broadcastShape(nodes[inputs[0]].shape, nodes[inputs[1]].shape)) ?? []
    for side in 0...1 where nodes[inputs[1 - side]].shape == shape {
      let operand = nodes[inputs[side]]
      if case .structure(.broadcast) = operand.op {
        var direct = inputs
        direct[side] = operand.inputs[0]
        return emit(.pointwise(.binary(op)), direct, path: path)
      }
    }
    func constant(_ side: Int) -> Double? {
      guard case .source(.constant(let number, _)) = nodes[inputs[side]].op,
        nodes[inputs[1 - side]].shape == shape
      else { return nil }
      return number
    }
    switch op {
    case .multiply:
      if let number = constant(1) {
        return emit(.pointwise(.unary(.multiply(number))), [inputs[0]], path: path)
      }
      if let number = constant(0) {
        return emit(.pointwise(.unary(.multiply(number))), [inputs[1]], path: path)
      }
    case .add:
      if let number = constant(1) { return emit(.pointwise(.unary(.add(number))), [inputs[0]], path: path) }
      if let number = constant(0) { return emit(.pointwise(.unary(.add(number))), [inputs[1]], path: path) }
    case .subtract:
      if let number = constant(1) { return emit(.pointwise(.unary(.add(-number))), [inputs[0]], path: path) }
    case .divide:
      if let number = constant(1) {
        return emit(.pointwise(.unary(.multiply(1 / number))), [inputs[0]], path: path)
      }
    case .maximum, .minimum, .power, .divideNoNaN, .greater, .equal: break
    }
    return nil
  }

  // Batch normalisation becomes pointwise work with per-channel coefficients, which fuses with its
  // neighbours; only the two reductions stay operations of their own.

  private mutating func unary(_ op: PointwiseOp.Unary, _ x: Int, _ path: String) -> Int {
    emit(.pointwise(.unary(op)), [x], path: path)
  }

  private mutating func binary(_ op: PointwiseOp.Binary, _ a: Int, _ b: Int, _ path: String) -> Int {
    emit(.pointwise(.binary(op)), [a, b], path: path)
  }

  private mutating func row(_ index: Int, of pair: Int, _ path: String) -> Int {
    let slice = emit(.structure(.slice(axis: 0, start: index, count: 1)), [pair], path: path)
    return emit(.structure(.reshape([nodes[pair].shape[1]])), [slice], path: path)
  }

  /// 1 / √(variance + ε) for each channel.
  private mutating func inverseDeviation(_ moments: Int, _ epsilon: Double, _ path: String) -> Int {
    let shifted = unary(.add(epsilon), row(1, of: moments, path), path)
    return unary(.reciprocal, unary(.sqrt, shifted, path), path)
  }

  // Both are a factor and a shift of x, so that none of it is stored for the way back.

  /// y = x · scale + (beta - mean · scale) with scale = gamma / deviation.
  private mutating func batchNormalize(_ inputs: [Int], _ epsilon: Double, _ path: String) -> Int {
    let (x, moments, gamma, beta) = (inputs[0], inputs[1], inputs[2], inputs[3])
    let scale = binary(.multiply, gamma, inverseDeviation(moments, epsilon, path), path)
    let shift = binary(
      .subtract, beta, binary(.multiply, row(0, of: moments, path), scale, path), path)
    return binary(.add, binary(.multiply, x, scale, path), shift, path)
  }

  /// dx = γs·dy - γs·Σdy/n - (x - mean)·γs²·Σdy·x̂/n, with s = 1 / deviation.
  private mutating func batchInputGradient(_ inputs: [Int], _ epsilon: Double, _ path: String) -> Int {
    let (dy, x, moments, gamma, sums) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
    let count = Double(nodes[x].shape.dropLast().reduce(1, *))
    let inverse = inverseDeviation(moments, epsilon, path)
    let scale = binary(.multiply, gamma, inverse, path)
    let mean = unary(.multiply(-1 / count), binary(.multiply, scale, row(0, of: sums, path), path), path)
    let bend = unary(
      .multiply(-1 / count),
      binary(.multiply, binary(.multiply, scale, inverse, path), row(1, of: sums, path), path), path)
    let offset = binary(
      .subtract, mean, binary(.multiply, row(0, of: moments, path), bend, path), path)
    let straight = binary(.add, binary(.multiply, dy, scale, path), offset, path)
    return binary(.add, straight, binary(.multiply, x, bend, path), path)
  }
}
