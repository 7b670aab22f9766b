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

    /// The path of the layer that a tensor's path belongs to.
    static func owner(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "" }
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
  /// The part of the running statistics that a step of training keeps, by the normalization's path.
  let momenta: [String: Double]

  /// Traces a network.
  ///
  /// - Throws: The network's first mistake.
  package init(_ network: any GraphNetwork) throws(ModelError) {
    graph = Graph(purpose: .inference)
    outputs = network.traceOutputs(batch: 1, into: graph)
    try graph.check()
    features = FeatureOrder(graph)
    let kinds = Dictionary(graph.layerOutputs.map { ($0.path, $0.type) }) { first, _ in first }
    let groups = Self.groups(graph)
    var places: [String: Int] = [:]
    for spec in graph.parameters where spec.role != .optimizer {
      let owner = LayerEntry.owner(of: spec.path)
      let name = owner.isEmpty ? spec.path : String(spec.path.dropFirst(owner.count + 1))
      var tensor = TensorEntry(path: spec.path, name: name, shape: spec.shape, isState: spec.role == .state)
      tensor.image = features.parameters[spec.path]
      tensor.groups = groups[spec.path] ?? 1
      if let place = places[owner] {
        layers[place].tensors.append(tensor)
      } else {
        places[owner] = layers.count
        layers.append(
          LayerEntry(path: owner, kind: kinds[owner].flatMap { LayerKind(pathName: $0) }, tensors: [tensor]))
      }
    }
    momenta = Self.momenta(of: network)
  }

  /// The groups of the convolutions by their kernels' paths.
  private static func groups(_ graph: Graph) -> [String: Int] {
    var groups: [String: Int] = [:]
    for node in graph.nodes {
      guard case .convolution(.forward(let window)) = node.op,
        case .source(.parameter(let path, _)) = graph.nodes[node.inputs[1]].op
      else { continue }
      groups[path] = window.groups
    }
    return groups
  }

  /// What the graph of a training step tells of normalizations: how much of its statistics one step keeps.
  private static func momenta(of network: any GraphNetwork) -> [String: Double] {
    let graph = Graph(purpose: .training)
    _ = network.traceOutputs(batch: 2, into: graph)
    guard graph.firstError == nil else { return [:] }
    var momenta: [String: Double] = [:]
    for (path, value) in graph.assignments where path.hasSuffix("/moving_mean") {
      // current · momentum + batch's mean · (1 - momentum)
      let sum = graph.nodes[value.id]
      guard case .pointwise(.binary(.add)) = sum.op,
        case .pointwise(.unary(.multiply(let momentum))) = graph.nodes[sum.inputs[0]].op
      else { continue }
      momenta[LayerEntry.owner(of: path)] = momentum
    }
    return momenta
  }
}
