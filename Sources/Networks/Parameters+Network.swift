import MartletGraphs

extension Parameters {
  /// Creates the weights and statistics of a network with their initial values: a store that a file can be
  /// loaded into.
  ///
  /// ```swift
  /// let weights = try Parameters(of: model)
  /// try weights.load(from: "model.safetensors")
  /// ```
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - seed: Decides the initial values.
  /// - Throws: The network's first mistake, with the layer's path and place.
  public convenience init(of network: some GraphNetwork, seed: UInt64 = 0) throws(ModelError) {
    let graph = Graph(purpose: .inference)
    _ = network.traceOutputs(batch: 1, into: graph)
    try graph.check()
    self.init(graph.parameters, seed: seed)
  }
}
