import MartletGraphs

extension GraphCode {
  /// The same code with factors and shifts of channels, such as batch normalization's at inference, brought
  /// into the kernel and the bias of the product before them.
  ///
  /// (x ⋆ W + b) · s + t becomes x ⋆ (W · s) + (b · s + t), where W, b, s and t depend on the store alone.
  /// Nothing else may look at an intermediate value.
  func folded() -> GraphCode {
    let (uses, wanted) = (uses, wanted)
    var folding = Folding(GraphCode(batch: batch))
    var renamed: [Int] = []
    for (id, node) in nodes.enumerated() {
      let new = folding.add(node.op, node.inputs.map { renamed[$0] }, path: node.path)
      renamed.append(new)
      if uses[id].count == 1, !wanted.contains(id) { folding.readOnce.insert(new) }
    }
    var result = folding.code
    result.outputs = outputs.map { ($0.name, renamed[$0.id]) }
    result.assignments = assignments.map { ($0.path, renamed[$0.id]) }
    result.guarded = guarded.map { ($0.name, renamed[$0.id]) }
    result.removeDead()
    return result
  }

  /// For each node whether it depends on the store and on constants alone.
  var fixedNodes: [Bool] {
    nodes.reduce(into: []) { result, node in result.append(node.isFixed { result[$0] }) }
  }
}

extension GraphCode.Node {
  fileprivate func isFixed(_ inputIsFixed: (Int) -> Bool) -> Bool {
    switch op {
    case .source(.input): false
    case .source: true
    case .convolution, .pooling, .matrix, .pointwise, .reduction, .structure, .normalization,
      .classification, .random:
      inputs.allSatisfy(inputIsFixed)
    }
  }
}

/// The walk that folds.
private struct Folding {
  private(set) var code: GraphCode
  /// Nodes that a single other one reads.
  var readOnce: Set<Int> = []
  private var isFixed: [Bool] = []

  init(_ code: GraphCode) { self.code = code }

  /// Adds an operation, or what takes its place.
  mutating func add(_ op: Op, _ inputs: [Int], path: String) -> Int {
    folded(op, inputs, path) ?? emit(op, inputs, path)
  }

  private mutating func emit(_ op: Op, _ inputs: [Int], _ path: String) -> Int {
    let id = code.emit(op, inputs, path: path)
    while isFixed.count < code.nodes.count {
      let node = code.nodes[isFixed.count]
      isFixed.append(node.isFixed { isFixed[$0] })
    }
    return id
  }

  private mutating func folded(_ op: Op, _ inputs: [Int], _ path: String) -> Int? {
    guard case .pointwise(let pointwise) = op else { return nil }
    switch pointwise {
    case .unary(.multiply):
      return scaled(inputs[0], path) { folding, x in folding.emit(op, [x], path) }
    case .unary(.add(let number)):
      guard let channels = code.nodes[inputs[0]].shape.last else { return nil }
      return shifted(inputs[0], path) { folding in
        folding.emit(.source(.constant(number, shape: [channels])), [], path)
      }
    case .binary(.multiply):
      for side in 0...1 {
        guard let factors = channelNumbers(inputs[1 - side], of: inputs[side], path) else { continue }
        let result = scaled(inputs[side], path) { folding, x in folding.emit(op, [x, factors], path) }
        if let result { return result }
      }
      return nil
    case .binary(.add):
      for side in 0...1 {
        guard let shifts = channelNumbers(inputs[1 - side], of: inputs[side], path) else { continue }
        if let result = shifted(inputs[side], path, by: { _ in shifts }) { return result }
      }
      return nil
    case .binary(.subtract):
      guard let shifts = channelNumbers(inputs[1], of: inputs[0], path) else { return nil }
      return shifted(inputs[0], path) { folding in
        folding.emit(.pointwise(.unary(.negate)), [shifts], path)
      }
    case .unary, .binary, .cast: return nil
    }
  }

  /// A product with its kernel and its bias multiplied.
  private mutating func scaled(
    _ id: Int, _ path: String, by multiply: (inout Folding, Int) -> Int
  ) -> Int? {
    guard let (product, bias) = target(of: id) else { return nil }
    let node = code.nodes[product]
    let kernel = multiply(&self, node.inputs[1])
    let result = emit(node.op, [node.inputs[0], kernel], node.path)
    guard let bias else { return result }
    readOnce.insert(result)
    return emit(.pointwise(.binary(.add)), [result, multiply(&self, bias)], path)
  }

  /// A product with its bias moved; one that adds its first bias is left to the lowering.
  private mutating func shifted(_ id: Int, _ path: String, by shifts: (inout Folding) -> Int) -> Int? {
    guard let (product, bias) = target(of: id), let bias else { return nil }
    let sum = emit(.pointwise(.binary(.add)), [bias, shifts(&self)], path)
    return emit(.pointwise(.binary(.add)), [product, sum], path)
  }

  /// The product with a fixed kernel that a value is, before or after its bias.
  private func target(of id: Int) -> (product: Int, bias: Int?)? {
    guard readOnce.contains(id) else { return nil }
    if takesFactors(id) { return (id, nil) }
    let node = code.nodes[id]
    guard case .pointwise(.binary(.add)) = node.op else { return nil }
    for (product, bias) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
      guard readOnce.contains(product), takesFactors(product), isFixed[bias],
        code.nodes[bias].shape.count == 1, code.nodes[bias].shape.last == code.nodes[product].shape.last,
        code.nodes[product].shape == node.shape
      else { continue }
      return (product, bias)
    }
    return nil
  }

  private func takesFactors(_ id: Int) -> Bool {
    let node = code.nodes[id]
    switch node.op {
    case .convolution(.forward), .matrix(.multiply(_, transposeB: false)):
      return !isFixed[id] && isFixed[node.inputs[1]]
    default: return false
    }
  }

  /// A fixed value as one number for each channel of another, `[C]`; nil where it is anything else.
  private mutating func channelNumbers(_ id: Int, of value: Int, _ path: String) -> Int? {
    let (own, shape) = (code.nodes[id].shape, code.nodes[value].shape)
    guard isFixed[id], !isFixed[value], let channels = shape.last, own.last == channels,
      code.nodes[id].count == channels, own.count <= shape.count
    else { return nil }
    return own.count == 1 ? id : emit(.structure(.reshape([channels])), [id], path)
  }
}
