import MartletGraphs
import MartletNetworks
import MartletRuns

extension Network {
  /// The network as boxes and arrows: the layers of its summary, and the operations outside all layers.
  func layerNodes(_ summary: Summary) -> [RunDetails.Node] {
    // Dropout is there in training only.
    let graph = Graph(purpose: .training)
    let output = trace(batch: 1, into: graph)
    guard output.isValid else { return [] }
    let layers = Dictionary(summary.rows.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    var nodes: [RunDetails.Node] = []
    /// The box of each operation that belongs to one; weights belong to none.
    var boxes: [Int?] = []
    var boxOf: [String: Int] = [:]
    let reached = graph.reached(from: output.id)
    let names = Set(inputs.names)
    for (id, node) in graph.nodes.enumerated() {
      let isInput = node.inputName.map(names.contains) == true
      guard reached.contains(id), isInput || !node.isSource else {
        boxes.append(nil)
        continue
      }
      let layer = node.layer(among: layers)
      let sources = node.inputs.compactMap { boxes[$0] }
      let shape = layer.flatMap { layers[$0]?.outputShape } ?? node.shape
      let key = isInput ? "Input" : layer ?? "\(id)"
      if let box = boxOf[key] {
        nodes[box].inputs += sources.filter { $0 < box && !nodes[box].inputs.contains($0) }
        boxes.append(box)
      } else {
        let type = isInput ? "InputLayer" : layer.flatMap { layers[$0]?.type } ?? node.op.name
        let name = isInput ? "Input" : layer ?? node.op.name
        boxOf[key] = nodes.count
        boxes.append(nodes.count)
        nodes.append(
          RunDetails.Node(
            name: name, type: type, shape: shape.dropFirst().compactMap(\.self),
            inputs: Array(Set(sources)).sorted()))
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
  /// The name of an input; nil where it is none.
  fileprivate var inputName: String? {
    if case .source(.input(let name, _, _)) = op { name } else { nil }
  }

  /// Whether it comes from outside the graph: images, weights, numbers, the key of what is random.
  fileprivate var isSource: Bool {
    if case .source = op { true } else { false }
  }

  /// The layer that the operation was traced in, among those of the summary.
  fileprivate func layer(among layers: [String: Summary.Row]) -> String? {
    var path = Substring(path)
    while !path.isEmpty {
      if layers[String(path)] != nil { return String(path) }
      path = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
    }
    return nil
  }
}
