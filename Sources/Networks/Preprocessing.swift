import MartletGraphs

/// Converts bytes to floating-point numbers: x · scale + offset.
///
/// Stands at the head of a network whose input are pixels, so that every evaluation prepares its data
/// as the training did.
public struct Rescale: Layer {
  /// The factor, such as 1 / 255.
  public let scale: Double
  /// What is added afterwards.
  public let offset: Double
  private let origin: LayerOrigin

  /// Creates the layer; a scale of 1 only converts.
  public init(
    _ scale: Double, offset: Double = 0, name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.scale = scale
    self.offset = offset
    origin = LayerOrigin(name, file, line)
  }

  /// The numbers `[N, ...]` of bytes or numbers `[N, ...]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.rescale, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.require(
      scale.isFinite && offset.isFinite, "a finite scale and offset", received: "\(scale) and \(offset)")
    var result = x.toFloat()
    if scale != 1 { result = result * scale }
    return offset == 0 ? result : result + offset
  }
}

/// Subtracts a mean from each channel and divides by a deviation.
public struct Normalize: Layer {
  /// One mean for all channels or one for each.
  public let mean: [Double]
  /// One deviation for all channels or one for each.
  public let deviation: [Double]
  private let origin: LayerOrigin

  /// Creates the layer from a mean and a deviation for each channel.
  public init(
    mean: [Double], deviation: [Double], name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.mean = mean
    self.deviation = deviation
    origin = LayerOrigin(name, file, line)
  }

  /// Creates the layer from one mean and deviation for all channels.
  public init(
    mean: Double, deviation: Double, name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.init(mean: [mean], deviation: [deviation], name: name, file: file, line: line)
  }

  /// The normalized numbers `[N, ..., C]` of `[N, ..., C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.normalize, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    let channels = x.shape.last ?? 0
    for (numbers, what) in [(mean, "means"), (deviation, "deviations")] {
      try scope.require(
        numbers.count == 1 || numbers.count == channels, "1 or \(channels) \(what) for \(x.shapeText)",
        received: "\(numbers.count)")
    }
    try scope.require(
      mean.allSatisfy(\.isFinite) && deviation.allSatisfy { $0.isFinite && $0 > 0 },
      "finite means and positive deviations", received: "\(mean) and \(deviation)")
    if mean.count == 1, deviation.count == 1 { return (x.toFloat() - mean[0]) * (1 / deviation[0]) }
    func table(_ numbers: [Double]) -> Value { scope.graph.table(numbers, shape: [numbers.count]) }
    return (x.toFloat() - table(mean)) * table(deviation.map { 1 / $0 })
  }
}
