import MartletGraphs

/// Where flattened images lie in a graph, and which weights count their elements.
///
/// Martlet flattens rows, columns, channels; programs whose images are `[N, C, H, W]` flatten channels,
/// rows, columns. Where all that reads a flattened image is element-wise functions and dense layers, the
/// rows of their weights can be exchanged instead of the image's elements.
struct FeatureOrder {
  /// Values that hold a flattened image `[N, H·W·C]`, with `[H, W, C]`.
  private(set) var values: [Int: [Int]] = [:]
  /// Parameters whose first axis counts a flattened image's elements, with `[H, W, C]`.
  private(set) var parameters: [String: [Int]] = [:]
  /// Parameters that count such elements too, but beside other readers, so that nothing can be exchanged.
  private(set) var fixedParameters: Set<String> = []
  /// The values that depend on the graph's inputs.
  let isData: [Bool]
  private let images: ImageOrder

  init(_ graph: Graph) {
    var isData: [Bool] = []
    for node in graph.nodes {
      if case .source(.input) = node.op {
        isData.append(true)
      } else {
        isData.append(node.inputs.contains { isData[$0] })
      }
    }
    self.isData = isData
    images = ImageOrder(graph, isData: isData)
    // A flattening that something else reads as well is set aside, and the rest tried again.
    var excluded: Set<Int> = []
    while let conflict = mark(graph, excluded) { excluded.insert(conflict) }
    for (id, node) in graph.nodes.enumerated() where isData[id] && values[id] == nil {
      switch node.op {
      case .matrix where values[node.inputs[0]] == nil && images.hasImageFeatures(node.inputs[0]):
        noteFixed(node.inputs[1], graph)
      case .pointwise where images.hasImageFeatures(id):
        for input in node.inputs where (graph.nodes[input].shape.last ?? 1) > 1 { noteFixed(input, graph) }
      default: continue
      }
    }
  }

  /// Notes the parameters from which a value is computed without the graph's inputs.
  private mutating func noteFixed(_ id: Int, _ graph: Graph) {
    var seen: Set<Int> = []
    var next = [id]
    while let id = next.popLast() {
      guard !isData[id], seen.insert(id).inserted else { continue }
      if case .source(.parameter(let path, _)) = graph.nodes[id].op { fixedParameters.insert(path) }
      next += graph.nodes[id].inputs
    }
  }

  /// Marks values and parameters; the flattening that must be set aside, nil where all fit.
  private mutating func mark(_ graph: Graph, _ excluded: Set<Int>) -> Int? {
    values = [:]
    parameters = [:]
    var origins: [Int: Int] = [:]
    for (id, node) in graph.nodes.enumerated() {
      guard isData[id] else { continue }
      if let image = images.flattened(id), !excluded.contains(id) {
        values[id] = image
        origins[id] = id
        continue
      }
      guard let source = node.inputs.first(where: { values[$0] != nil }), let image = values[source],
        let origin = origins[source]
      else { continue }
      switch node.op {
      case .pointwise:
        for input in node.inputs where isData[input] && origins[input] != origin { return origin }
        for input in node.inputs where !isData[input] {
          guard claim(input, image, graph) else { return origin }
        }
        values[id] = image
        origins[id] = origin
      case .matrix(.multiply(false, false)) where node.inputs[0] == source:
        guard case .source(.parameter(let path, _)) = graph.nodes[node.inputs[1]].op,
          note(path, image)
        else { return origin }
      case .source, .convolution, .pooling, .matrix, .reduction, .structure, .normalization,
        .classification, .random:
        return origin
      }
    }
    // A parameter that is read in two orders, or a result that would leave the network in another order.
    let read = Set(graph.nodes.flatMap(\.inputs))
    for (id, origin) in origins where !read.contains(id) { return origin }
    return misread(graph).flatMap { origins[$0] }
  }

  /// Notes the parameters from which a value `[features]` is computed element by element.
  private mutating func claim(_ id: Int, _ image: [Int], _ graph: Graph) -> Bool {
    let node = graph.nodes[id]
    guard node.shape.reduce(1, *) > 1 else { return true }
    guard node.shape == [image.reduce(1, *)] else { return false }
    switch node.op {
    case .source(.parameter(let path, _)): return note(path, image)
    case .source(.constant): return true
    case .pointwise:
      for input in node.inputs { guard claim(input, image, graph) else { return false } }
      return true
    case .source, .convolution, .pooling, .matrix, .reduction, .structure, .normalization,
      .classification, .random:
      return false
    }
  }

  private mutating func note(_ path: String, _ image: [Int]) -> Bool {
    if let known = parameters[path] { return known == image }
    parameters[path] = image
    return true
  }

  /// A flattened value beside a parameter that other values read in its own order.
  private func misread(_ graph: Graph) -> Int? {
    for (id, node) in graph.nodes.enumerated() where isData[id] {
      for input in node.inputs {
        guard case .source(.parameter(let path, _)) = graph.nodes[input].op, let image = parameters[path]
        else { continue }
        let isOrdered = node.inputs.contains { values[$0] != nil }
        if !isOrdered, !values.keys.contains(id) {
          return values.filter { $0.value == image }.keys.min()
        }
      }
    }
    return nil
  }
}
