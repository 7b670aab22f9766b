import MartletGraphs

/// From simplified operations to steps and buffers.
///
/// First every fusion claims its nodes, then one walk in order emits a step for each group at the
/// place of its last node.
struct Lowering {
  let code: GraphCode
  /// The nodes that read each node; those within a group that is computed otherwise do not count.
  private(set) var uses: [[Int]]
  let wanted: Set<Int>
  /// Nodes that only assignments depend on: they run after the guard.
  let isUpdate: [Bool]
  private(set) var buffers: [Program.Buffer] = []
  var bufferOf: [Int]
  private(set) var computeSteps: [Step] = []
  private(set) var updateSteps: [Step] = []
  /// Steps that overwrite parameters; they come last.
  private(set) var writingSteps: [Step] = []
  /// Where the step that was added last lies.
  private var latest = \Lowering.computeSteps

  var pooled: [Int: PooledConvolution] = [:]
  var normalized: [Int: NormalizedPooling] = [:]
  var rectified: [Int: NormalizedRectifier] = [:]
  /// The step that a node's emission starts, where it is not its own.
  var products: [Int: Product] = [:]
  var claimed: Set<Int> = []
  var fusion: PointwiseFusion
  /// Pointwise roots computed inside the convolutions that read them.
  var inlinedSources: Set<Int> = []
  /// The buffer of each pooling's mask.
  var maskOf: [Int: Int] = [:]
  /// The buffer of what a normalized pooling found largest.
  var largestOf: [Int: Int] = [:]

  /// A convolution or matrix product with what its last node fuses.
  struct Product {
    var node: Int
    var bias: Int?
    var epilogue: Epilogue
  }

  init(_ code: GraphCode) {
    self.code = code
    uses = code.uses
    wanted = code.wanted
    bufferOf = [Int](repeating: -1, count: code.nodes.count)
    isUpdate = code.updatePart
    fusion = PointwiseFusion(code, uses: uses, claimed: Set(code.nodes.indices), isUpdate: isUpdate)
    claimPooledConvolutions()
    claimNormalizedPoolings()
    claimNormalizedRectifiers()
    claimProducts()
    fusion = PointwiseFusion(code, uses: uses, claimed: claimed, isUpdate: isUpdate)
    claimSources()
    for id in code.nodes.indices { emit(id) }
    writeAssignments()
  }

  private mutating func claimPooledConvolutions() {
    for id in code.nodes.indices {
      guard let group = PooledConvolution(poolAt: id, in: code, uses: uses, wanted: wanted) else { continue }
      claimed.formUnion(group.hidden)
      claimed.insert(id)
      let roots = [id, group.kernelGradient, group.inputGradient, group.biasGradient].compactMap { $0 }
      for root in roots {
        pooled[root] = group
        claimed.insert(root)
      }
    }
  }

  private mutating func claimNormalizedPoolings() {
    for id in code.nodes.indices where !claimed.contains(id) {
      guard let group = NormalizedPooling(poolAt: id, in: code, uses: uses, wanted: wanted) else { continue }
      claimed.formUnion(group.hidden)
      claimed.insert(id)
      for root in [group.result, group.back?.sums, group.back?.input?.node].compactMap({ $0 }) {
        normalized[root] = group
        claimed.insert(root)
      }
    }
  }

  private mutating func claimNormalizedRectifiers() {
    for id in code.nodes.indices where !claimed.contains(id) {
      guard let group = NormalizedRectifier(rectifierAt: id, in: code, uses: uses, wanted: wanted) else {
        continue
      }
      claimed.formUnion(group.hidden)
      uses[id].removeAll { group.hidden.contains($0) }
      for root in [group.sums, group.input.node] {
        rectified[root] = group
        claimed.insert(root)
      }
    }
  }

  private mutating func claimProducts() {
    for id in code.nodes.indices where !claimed.contains(id) && code.nodes[id].op.isProduct {
      var product = Product(node: id, bias: nil, epilogue: .identity)
      var last = id
      guard code.nodes[id].op.takesEpilogue else {
        claimed.insert(id)
        products[id] = product
        continue
      }
      if !wanted.contains(last), uses[last].count == 1, case let user = uses[last][0],
        !claimed.contains(user),
        case .pointwise(.binary(.add)) = code.nodes[user].op, let operands = code.biasOperands(of: user),
        operands.product == last, isUpdate[user] == isUpdate[last]
      {
        product.bias = operands.bias
        claimed.insert(last)
        last = user
      }
      if !wanted.contains(last), uses[last].count == 1, case let user = uses[last][0],
        !claimed.contains(user),
        let epilogue = code.nodes[user].op.epilogue, isUpdate[user] == isUpdate[last]
      {
        product.epilogue = epilogue
        claimed.insert(last)
        last = user
      }
      claimed.insert(last)
      products[last] = product
    }
  }

  /// A cheap group of which convolutions alone read the root as their image is computed inside them.
  private mutating func claimSources() {
    for (root, members) in fusion.members {
      guard code.nodes[root].shape.count == 4, code.nodes[root].isBatched, !wanted.contains(root),
        !members.contains(where: { wanted.contains($0) }), uses[root].allSatisfy({ readsAsImage($0, root) }),
        fusion.code(of: root, in: code, stored: [root]).code.isCheap
      else { continue }
      inlinedSources.insert(root)
    }
  }

  private func readsAsImage(_ user: Int, _ root: Int) -> Bool {
    switch code.nodes[user].op {
    case .convolution(.forward), .convolution(.kernelGradient):
      return code.nodes[user].inputs[0] == root && code.nodes[user].inputs[1] != root
    default: return false
    }
  }

  mutating func newBuffer(_ kind: Program.Buffer.Kind, _ shape: [Int], _ element: ElementType) -> Int {
    buffers.append(Program.Buffer(kind: kind, shape: shape, element: element))
    return buffers.count - 1
  }

  mutating func add(
    _ kind: StepKind, _ inputs: [Int], _ outputs: [Int], at id: Int, imagewise: Bool
  ) {
    for input in inputs { precondition(bufferOf[input] >= 0, "%\(input) is read before it is stored") }
    let overwritten = overwrittenParameters(outputs, reading: inputs, group: id)
    for output in outputs where bufferOf[output] < 0 {
      bufferOf[output] =
        overwritten[output] ?? newBuffer(.temporary, code.nodes[output].shape, code.nodes[output].element)
    }
    let node = code.nodes[id]
    let cost = node.op.cost(
      inputs: node.inputs.map { (code.nodes[$0].shape, code.nodes[$0].element) },
      output: (node.shape, node.element))
    let step = Step(
      kind: kind, inputs: inputs.map { bufferOf[$0] }, outputs: outputs.map { bufferOf[$0] },
      inputShapes: inputs.map { code.nodes[$0].shape }, outputShapes: outputs.map { code.nodes[$0].shape },
      // With a batch of one sample a parameter of one element looks like a batch.
      path: node.path, isImagewise: imagewise && overwritten.isEmpty, cost: cost)
    latest = !isUpdate[id] ? \.computeSteps : overwritten.isEmpty ? \.updateSteps : \.writingSteps
    self[keyPath: latest].append(step)
  }

  mutating func appendInput(_ buffer: Int, _ shape: [Int]) {
    insertInput(buffer, shape, at: self[keyPath: latest].last?.inputs.count ?? 0)
  }

  mutating func insertInput(_ buffer: Int, _ shape: [Int], at place: Int) {
    let last = self[keyPath: latest].count - 1
    self[keyPath: latest][last].inputs.insert(buffer, at: place)
    self[keyPath: latest][last].inputShapes.insert(shape, at: place)
  }

  mutating func appendOutput(_ buffer: Int, _ shape: [Int]) {
    let last = self[keyPath: latest].count - 1
    self[keyPath: latest][last].outputs.append(buffer)
    self[keyPath: latest][last].outputShapes.append(shape)
  }

  /// The parameters that a group may overwrite in place with its results.
  ///
  /// Parameters are overwritten last, in any order: too late for a step that reads one of the results, and none may
  /// read a parameter that another overwrites.
  private func overwrittenParameters(_ outputs: [Int], reading inputs: [Int], group id: Int) -> [Int: Int] {
    guard isUpdate[id], outputs.allSatisfy({ uses[$0].allSatisfy { fusion.rootOf[$0] == id } }) else {
      return [:]
    }
    var places: [Int: Int] = [:]
    for output in outputs where bufferOf[output] < 0 { places[output] = assignedParameter(output, group: id) }
    let own = Set(places.values)
    return inputs.allSatisfy { own.contains(bufferOf[$0]) || !isAssigned(bufferOf[$0]) } ? places : [:]
  }

  /// Whether a buffer is that of a parameter which gets another value.
  private func isAssigned(_ buffer: Int) -> Bool {
    guard case .parameter(let path) = buffers[buffer].kind else { return false }
    return code.assignments.contains { $0.path == path }
  }

  /// The parameter that a pointwise group may overwrite in place with this result: after the guard no
  /// step outside the group reads it.
  private func assignedParameter(_ output: Int, group: Int) -> Int? {
    let targets = code.assignments.filter { $0.id == output }
    guard targets.count == 1, code.nodes[output].op.isPointwise else { return nil }
    for (id, node) in code.nodes.enumerated() {
      guard case .source(.parameter(targets[0].path, _)) = node.op else { continue }
      // Its old value may be what another parameter gets.
      guard !wanted.contains(id) else { return nil }
      let readers = uses[id].filter { isUpdate[$0] }
      return readers.allSatisfy { fusion.rootOf[$0] == group } && bufferOf[id] >= 0 ? bufferOf[id] : nil
    }
    return nil
  }

  /// Copies assigned values that could not be computed in place.
  private mutating func writeAssignments() {
    for (path, id) in code.assignments {
      let target =
        buffers.firstIndex { $0.kind == .parameter(path: path) }
        ?? newBuffer(.parameter(path: path), code.nodes[id].shape, .float)
      guard bufferOf[id] != target else { continue }
      let shape = code.nodes[id].shape
      var source = bufferOf[id]
      if isAssigned(source) {
        // The old value, before another step overwrites it.
        let old = newBuffer(.temporary, shape, .float)
        updateSteps.append(copy(source, to: old, shape, path))
        source = old
      }
      writingSteps.append(copy(source, to: target, shape, path))
    }
  }

  private func copy(_ source: Int, to target: Int, _ shape: [Int], _ path: String) -> Step {
    let copy = PointwiseCode(
      shape: shape, loads: [PointwiseCode.Load(shape: shape, element: .float)], items: [.load(0)],
      results: [0])
    return Step(
      kind: .pointwise(copy), inputs: [source], outputs: [target], inputShapes: [shape],
      outputShapes: [shape], path: path, isImagewise: false, cost: Cost(bytes: 8 * shape.reduce(1, *)))
  }
}

extension Program.Buffer {
  package var isParameter: Bool {
    if case .parameter = kind { return true }
    return false
  }
}

extension GraphCode {
  /// For each node whether nothing but assignments depends on it.
  fileprivate var updatePart: [Bool] {
    var isUpdate = [Bool](repeating: true, count: nodes.count)
    for id in outputs.map(\.id) + guarded.map(\.id) { isUpdate[id] = false }
    for id in nodes.indices.reversed() where !isUpdate[id] {
      for input in nodes[id].inputs { isUpdate[input] = false }
    }
    return isUpdate
  }
}

extension Op {
  fileprivate var isProduct: Bool {
    switch self {
    case .convolution, .matrix: true
    default: false
    }
  }

  /// Whether the kernel adds a bias and applies an activation: that of a convolution's gradients does not.
  fileprivate var takesEpilogue: Bool {
    switch self {
    case .convolution(.forward), .matrix: true
    default: false
    }
  }

  var epilogue: Epilogue? {
    switch self {
    case .pointwise(.unary(.relu)): .relu
    case .pointwise(.unary(.leakyReLU(let slope))): .leakyReLU(slope: slope)
    default: nil
    }
  }
}
