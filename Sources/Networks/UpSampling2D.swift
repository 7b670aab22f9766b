import MartletGraphs

/// Images enlarged by whole factors.
public struct UpSampling2D: Layer {
  /// How new pixels are made.
  public enum Interpolation: Sendable, Hashable {
    /// Each pixel is repeated.
    case nearest
    /// Between the nearest pixels; centers are at half-integers, edges repeat.
    case bilinear
  }

  /// The factors of height and width.
  public let size: Extent
  /// How new pixels are made.
  public let interpolation: Interpolation
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(
    _ size: Extent = 2, interpolation: Interpolation = .nearest, name: String? = nil,
    file: String = #fileID, line: Int = #line
  ) {
    self.size = size
    self.interpolation = interpolation
    origin = LayerOrigin(name, file, line)
  }

  /// The images `[N, size.height · H, size.width · W, C]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.upSampling2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.require(
      size.height > 0 && size.width > 0, "factors of at least 1x1", received: "\(size)",
      hint: "Use pooling to make images smaller.")
    return enlarged(enlarged(x, axis: 1, factor: size.height), axis: 2, factor: size.width)
  }

  /// Puts as many pixels side by side as the factor says, in the place of each along an axis.
  private func enlarged(_ x: Value, axis: Int, factor: Int) -> Value {
    guard factor > 1 else { return x }
    var single = x.shape
    single.insert(1, at: axis + 1)
    let parts: Value
    switch interpolation {
    case .nearest:
      var repeated = single
      repeated[axis + 1] = factor
      parts = x.reshaped(single).broadcast(to: repeated)
    case .bilinear:
      parts = concatenate(
        phases(of: x, axis: axis, factor: factor).map { $0.reshaped(single) }, axis: axis + 1)
    }
    var shape = x.shape
    shape[axis] *= factor
    return parts.reshaped(shape)
  }

  /// The new pixels in the place of each old one: all first ones, all second ones and so on.
  private func phases(of x: Value, axis: Int, factor: Int) -> [Value] {
    let extent = x.shape[axis]
    func part(_ start: Int, _ count: Int) -> Value { x.slice(axis: axis, start: start, count: count) }
    let before = extent == 1 ? x : concatenate([part(0, 1), part(0, extent - 1)], axis: axis)
    let after = extent == 1 ? x : concatenate([part(1, extent - 1), part(extent - 1, 1)], axis: axis)
    return (0..<factor).map { phase in
      let distance = (Double(phase) + 0.5) / Double(factor) - 0.5
      guard distance != 0 else { return x }
      return x * (1 - abs(distance)) + (distance < 0 ? before : after) * abs(distance)
    }
  }
}
