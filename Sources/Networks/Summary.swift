import MartletGraphs

/// A network's layers, sizes and costs.
public struct Summary: Sendable {
  /// One layer.
  public struct Row: Sendable, Equatable {
    /// The layer's path.
    public let name: String
    /// The layer's type, such as `Conv2D`.
    public let type: String
    /// The shape of its output, nil for the batch; of a `Weight` that of the tensor.
    public let outputShape: [Int?]
    /// The number of its elements in the store.
    public let parameters: Int
  }

  /// The network's name.
  public let name: String
  /// The layers in the order of their first use.
  public let rows: [Row]
  /// The elements of weights and statistics; the optimizer's state is not among them.
  public let parameters: Int
  /// The elements that training changes by gradients.
  public let trainableParameters: Int
  /// The elements of the optimizer's state; 0 where no optimizer was given.
  public let optimizerParameters: Int
  /// The floating-point operations of one sample's prediction.
  public let flops: Int
  /// The batch size that the activations are counted for.
  public let batchSize: Int
  /// The bytes of all layers' outputs for one batch.
  public let activationBytes: Int

  /// The elements that only the layers themselves change, such as running statistics.
  public var nonTrainableParameters: Int { parameters - trainableParameters }
}

extension GraphNetwork {
  /// Describes the network: its layers, parameters, operations and activations.
  ///
  /// - Parameters:
  ///   - batchSize: The number of samples that activations are counted for.
  ///   - optimizer: The rule whose state is counted apart.
  public func summary(batchSize: Int = 64, optimizer: (any Optimizer)? = nil) -> Summary {
    let graph = Graph(purpose: .inference)
    let outputs = traceOutputs(batch: 1, into: graph)
    let (rows, elements) = Self.rows(of: graph, inputs: inputs)
    let stored = graph.parameters.filter { $0.role != .optimizer }
    let trainable = stored.filter { $0.role == .weight && $0.isTrainable }.reduce(0) { $0 + $1.count }
    return Summary(
      name: name ?? "model", rows: rows, parameters: stored.reduce(0) { $0 + $1.count },
      trainableParameters: trainable, optimizerParameters: trainable * (optimizer?.slots.count ?? 0),
      flops: graph.cost(of: outputs.elements).flops, batchSize: batchSize,
      activationBytes: elements * 4 * batchSize)
  }

  /// The rows and the number of elements that they put out for one sample.
  private static func rows(of graph: Graph, inputs: NamedInputs) -> ([Summary.Row], Int) {
    var rows = inputs.entries.map { name, input in
      Summary.Row(
        name: name == InputSpec.inputName ? "Input" : name, type: "InputLayer",
        outputShape: [nil] + input.shape, parameters: 0)
    }
    let uses = graph.layerOutputs.map { ($0, LayerKind(pathName: $0.type)) }
    let wholes = Set(uses.filter { $0.1?.isTransparent == false }.map { $0.0.path })
    var seen: Set<String> = []
    var elements = 0
    for (use, kind) in uses {
      guard let kind, !kind.isTransparent, !hasAncestor(use.path, in: wholes) else { continue }
      // A tensor of a type of one's own has no batch and is none of the activations.
      let isWeight = kind == .weight
      let shape = use.value.shape
      if !isWeight { elements += shape.reduce(1, *) }
      guard seen.insert(use.path).inserted else { continue }
      let own = graph.parameters.filter { $0.path.hasPrefix("\(use.path)/") }
      rows.append(
        Summary.Row(
          name: use.path, type: kind.rawValue,
          outputShape: isWeight ? shape.map(\.self) : [nil] + shape.dropFirst().map(\.self),
          parameters: own.reduce(0) { $0 + $1.count }))
    }
    return (rows, elements)
  }

  /// Whether the path lies inside one of some layers.
  private static func hasAncestor(_ path: String, in layers: Set<String>) -> Bool {
    path.indices.contains { path[$0] == "/" && layers.contains(String(path[..<$0])) }
  }
}

extension Graph {
  /// The cost of the operations that some values depend on; the terms of regularizers are not among them.
  fileprivate func cost(of values: [Value]) -> Cost {
    var needed = Set(values.filter(\.isValid).map(\.id))
    var sum = Cost()
    for (id, node) in nodes.enumerated().reversed() where needed.contains(id) {
      let inputs = node.inputs.map { (shape: nodes[$0].shape, element: nodes[$0].element) }
      sum = sum + node.op.cost(inputs: inputs, output: (node.shape, node.element))
      needed.formUnion(node.inputs)
    }
    return sum
  }
}
