/// What one execution of an operation costs at the least.
package struct Cost: Hashable, Sendable {
  /// Floating-point operations (a multiply-add counts as two).
  package var flops: Int
  /// Bytes read and written once each.
  package var bytes: Int

  package init(flops: Int = 0, bytes: Int = 0) {
    self.flops = flops
    self.bytes = bytes
  }

  package static func + (a: Cost, b: Cost) -> Cost {
    Cost(flops: a.flops + b.flops, bytes: a.bytes + b.bytes)
  }
}

extension Op {
  /// The cost of the operation on these operands.
  package func cost(inputs: [Operand], output: Operand) -> Cost {
    let bytes = (inputs + [output]).reduce(0) { $0 + $1.shape.reduce(1, *) * $1.element.byteCount }
    let count = output.shape.reduce(1, *)
    let inputCount = inputs.first?.shape.reduce(1, *) ?? 0
    switch self {
    case .source, .structure(.reshape): return Cost()
    case .convolution(let op): return Cost(flops: op.flops(inputs.map(\.shape), output.shape), bytes: bytes)
    case .pooling(let op):
      let area = op.window.size.height * op.window.size.width
      return Cost(flops: max(count, inputCount) / max(area, 1) * area, bytes: bytes)
    case .matrix(.multiply(let ta, _)):
      return Cost(flops: 2 * count * inputs[0].shape[ta ? 0 : 1], bytes: bytes)
    case .pointwise: return Cost(flops: count, bytes: bytes)
    case .reduction: return Cost(flops: inputCount, bytes: bytes)
    case .structure: return Cost(bytes: bytes)
    case .normalization(let op): return Cost(flops: op.operationsPerElement * inputCount, bytes: bytes)
    case .classification: return Cost(flops: 4 * inputCount, bytes: bytes)
    case .random: return Cost(flops: count, bytes: bytes)
    }
  }
}

extension ConvolutionOp {
  fileprivate func flops(_ inputs: [[Int]], _ output: [Int]) -> Int {
    // Each output pixel and filter takes kh·kw·C/groups multiply-adds, in all three directions alike.
    switch self {
    case .forward: return 2 * output.reduce(1, *) * inputs[1].dropLast().reduce(1, *)
    case .inputGradient: return 2 * inputs[0].reduce(1, *) * inputs[1].dropLast().reduce(1, *)
    case .kernelGradient: return 2 * inputs[1].reduce(1, *) * output.dropLast().reduce(1, *)
    }
  }
}

extension NormalizationOp {
  fileprivate var operationsPerElement: Int {
    switch self {
    case .batchMoments: 3
    case .batchNormalize: 2
    case .batchGradientSums: 4
    case .batchInputGradient: 4
    case .localResponse(let a): 2 * a.size
    case .localResponseGradient(let a): 4 * a.size
    }
  }
}
