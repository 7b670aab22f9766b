import MartletGraphs

/// All of a sample's numbers in one row, in the order height, width, channels.
public struct Flatten: Layer {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The rows `[N, features]` of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.flatten, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.require(x.rank >= 1, "[batch, ...]", received: "a scalar")
    return x.reshaped([x.shape[0], x.shape.dropFirst().reduce(1, *)])
  }
}

/// A sample's numbers in another shape.
public struct Reshape: Layer {
  /// The shape of one sample; one extent may be -1 and follows from the others.
  public let targetShape: [Int]
  private let origin: LayerOrigin

  /// Creates the layer from the shape of one sample.
  public init(_ targetShape: [Int], name: String? = nil, file: String = #fileID, line: Int = #line) {
    self.targetShape = targetShape
    origin = LayerOrigin(name, file, line)
  }

  /// `[N] + targetShape` of `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.reshape, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.require(x.rank >= 1, "[batch, ...]", received: "a scalar")
    let count = x.shape.dropFirst().reduce(1, *)
    let known = targetShape.filter { $0 != -1 }
    let free = targetShape.count - known.count
    let product = known.reduce(1, *)
    let fits = free == 0 ? product == count : free == 1 && product > 0 && count % product == 0
    try scope.require(
      known.allSatisfy { $0 > 0 } && fits, "a shape of \(count) elements for \(x.shapeText)",
      received: "\(targetShape)", hint: "One extent may be -1 and follows from the others.")
    return x.reshaped([x.shape[0]] + targetShape)
  }
}
