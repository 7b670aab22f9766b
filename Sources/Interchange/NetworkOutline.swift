import MartletGraphs
import MartletNetworks
import MartletTensors

/// The layers of a network that own tensors, and in which order flattened images reach their weights.
package struct NetworkOutline {
  /// A layer with its tensors in the order of their first use.
  package struct LayerEntry {
    package let path: String
    /// Nil for a type of one's own.
    package let kind: LayerKind?
    package internal(set) var tensors: [TensorEntry]

    /// The tensor of a name such as `kernel`.
    func tensor(_ name: String) -> TensorEntry? { tensors.first { $0.name == name } }
  }

  /// A tensor of a layer.
  package struct TensorEntry {
    package let path: String
    /// The last part of the path.
    package let name: String
    package let shape: [Int]
    package let isState: Bool
    /// The convolution's groups, where it is the kernel of one.
    package internal(set) var groups = 1
    /// The extents `[H, W, C]` of the image whose flattened form its first axis counts.
    package internal(set) var image: [Int]?
  }

  package private(set) var layers: [LayerEntry] = []
  /// The graph for predictions of one sample.
  package let graph: Graph
  /// The network's results in it.
  package let outputs: NamedValues
  let features: FeatureOrder

  /// Traces a network.
  ///
  /// - Throws: The network's first mistake.
  package init(_ network: any GraphNetwork) throws(ModelError) {
    graph = Graph(purpose: .inference)
    outputs = network.traceOutputs(batch: 1, into: graph)
    try graph.check()
    features = FeatureOrder(graph)
    let kinds = Dictionary(graph.layerOutputs.map { ($0.path, $0.type) }) { first, _ in first }
    for spec in graph.parameters where spec.role != .optimizer {
      let cut = spec.path.lastIndex(of: "/")
      let owner = cut.map { String(spec.path[..<$0]) } ?? ""
      let name = cut.map { String(spec.path[spec.path.index(after: $0)...]) } ?? spec.path
      var tensor = TensorEntry(path: spec.path, name: name, shape: spec.shape, isState: spec.role == .state)
      tensor.image = features.parameters[spec.path]
      if let index = layers.firstIndex(where: { $0.path == owner }) {
        layers[index].tensors.append(tensor)
      } else {
        layers.append(
          LayerEntry(path: owner, kind: kinds[owner].flatMap { LayerKind(pathName: $0) }, tensors: [tensor]))
      }
    }
    noteGroups()
  }

  private mutating func noteGroups() {
    for node in graph.nodes {
      guard case .convolution(.forward(let window)) = node.op,
        case .source(.parameter(let path, _)) = graph.nodes[node.inputs[1]].op
      else { continue }
      for layer in layers.indices {
        for tensor in layers[layer].tensors.indices where layers[layer].tensors[tensor].path == path {
          layers[layer].tensors[tensor].groups = window.groups
        }
      }
    }
  }
}
