import MartletGraphs

/// The simplified operations of one trace, on the way from graph to program.
///
/// Built by re-emitting a graph's live nodes; every emitted operation goes through the local rules of
/// `GraphCode+Rules` and equal operations on equal inputs are emitted once.
package struct GraphCode {
  package struct Node {
    package var op: Op
    package var inputs: [Int]
    package var shape: [Int]
    package var element: ElementType
    package var path: String
    /// Whether the first axis counts the samples of the batch and sample n depends on sample n alone.
    package var isBatched: Bool

    package var count: Int { shape.reduce(1, *) }
  }

  private struct Key: Hashable {
    var op: Op
    var inputs: [Int]
  }

  package private(set) var nodes: [Node] = []
  package internal(set) var outputs: [(name: String, id: Int)] = []
  package internal(set) var assignments: [(path: String, id: Int)] = []
  /// Values that must be finite before anything is changed: the loss and every gradient.
  package internal(set) var guarded: [(name: String, id: Int)] = []
  /// For each node whether it depends on the store alone; empty where the store changes between executions.
  private(set) var fixed: [Bool] = []
  package private(set) var batch: Int
  private var known: [Key: Int] = [:]

  /// No operations.
  init(batch: Int) { self.batch = batch }

  /// Re-emits what the outputs, assignments and guarded values of `graph` depend on.
  ///
  /// - Parameters:
  ///   - batch: The number of samples; inputs whose first axis has this extent are batched.
  ///   - guarded: Values checked before the assignments are carried out.
  ///   - weightsStay: Whether the store changes rarely, so that what depends on it alone is computed apart.
  package init(
    _ graph: Graph, batch: Int, guarded: [(name: String, value: Value)] = [], weightsStay: Bool = false
  ) {
    self.batch = batch
    let roots =
      graph.outputs.map(\.value.id) + graph.assignments.map(\.value.id) + guarded.map(\.value.id)
    var isLive = [Bool](repeating: false, count: graph.nodes.count)
    for root in roots { isLive[root] = true }
    for id in isLive.indices.reversed() where isLive[id] {
      for input in graph.nodes[id].inputs { isLive[input] = true }
    }
    var renamed = [Int](repeating: -1, count: graph.nodes.count)
    for (id, node) in graph.nodes.enumerated() where isLive[id] {
      renamed[id] = emit(node.op, node.inputs.map { renamed[$0] }, path: node.path)
    }
    outputs = graph.outputs.map { ($0.name, renamed[$0.value.id]) }
    assignments = graph.assignments.map { ($0.path, renamed[$0.value.id]) }
    self.guarded = guarded.map { ($0.name, renamed[$0.value.id]) }
    removeDead()
    guard weightsStay else { return }
    precondition(
      assignments.isEmpty, "a program that changes \(assignments.map(\.path)) cannot keep its weights")
    self = folded()
    fixed = fixedNodes
  }

  /// Emits an operation after the local rules; equal ones are shared.
  package mutating func emit(_ op: Op, _ inputs: [Int], path: String) -> Int {
    if let simpler = simplified(op, inputs, path: path) { return simpler }
    let key = Key(op: op, inputs: inputs)
    if let id = known[key] { return id }
    guard let (shape, element) = try? op.result(of: inputs.map { (nodes[$0].shape, nodes[$0].element) })
    else {
      preconditionFailure("\(op.name) on \(inputs.map { nodes[$0].shape }) was valid in the graph")
    }
    let isBatched = op.keepsBatch(inputs.map { nodes[$0] }, shape: shape, batch: batch)
    nodes.append(
      Node(op: op, inputs: inputs, shape: shape, element: element, path: path, isBatched: isBatched))
    known[key] = nodes.count - 1
    return nodes.count - 1
  }

  /// Drops what the rules left without a use.
  mutating func removeDead() {
    var isLive = [Bool](repeating: false, count: nodes.count)
    for id in outputs.map(\.id) + assignments.map(\.id) + guarded.map(\.id) { isLive[id] = true }
    for id in isLive.indices.reversed() where isLive[id] {
      for input in nodes[id].inputs { isLive[input] = true }
    }
    var renamed = [Int](repeating: -1, count: nodes.count)
    var kept: [Node] = []
    for (id, node) in nodes.enumerated() where isLive[id] {
      var node = node
      node.inputs = node.inputs.map { renamed[$0] }
      renamed[id] = kept.count
      kept.append(node)
    }
    nodes = kept
    known = [:]
    outputs = outputs.map { ($0.name, renamed[$0.id]) }
    assignments = assignments.map { ($0.path, renamed[$0.id]) }
    guarded = guarded.map { ($0.name, renamed[$0.id]) }
  }

  /// The nodes that use each node.
  package var uses: [[Int]] {
    var result = [[Int]](repeating: [], count: nodes.count)
    for (id, node) in nodes.enumerated() {
      for input in Set(node.inputs) { result[input].append(id) }
    }
    return result
  }

  /// Nodes whose values are wanted by name, not only by other nodes.
  package var wanted: Set<Int> {
    Set(outputs.map(\.id) + assignments.map(\.id) + guarded.map(\.id))
  }
}

extension Op {
  /// Whether sample n of the result depends on sample n of the batched inputs alone.
  fileprivate func keepsBatch(_ inputs: [GraphCode.Node], shape: [Int], batch: Int) -> Bool {
    guard shape.first == batch else { return false }
    let isFirstBatched = inputs.first?.isBatched ?? false
    switch self {
    case .source(.input(let name, _, _)): return name != Graph.randomKeyName
    case .source: return false
    case .convolution(.kernelGradient): return false
    case .convolution: return isFirstBatched
    case .pooling: return isFirstBatched
    case .matrix(.multiply(let ta, _)): return isFirstBatched && !ta && !inputs[1].isBatched
    case .pointwise:
      return inputs.allSatisfy { !$0.isBatched || $0.shape.count == shape.count }
        && inputs.contains { $0.isBatched }
    case .reduction(let op): return isFirstBatched && !op.axes.contains(0)
    case .structure(let op): return op.keepsBatch(inputs, rank: shape.count)
    case .normalization(.batchMoments), .normalization(.batchGradientSums): return false
    case .normalization: return isFirstBatched
    case .classification: return isFirstBatched
    case .random: return true
    }
  }
}

extension StructureOp {
  fileprivate func keepsBatch(_ inputs: [GraphCode.Node], rank: Int) -> Bool {
    switch self {
    case .reshape: return inputs[0].isBatched
    case .transpose(let order): return inputs[0].isBatched && order[0] == 0
    case .broadcast: return inputs[0].isBatched && inputs[0].shape.count == rank
    case .concatenate(let axis): return axis != 0 && inputs.allSatisfy(\.isBatched)
    case .slice(let axis, _, _), .pad(let axis, _, _): return inputs[0].isBatched && axis != 0
    }
  }
}
