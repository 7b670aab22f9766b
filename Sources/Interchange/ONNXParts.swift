import MartletGraphs
import MartletNetworks

/// The parts of a graph that ONNX has one operation for, and the values that are needed besides.
struct ONNXParts {
  /// Several operations that become one.
  enum Whole {
    /// x · gamma / √(variance + ε) + (beta - mean · gamma / √(variance + ε)); values of the graph.
    case batchNormalization(x: Int, gamma: Int, beta: Int, mean: Int, variance: Int, epsilon: Double)
    /// A convolution, transposed convolution or product with its bias.
    case biased(sum: Int, bias: Int)
    case upSampling(x: Int, isBilinear: Bool)
  }

  /// By the value that the whole results in.
  private(set) var wholes: [Int: Whole] = [:]
  /// The values that some output is computed from.
  private(set) var isNeeded: [Bool]
  private let parameters: Set<Int>

  init(_ outline: NetworkOutline) {
    let graph = outline.graph
    isNeeded = Array(repeating: false, count: graph.nodes.count)
    parameters = Set(
      graph.nodes.indices.filter { if case .source(.parameter) = graph.nodes[$0].op { true } else { false } })
    let isData = outline.features.isData
    var readers = [Int](repeating: 0, count: graph.nodes.count)
    for node in graph.nodes { for input in node.inputs { readers[input] += 1 } }
    for (_, value) in outline.outputs.entries { readers[value.id] += 1 }
    for output in graph.layerOutputs {
      switch LayerKind(pathName: output.type) {
      case .batchNormalization: wholes[output.value.id] = Self.normalization(output.value.id, graph, isData)
      case .upSampling2D: wholes[output.value.id] = Self.upSampling(output, graph, isData)
      default: break
      }
    }
    for (id, node) in graph.nodes.enumerated() where wholes[id] == nil {
      if let biased = Self.biased(node, graph, readers, parameters) { wholes[id] = biased }
    }
    for (_, value) in outline.outputs.entries { isNeeded[value.id] = true }
    for id in graph.nodes.indices.reversed() {
      if case .source(.input) = graph.nodes[id].op { isNeeded[id] = true }
      guard isNeeded[id] else { continue }
      for input in inputs(of: id, graph) { isNeeded[input] = true }
    }
  }

  /// Weights are written where they are read.
  func isOnlyWithin(_ id: Int) -> Bool { parameters.contains(id) }

  private func inputs(of id: Int, _ graph: Graph) -> [Int] {
    switch wholes[id] {
    case .batchNormalization(let x, _, _, _, _, _), .upSampling(let x, _): [x]
    case .biased(let sum, _): graph.nodes[sum].inputs
    case nil: graph.nodes[id].inputs
    }
  }

  private static func biased(
    _ node: Graph.Node, _ graph: Graph, _ readers: [Int], _ parameters: Set<Int>
  ) -> Whole? {
    guard case .pointwise(.binary(.add)) = node.op, readers[node.inputs[0]] == 1,
      parameters.contains(node.inputs[1]), graph.nodes[node.inputs[1]].shape == [node.shape.last ?? 0]
    else { return nil }
    switch graph.nodes[node.inputs[0]].op {
    case .convolution(.forward), .convolution(.inputGradient), .matrix(.multiply(false, false)):
      return parameters.contains(graph.nodes[node.inputs[0]].inputs[1])
        ? .biased(sum: node.inputs[0], bias: node.inputs[1]) : nil
    case .source, .convolution(.kernelGradient), .pooling, .matrix, .pointwise, .reduction, .structure,
      .normalization, .classification, .random:
      return nil
    }
  }

  private static func normalization(_ id: Int, _ graph: Graph, _ isData: [Bool]) -> Whole? {
    let nodes = graph.nodes
    guard case .pointwise(.binary(.add)) = nodes[id].op, [2, 4].contains(nodes[id].shape.count),
      case .pointwise(.binary(.multiply)) = nodes[nodes[id].inputs[0]].op,
      case .pointwise(.binary(.subtract)) = nodes[nodes[id].inputs[1]].op
    else { return nil }
    let (product, shift) = (nodes[nodes[id].inputs[0]], nodes[nodes[id].inputs[1]])
    guard isData[product.inputs[0]], case .pointwise(.binary(.divide)) = nodes[product.inputs[1]].op,
      case .pointwise(.binary(.multiply)) = nodes[shift.inputs[1]].op
    else { return nil }
    let (factor, mean) = (nodes[product.inputs[1]], nodes[shift.inputs[1]])
    let root = nodes[factor.inputs[1]]
    guard case .pointwise(.unary(.sqrt)) = root.op,
      case .pointwise(.unary(.add(let epsilon))) = nodes[root.inputs[0]].op
    else { return nil }
    return .batchNormalization(
      x: product.inputs[0], gamma: factor.inputs[0], beta: shift.inputs[0], mean: mean.inputs[0],
      variance: nodes[root.inputs[0]].inputs[0], epsilon: epsilon)
  }

  private static func upSampling(
    _ output: Graph.LayerOutput, _ graph: Graph, _ isData: [Bool]
  ) -> Whole? {
    var isBilinear = false
    var id = output.value.id
    // Back along the data to the layer's own input.
    while graph.nodes[id].path == output.path,
      let source = graph.nodes[id].inputs.first(where: { isData[$0] })
    {
      if case .structure(.concatenate) = graph.nodes[id].op { isBilinear = true }
      id = source
    }
    return id == output.value.id ? nil : .upSampling(x: id, isBilinear: isBilinear)
  }
}
