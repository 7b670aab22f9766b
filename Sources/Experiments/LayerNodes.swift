import MartletGraphs
import MartletNetworks
import MartletRuns

extension Network {
  /// The network as boxes and arrows: the layers of its summary, and the operations outside all layers.
  func layerNodes(_ summary: Summary) -> [RunDetails.Node] {
    let graph = Graph(purpose: .inference)
    let output = trace(batch: 1, into: graph)
    guard output.isValid else { return [] }
    var types: [String: String] = [:]
    for row in summary.rows { types[row.name] = row.type }

    var nodes: [RunDetails.Node] = []
    /// The box of each operation that belongs to one; weights belong to none.
    var boxes: [Int?] = []
    var boxOf: [String: Int] = [:]
    let reached = graph.reached(from: output.id)
    for (id, node) in graph.nodes.enumerated() {
      guard reached.contains(id), !node.isConstant else {
        boxes.append(nil)
        continue
      }
      let layer = node.layer(among: types)
      let sources = node.inputs.compactMap { boxes[$0] }
      let shape = Array(node.shape.dropFirst())
      let key = node.isInput ? "Input" : layer ?? "\(id)"
      if let box = boxOf[key] {
        // A layer's last operation is the one whose result goes on.
        nodes[box].shape = shape
        nodes[box].inputs += sources.filter { $0 < box && !nodes[box].inputs.contains($0) }
        boxes.append(box)
      } else {
        let type = node.isInput ? "InputLayer" : layer.flatMap { types[$0] } ?? node.op.name
        let name = node.isInput ? "Input" : layer ?? node.op.name
        boxOf[key] = nodes.count
        boxes.append(nodes.count)
        nodes.append(
          RunDetails.Node(name: name, type: type, shape: shape, inputs: Array(Set(sources)).sorted()))
      }
    }
    return nodes
  }
}

extension Graph {
  /// The operations that a value depends on, itself too.
  fileprivate func reached(from id: Int) -> Set<Int> {
    var reached: Set<Int> = [id]
    for place in nodes.indices.reversed() where reached.contains(place) {
      reached.formUnion(nodes[place].inputs)
    }
    return reached
  }
}

extension Graph.Node {
  fileprivate var isInput: Bool {
    if case .source(.input) = op { true } else { false }
  }

  /// Whether it is a weight or another number that the images do not change.
  fileprivate var isConstant: Bool {
    if case .source = op { !isInput } else { false }
  }

  /// The layer that the operation was traced in, among those of the summary.
  fileprivate func layer(among types: [String: String]) -> String? {
    var path = Substring(path)
    while !path.isEmpty {
      if types[String(path)] != nil { return String(path) }
      path = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
    }
    return nil
  }
}
