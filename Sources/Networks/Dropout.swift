import MartletGraphs
import MartletTensors

/// Sets a random part of the elements to zero while training and scales the rest by 1 / (1 - rate).
public struct Dropout: Layer {
  /// The part that is dropped, at least 0 and below 1.
  public let rate: Double
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(_ rate: Double, name: String? = nil, file: String = #fileID, line: Int = #line) {
    self.rate = rate
    origin = LayerOrigin(name, file, line)
  }

  /// The thinned values, of the input's shape `[N, ...]`; the input itself at inference.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.dropout, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireFloat(x)
    return try scope.thinned(x, rate: rate, maskShape: x.shape)
  }
}

/// Sets whole channels of random images to zero while training and scales the rest by 1 / (1 - rate).
public struct SpatialDropout2D: Layer {
  /// The part that is dropped, at least 0 and below 1.
  public let rate: Double
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(_ rate: Double, name: String? = nil, file: String = #fileID, line: Int = #line) {
    self.rate = rate
    origin = LayerOrigin(name, file, line)
  }

  /// The thinned images, of the input's shape `[N, H, W, C]`; the input itself at inference.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.spatialDropout2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    return try scope.thinned(x, rate: rate, maskShape: [x.shape[0], 1, 1, x.shape[3]])
  }
}

extension LayerScope {
  /// The values times a mask of this layer's own that broadcasts; the values themselves at inference.
  fileprivate func thinned(_ x: Value, rate: Double, maskShape: [Int]) throws(ModelError) -> Value {
    try require(
      rate >= 0 && rate < 1, "a rate of at least 0 and below 1", received: "\(rate)",
      hint: "It is the part that is dropped.")
    guard graph.purpose == .training, rate > 0 else { return x }
    return x * keepMask(rate: rate, shape: maskShape)
  }

  /// 1 / (1 - rate) in a random part of the elements, 0 in the others; drawn anew for every use and part.
  func keepMask(rate: Double, shape: [Int], part: Int = 0) -> Value {
    let uses = graph.layerOutputs.count { $0.path == path }
    var name = uses == 0 ? path : "\(path)#\(uses)"
    if part > 0 { name += "/\(part)" }
    let stream = RandomStream.streamNumber(for: name)
    return graph.apply(.random(.keepMask(rate: rate, stream: stream, shape: shape)), [graph.randomKey])
  }
}
