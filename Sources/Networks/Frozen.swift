import MartletGraphs

/// A layer or block whose weights are not trained; paths are those without the wrapper.
///
/// What is frozen keeps its weights, adds no penalty to the loss and has no state in the optimizer. Batch
/// normalization inside uses its running statistics in Keras's preset; in PyTorch's it goes on to use and
/// follow the batch's. A layer is frozen at all its uses: freezing one that was trained at an earlier use
/// is a mistake.
///
/// ```swift
/// let encoder = try Sequential(input: .image(32, 32, 3), name: "encoder") { ... }
/// let model = try Sequential(input: .image(32, 32, 3)) {
///   encoder.frozen()
///   Dense(10)
/// }
/// ```
public struct Frozen: Layer {
  private let base: any Layer

  /// Freezes a layer or block.
  public init(_ base: some Layer) { self.base = base }

  /// The block's result.
  public func callAsFunction(_ x: Value) -> Value {
    guard x.isValid else { return x }
    let graph = x.graph
    let outer = graph.settings.freezesLayers
    graph.settings.freezesLayers = true
    defer { graph.settings.freezesLayers = outer }
    return base(x)
  }
}

extension Layer {
  /// The layer or block with weights that are not trained.
  public func frozen() -> Frozen { Frozen(self) }
}

extension LayerScope {
  /// Freezes the layer at this use and the later ones.
  func freeze() throws(ModelError) {
    guard !graph.settings.isInFrozenLayer(path) else { return }
    try require(
      !graph.parameters.contains { $0.isTrainable && $0.path.hasPrefix("\(path)/") },
      "a layer that is frozen at its first use too", received: "one trained there",
      hint: "Call frozen() on every use, or give the layer trainable: false.")
    graph.settings.frozenLayers.insert(path)
  }
}
