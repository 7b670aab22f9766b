import MartletGraphs

/// Zeros around images.
public struct ZeroPadding2D: Layer {
  /// The rows added above.
  public let top: Int
  /// The rows added below.
  public let bottom: Int
  /// The columns added on the left.
  public let left: Int
  /// The columns added on the right.
  public let right: Int
  private let origin: LayerOrigin

  /// Creates the layer with as many rows above as below and as many columns left as right.
  public init(
    _ padding: Extent = 1, name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.init(
      (padding.height, padding.height), (padding.width, padding.width), name: name, file: file, line: line)
  }

  /// Creates the layer from rows (top, bottom) and columns (left, right), in Keras's order.
  public init(
    _ rows: (top: Int, bottom: Int), _ columns: (left: Int, right: Int), name: String? = nil,
    file: String = #fileID, line: Int = #line
  ) {
    (top, bottom) = rows
    (left, right) = columns
    origin = LayerOrigin(name, file, line)
  }

  /// The images `[N, H + top + bottom, W + left + right, C]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.zeroPadding2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.requireBorder(top, bottom, left, right, hint: "Use Cropping2D to make images smaller.")
    return x.padded(axis: 1, before: top, after: bottom).padded(axis: 2, before: left, after: right)
  }
}

/// Images without their border.
public struct Cropping2D: Layer {
  /// The rows left out above.
  public let top: Int
  /// The rows left out below.
  public let bottom: Int
  /// The columns left out on the left.
  public let left: Int
  /// The columns left out on the right.
  public let right: Int
  private let origin: LayerOrigin

  /// Creates the layer with as many rows above as below and as many columns left as right.
  public init(
    _ cropping: Extent = 0, name: String? = nil, file: String = #fileID, line: Int = #line
  ) {
    self.init(
      (cropping.height, cropping.height), (cropping.width, cropping.width), name: name, file: file,
      line: line)
  }

  /// Creates the layer from rows (top, bottom) and columns (left, right), in Keras's order.
  public init(
    _ rows: (top: Int, bottom: Int), _ columns: (left: Int, right: Int), name: String? = nil,
    file: String = #fileID, line: Int = #line
  ) {
    (top, bottom) = rows
    (left, right) = columns
    origin = LayerOrigin(name, file, line)
  }

  /// The images `[N, H - top - bottom, W - left - right, C]` of images `[N, H, W, C]`.
  public func callAsFunction(_ x: Value) -> Value { origin.trace(.cropping2D, x, forward) }

  private func forward(_ x: Value, _ scope: LayerScope) throws(ModelError) -> Value {
    try scope.requireImages(x)
    try scope.requireBorder(top, bottom, left, right, hint: "Use ZeroPadding2D to make images larger.")
    let (height, width) = (x.shape[1] - top - bottom, x.shape[2] - left - right)
    try scope.require(
      height > 0 && width > 0, "an image larger than \(top + bottom)x\(left + right)",
      received: x.shapeText, hint: "At least one pixel must be left.")
    return x.slice(axis: 1, start: top, count: height).slice(axis: 2, start: left, count: width)
  }
}

extension LayerScope {
  fileprivate func requireBorder(
    _ top: Int, _ bottom: Int, _ left: Int, _ right: Int, hint: String
  ) throws(ModelError) {
    try require(
      min(top, bottom, left, right) >= 0, "0 or more rows and columns on each side",
      received: "((\(top), \(bottom)), (\(left), \(right)))", hint: hint)
  }
}
