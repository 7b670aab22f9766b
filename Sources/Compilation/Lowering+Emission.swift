import MartletGraphs

extension Lowering {
  /// Emits the step that ends with this node, if one does.
  mutating func emit(_ id: Int) {
    let node = code.nodes[id]
    if let group = pooled[id] {
      emitPooled(group, at: id)
    } else if let group = normalized[id] {
      emitNormalized(group, at: id)
    } else if let group = rectified[id] {
      emitRectified(group, at: id)
    } else if let product = products[id] {
      emitProduct(product, at: id)
    } else if claimed.contains(id) {
      return
    } else if node.op.isPointwise {
      emitPointwise(id)
    } else {
      emitPlain(id, node)
    }
  }

  private mutating func emitPlain(_ id: Int, _ node: GraphCode.Node) {
    switch node.op {
    case .source(let source): emitSource(source, at: id)
    case .structure(.reshape): bufferOf[id] = bufferOf[node.inputs[0]]
    case .random:
      let isStored =
        wanted.contains(id)
        || uses[id].contains {
          !code.nodes[$0].op.isPointwise || claimed.contains($0) || code.nodes[$0].shape != node.shape
        }
      if isStored { emitPointwise(id) }
    case .pooling(let op): add(.pooling(op), node.inputs, [id], at: id, imagewise: node.isBatched)
    case .reduction(let op):
      let isSum = code.nodes[node.inputs[0]].isBatched && op.axes.contains(0)
      let isLarge = code.nodes[node.inputs[0]].shape.count > 2
      add(.reduction(op), node.inputs, [id], at: id, imagewise: node.isBatched || (isSum && isLarge))
    case .structure(let op): add(.structure(op), node.inputs, [id], at: id, imagewise: node.isBatched)
    case .normalization(let op):
      let reads = code.nodes[node.inputs[0]].isBatched
      add(.normalization(op), node.inputs, [id], at: id, imagewise: reads)
    case .classification(let op):
      add(.classification(op), node.inputs, [id], at: id, imagewise: node.isBatched)
    case .convolution, .matrix, .pointwise: preconditionFailure("\(node.op.name) is emitted by its fusion")
    }
  }

  private mutating func emitSource(_ source: SourceOp, at id: Int) {
    let node = code.nodes[id]
    switch source {
    case .input(let name, _, _): bufferOf[id] = newBuffer(.input(name: name), node.shape, node.element)
    case .parameter(let path, _): bufferOf[id] = newBuffer(.parameter(path: path), node.shape, .float)
    case .table(let numbers, _):
      bufferOf[id] = newBuffer(.constant(numbers.map(Float.init)), node.shape, .float)
    case .constant(let number, _):
      let isStored =
        wanted.contains(id)
        || uses[id].contains { !code.nodes[$0].op.isPointwise || claimed.contains($0) }
      guard isStored else { return }
      let numbers = [Float](repeating: Float(number), count: node.count)
      bufferOf[id] = newBuffer(.constant(numbers), node.shape, .float)
    }
  }

  private mutating func emitPointwise(_ id: Int) {
    guard fusion.rootOf[id] == nil || fusion.rootOf[id] == id, !inlinedSources.contains(id) else { return }
    let stored = [id] + (fusion.members[id] ?? []).filter { $0 != id && wanted.contains($0) }
    let (pointwise, loads) = fusion.code(of: id, in: code, stored: stored)
    add(.pointwise(pointwise), loads, stored.sorted(), at: id, imagewise: code.nodes[id].isBatched)
  }

  /// The image of a convolution: the nodes to read, and the code where it is computed on the way.
  private func source(_ id: Int) -> (code: PointwiseCode?, loads: [Int]) {
    guard inlinedSources.contains(id) else { return (nil, [id]) }
    let (code, loads) = fusion.code(of: id, in: self.code, stored: [id])
    return (code, loads)
  }

  private mutating func emitProduct(_ product: Product, at id: Int) {
    let node = code.nodes[product.node]
    let bias = product.bias.map { [$0] } ?? []
    switch node.op {
    case .matrix(.multiply(let ta, let tb)):
      let step = MatrixStep(
        transposeA: ta, transposeB: tb, hasBias: product.bias != nil, epilogue: product.epilogue)
      let isImagewise = !ta && suitsImages(node)
      add(.matrix(step), node.inputs + bias, [id], at: product.node, imagewise: isImagewise)
    case .convolution(let op):
      var step = ConvolutionStep(window: op.window, imageShape: [], resultShape: [])
      step.epilogue = product.epilogue
      switch op {
      case .forward:
        let (sourceCode, loads) = source(node.inputs[0])
        step.imageShape = code.nodes[node.inputs[0]].shape
        step.resultShape = node.shape
        step.source = sourceCode
        step.hasBias = product.bias != nil
        add(
          .convolution(step), loads + [node.inputs[1]] + bias, [id], at: product.node,
          imagewise: node.isBatched)
      case .inputGradient(_, let shape):
        precondition(product.bias == nil && product.epilogue == .identity, "a gradient has no epilogue")
        step.imageShape = shape
        step.resultShape = code.nodes[node.inputs[0]].shape
        add(
          .inputGradient(step, inputShape: shape), node.inputs, [id], at: product.node,
          imagewise: node.isBatched)
      case .kernelGradient(_, let shape):
        let (sourceCode, loads) = source(node.inputs[0])
        step.imageShape = code.nodes[node.inputs[0]].shape
        step.resultShape = code.nodes[node.inputs[1]].shape
        step.source = sourceCode
        let isImagewise = code.nodes[node.inputs[1]].isBatched
        add(
          .kernelGradient(step, kernelShape: shape), loads + [node.inputs[1]], [id], at: product.node,
          imagewise: isImagewise)
      }
    default: preconditionFailure("\(node.op.name) is no product")
    }
  }

  /// Whether a product is better computed a few samples at a time: weights that stay in the second-level cache, and
  /// results or inputs of a batch that no cache holds, which the steps beside it then find in it.
  private func suitsImages(_ product: GraphCode.Node) -> Bool {
    let (a, weights) = (code.nodes[product.inputs[0]], code.nodes[product.inputs[1]])
    return product.isBatched && a.isBatched && !weights.isBatched && weights.count * 4 <= 448 << 10
      && max(a.count, product.count) * 4 >= 16 << 20
  }

  private mutating func emitPooled(_ group: PooledConvolution, at id: Int) {
    let convolution = code.nodes[group.convolution]
    guard case .convolution(.forward(let window)) = convolution.op else {
      preconditionFailure("a pooled group starts with a convolution")
    }
    var step = ConvolutionStep(
      window: window, imageShape: code.nodes[convolution.inputs[0]].shape, resultShape: convolution.shape)
    step.epilogue = group.epilogue
    step.isPooled = true
    step.keepsMask = code.fixed.isEmpty
    let (sourceCode, loads) = source(convolution.inputs[0])
    let mask = maskOf[group.pool] ?? -1
    if id == group.pool {
      step.source = sourceCode
      step.hasBias = group.bias != nil
      let inputs = loads + [convolution.inputs[1]] + (group.bias.map { [$0] } ?? [])
      add(.convolution(step), inputs, [id], at: group.convolution, imagewise: true)
      guard step.keepsMask else { return }
      let maskBuffer = newBuffer(.temporary, step.pooledShape, .uint8)
      maskOf[group.pool] = maskBuffer
      appendOutput(maskBuffer, step.pooledShape)
    } else if id == group.inputGradient, let dy = group.pooledGradient {
      let shape = code.nodes[id].shape
      add(
        .inputGradient(step, inputShape: shape), [dy, convolution.inputs[1]], [id], at: id, imagewise: true)
      appendInput(mask, step.pooledShape)
    } else if let dy = group.pooledGradient, let kernel = group.kernelGradient,
      id == placeOfGradients(kernel: kernel, bias: group.biasGradient)
    {
      step.source = sourceCode
      step.hasBias = group.biasGradient != nil
      let outputs = [kernel] + (group.biasGradient.map { [$0] } ?? [])
      add(
        .kernelGradient(step, kernelShape: code.nodes[kernel].shape), loads + [dy], outputs, at: kernel,
        imagewise: true)
      appendInput(mask, step.pooledShape)
    }
  }

  private mutating func emitNormalized(_ group: NormalizedPooling, at id: Int) {
    var step = NormalizedPoolingStep(
      part: .forward, imageShape: code.nodes[group.x].shape, slope: group.slope)
    step.dropout = group.dropout.map { NormalizedPoolingStep.Dropout(rate: $0.rate, stream: $0.stream) }
    if id == group.result {
      let key = group.dropout.map { [$0.key] } ?? []
      add(
        .normalizedPooling(step), [group.x, group.scale, group.shift] + key, [id], at: group.pool,
        imagewise: true)
      let mask = newBuffer(.temporary, step.pooledShape, .uint8)
      let largest = newBuffer(.temporary, step.pooledShape, .float)
      (maskOf[group.pool], largestOf[group.pool]) = (mask, largest)
      appendOutput(mask, step.pooledShape)
      appendOutput(largest, step.pooledShape)
      return
    }
    guard let dy = group.resultGradient, let mask = maskOf[group.pool], let largest = largestOf[group.pool]
    else { return }
    if case .normalization(.batchGradientSums(let epsilon)) = code.nodes[id].op {
      step.part = .gradientSums(epsilon: epsilon)
      add(.normalizedPooling(step), [dy, code.nodes[id].inputs[2]], [id], at: id, imagewise: true)
      insertInput(largest, step.pooledShape, at: 1)
    } else if let input = group.back?.input {
      step.part = .inputGradient
      let operands = [dy, group.x, group.scale, input.offset, input.bend]
      add(.normalizedPooling(step), operands, [id], at: id, imagewise: true)
    } else {
      return
    }
    insertInput(mask, step.pooledShape, at: 1)
  }

  private mutating func emitRectified(_ group: NormalizedRectifier, at id: Int) {
    let operands = [group.gradient, group.x, group.scale, group.shift]
    var step = NormalizedGradientStep(part: .input, shape: code.nodes[group.x].shape, slope: group.slope)
    guard id == group.sums, case .normalization(.batchGradientSums(let epsilon)) = code.nodes[id].op else {
      let rest = [group.input.offset, group.input.bend]
      return add(.normalizedGradient(step), operands + rest, [id], at: id, imagewise: true)
    }
    step.part = .sums(epsilon: epsilon)
    add(.normalizedGradient(step), operands + [code.nodes[id].inputs[2]], [id], at: id, imagewise: true)
  }

  /// Where the step that computes both gradients goes: with the kernel's, unless something before that
  /// reads the bias's already (the gradient of a penalty on the bias is added to it).
  private func placeOfGradients(kernel: Int, bias: Int?) -> Int {
    guard let bias, uses[bias].contains(where: { $0 < kernel }) else { return kernel }
    return bias
  }
}
