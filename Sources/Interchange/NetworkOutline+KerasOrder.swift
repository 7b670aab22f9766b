import MartletGraphs
import MartletNetworks

extension NetworkOutline {
  /// The layers in the order in which Keras counts those of the same functional model.
  ///
  /// What a layer computes counts as one step, as do operations outside of layers, each for itself.
  var layersInKerasOrder: [LayerEntry] {
    let nodes = graph.nodes
    let isData = features.isData
    let uses = graph.layerOutputs
    var isStep: Set<String> = []
    for use in uses where LayerKind(pathName: use.type)?.isOneLayerInKeras == true { isStep.insert(use.path) }
    // Dropout and the like are steps that leave no operation in a graph for predictions.
    var passing = [Int](repeating: 0, count: nodes.count)
    for use in uses where isStep.contains(use.path) {
      let maker = nodes[use.value.id].path
      if maker != use.path, !maker.hasPrefix(use.path + "/") { passing[use.value.id] += 1 }
    }
    let order = KerasOrder(
      inputs: nodes.indices.map { id in isData[id] ? nodes[id].inputs.filter { isData[$0] } : [] },
      outputs: outputs.elements.map(\.id)
    ) { reader, input in
      let isSame = nodes[reader].path == nodes[input].path && isStep.contains(nodes[input].path)
      return (isSame ? 0 : 1) + passing[input]
    }
    var places: [String: (depth: Int, turn: Int)] = [:]
    for (id, owners) in owners.enumerated() where isData[id] {
      guard let turn = order.turns[id] else { continue }
      for owner in owners {
        let known = places[owner] ?? (order.depths[id], turn)
        places[owner] = (max(known.depth, order.depths[id]), min(known.turn, turn))
      }
    }
    // Layers that no result needs come last, in the order of their use.
    return layers.enumerated().sorted { a, b in
      switch (places[a.element.path], places[b.element.path]) {
      case (let x?, let y?): (-x.depth, x.turn) < (-y.depth, y.turn)
      case (_?, nil): true
      case (nil, _?): false
      case (nil, nil): a.offset < b.offset
      }
    }.map(\.element)
  }

  /// The layers whose weights each value is computed from, up to the data it is combined with.
  private var owners: [Set<String>] {
    var owners: [Set<String>] = []
    for node in graph.nodes {
      if case .source(.parameter(let path, _)) = node.op {
        owners.append([LayerEntry.owner(of: path)])
      } else {
        owners.append(
          node.inputs.reduce(into: []) { found, input in
            if !features.isData[input] { found.formUnion(owners[input]) }
          })
      }
    }
    return owners
  }
}

extension LayerKind {
  /// Whether Keras has the layer as one of its own, not as several or as operations.
  fileprivate var isOneLayerInKeras: Bool {
    switch self {
    case .channelAttention, .spatialAttention, .residualBlock, .lambda, .weight, .scope, .sequential, .model:
      false
    default: true
    }
  }
}
