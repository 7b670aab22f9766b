import MartletGraphs
import MartletNetworks

/// What is predicted: the one place where a network is traced for it, for trainers and predictors.
enum Prediction: Hashable, Sendable {
  /// The network's outputs as they are, by name.
  case outputs
  /// Probabilities of the classes.
  case probabilities
  /// The output of a layer inside the network: a use of the layer at a path.
  case layer(String, use: Int)

  /// A trace for a batch, with outputs by name.
  func trace(_ network: any GraphNetwork, batch: Int) throws -> Graph {
    let graph = Graph(purpose: .inference)
    let outputs = network.traceOutputs(batch: batch, into: graph)
    try graph.check()
    switch self {
    case .outputs:
      for (name, value) in outputs.entries { graph.output(name, value.toFloat()) }
    case .probabilities:
      for (name, value) in outputs.entries { graph.output(name, value.asProbabilities) }
    case .layer(let path, let use):
      // A layer may put out what it was given, such as labels; outputs are numbers.
      graph.output(path, graph.layerOutput(path, use: use).toFloat())
    }
    try graph.check()
    return graph
  }
}

extension Value {
  /// Scores become probabilities, by a softmax or, of one output, by a sigmoid; what a softmax or sigmoid
  /// made stays as it is.
  fileprivate var asProbabilities: Value {
    guard isValid, rank == 2 else { return self }
    switch op {
    case .classification(.softmax), .pointwise(.unary(.sigmoid)): return self
    default: return shape[1] == 1 ? sigmoid() : softmax()
    }
  }
}
