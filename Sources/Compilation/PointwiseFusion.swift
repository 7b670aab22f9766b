import MartletGraphs

/// Groups of pointwise operations that become one step each.
///
/// An operation joins the group of its users if all of them are in that one group and it has the
/// group's shape; so only a group's root is read from outside, and no cycle can arise. Values wanted by
/// name are stored besides. Constants are never stored, and neither are dropout masks of the group's
/// shape: each user computes them.
struct PointwiseFusion {
  /// The root of each fused node's group; nil for nodes of no group.
  private(set) var rootOf: [Int?]
  private(set) var members: [Int: [Int]] = [:]
  private static let largestGroup = 48

  /// - Parameters:
  ///   - claimed: Nodes that other fusions have taken.
  ///   - isUpdate: Whether a node belongs to the part after the guard; groups never mix the parts.
  init(_ code: GraphCode, uses: [[Int]], claimed: Set<Int>, isUpdate: [Bool]) {
    rootOf = [Int?](repeating: nil, count: code.nodes.count)
    for id in code.nodes.indices.reversed() {
      let node = code.nodes[id]
      guard node.op.isPointwise, !claimed.contains(id) else { continue }
      var root = id
      let users = uses[id]
      if let first = users.first, let candidate = rootOf[first],
        users.allSatisfy({ rootOf[$0] == candidate }),
        code.nodes[candidate].shape == node.shape, code.nodes[candidate].isBatched == node.isBatched,
        isUpdate[candidate] == isUpdate[id], members[candidate, default: []].count < Self.largestGroup
      {
        root = candidate
      }
      rootOf[id] = root
      members[root, default: []].append(id)
    }
  }

  /// The code of the group with this root and the nodes its loads read.
  ///
  /// - Parameter stored: The members to store; the root is among them.
  func code(of root: Int, in graph: GraphCode, stored: [Int]) -> (code: PointwiseCode, loads: [Int]) {
    var builder = Builder(graph: graph, rootOf: rootOf, root: root)
    let results = stored.sorted().map { builder.item($0) }
    let node = graph.nodes[root]
    let loads = builder.loads.map {
      PointwiseCode.Load(shape: graph.nodes[$0].shape, element: graph.nodes[$0].element)
    }
    return (
      PointwiseCode(shape: node.shape, loads: loads, items: builder.items, results: results), builder.loads
    )
  }

  private struct Builder {
    let graph: GraphCode
    let rootOf: [Int?]
    let root: Int
    var items: [PointwiseCode.Item] = []
    var loads: [Int] = []
    var itemOf: [Int: Int] = [:]

    mutating func item(_ id: Int) -> Int {
      if let known = itemOf[id] { return known }
      let node = graph.nodes[id]
      let isMember = rootOf[id] == root
      let item: PointwiseCode.Item
      switch node.op {
      case .source(.constant(let number, _)): item = .constant(number)
      case .random(.keepMask(let rate, let stream, let shape)) where shape == graph.nodes[root].shape:
        item = .keepMask(rate: rate, stream: stream, key: load(node.inputs[0]))
      case .pointwise(.cast) where isMember: item = .load(load(node.inputs[0]))
      case .pointwise(.unary(let op)) where isMember: item = .unary(op, self.item(node.inputs[0]))
      case .pointwise(.binary(let op)) where isMember:
        item = .binary(op, self.item(node.inputs[0]), self.item(node.inputs[1]))
      default: item = .load(load(id))
      }
      items.append(item)
      itemOf[id] = items.count - 1
      return items.count - 1
    }

    private mutating func load(_ id: Int) -> Int {
      if let index = loads.firstIndex(of: id) { return index }
      loads.append(id)
      return loads.count - 1
    }
  }
}

extension Op {
  var isPointwise: Bool {
    if case .pointwise = self { return true }
    return false
  }

  /// Never stored by itself where only pointwise operations use it.
  var isInlined: Bool {
    switch self {
    case .source(.constant), .random: true
    default: false
    }
  }
}
