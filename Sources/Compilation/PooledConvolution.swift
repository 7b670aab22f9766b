import MartletGraphs

/// conv → (+ bias) → ReLU → 2x2 max pooling and the way back through it, recognised as one group.
///
/// Before, with the gradients' edges on the right:
///
///     x, w ─ conv ─ add(bias) ─ relu ─ max_pool ─ y          dy
///                                │  └─── max_pool_gradient ──┘
///                                └ step ─ multiply (= D)
///                                           ├ conv_kernel_gradient(x, D) ─ dw
///                                           ├ conv_input_gradient(D, w)  ─ dx
///                                           └ reduce_sum[0,1,2](D)       ─ db
///
/// After: one step stores the pooled values and a byte mask, and the three gradients read the pooled dy
/// and the mask. The group is fused only if nothing else looks at an intermediate value.
struct PooledConvolution {
  var convolution: Int
  var bias: Int?
  var epilogue: Epilogue
  var pool: Int
  /// Nodes that are never stored.
  var hidden: Set<Int>
  /// The gradient of the pooled values.
  var pooledGradient: Int?
  var kernelGradient: Int?
  var inputGradient: Int?
  var biasGradient: Int?

  init?(poolAt pool: Int, in code: GraphCode, uses: [[Int]], wanted: Set<Int>) {
    let nodes = code.nodes
    guard case .pooling(.max(let window)) = nodes[pool].op, window.size == Extent(2),
      window.stride == Extent(2),
      window.padding.isZero, case let relu = nodes[pool].inputs[0], nodes[relu].isBatched
    else { return nil }
    epilogue = nodes[relu].op.epilogue ?? .identity
    // The way back knows ReLU alone. Without one, any increasing activation can follow the maximum.
    let isForwardOnly = !code.fixed.isEmpty && uses[relu].count == 1
    guard epilogue == .relu || (isForwardOnly && epilogue.isIncreasing) else { return nil }
    var chain = [relu]
    var below = epilogue == .identity ? relu : nodes[relu].inputs[0]
    if case .pointwise(.binary(.add)) = nodes[below].op {
      guard let (product, bias) = code.biasOperands(of: below) else { return nil }
      self.bias = bias
      chain.append(below)
      below = product
    }
    guard case .convolution(.forward(let conv)) = nodes[below].op, conv.groups == 1, conv.stride == Extent(1),
      conv.dilation == Extent(1), conv.isPaddedWithinItsKernel
    else { return nil }
    chain.append(below)
    convolution = below
    self.pool = pool
    hidden = Set(chain)
    // Every intermediate value has one use, but for the ReLU's, which the way back reads.
    for node in Set(chain) where node != relu {
      guard uses[node].count == 1, !wanted.contains(node) else { return nil }
    }
    guard !wanted.contains(relu) else { return nil }
    let back = uses[relu].filter { $0 != pool }
    if back.isEmpty { return }
    guard back.count == 2, matchBackward(back, relu: relu, code: code, uses: uses, wanted: wanted) else {
      return nil
    }
  }

  private mutating func matchBackward(
    _ back: [Int], relu: Int, code: GraphCode, uses: [[Int]], wanted: Set<Int>
  ) -> Bool {
    let nodes = code.nodes
    var select: Int?
    var step: Int?
    for id in back {
      switch nodes[id].op {
      case .pooling(.maxGradient) where nodes[id].inputs[0] == relu: select = id
      case .pointwise(.unary(.step(below: 0))): step = id
      default: return false
      }
    }
    guard let select, let step, uses[select].count == 1, uses[step] == uses[select], !wanted.contains(select),
      !wanted.contains(step), case let product = uses[select][0],
      case .pointwise(.binary(.multiply)) = nodes[product].op, !wanted.contains(product)
    else { return false }
    for id in uses[product] {
      switch nodes[id].op {
      case .convolution(.kernelGradient) where nodes[id].inputs[1] == product && kernelGradient == nil:
        kernelGradient = id
      case .convolution(.inputGradient) where nodes[id].inputs[0] == product && inputGradient == nil:
        inputGradient = id
      case .reduction(let op) where op.kind == .sum && op.axes == [0, 1, 2] && biasGradient == nil:
        biasGradient = id
      default: return false
      }
    }
    guard kernelGradient != nil || biasGradient == nil else { return false }
    if let kernelGradient, nodes[kernelGradient].inputs[0] != nodes[convolution].inputs[0] { return false }
    pooledGradient = nodes[select].inputs[1]
    hidden.formUnion([select, step, product])
    return true
  }
}

extension ConvolutionWindow {
  /// Whether every window meets at least one cell of the image, as the turned kernel of the way back needs.
  fileprivate var isPaddedWithinItsKernel: Bool {
    max(padding.top, padding.bottom) < kernel.height && max(padding.left, padding.right) < kernel.width
  }
}

extension GraphCode {
  /// The batched product and the per-channel bias of an addition, or nil where it is another one.
  func biasOperands(of add: Int) -> (product: Int, bias: Int)? {
    let inputs = nodes[add].inputs
    for (product, bias) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
      let isPerChannel = nodes[bias].shape.count == 1 && nodes[bias].shape.last == nodes[product].shape.last
      guard isPerChannel, nodes[product].shape == nodes[add].shape else { continue }
      if case .source(.parameter) = nodes[bias].op { return (product, bias) }
      if bias < fixed.count, fixed[bias] { return (product, bias) }
    }
    return nil
  }
}
