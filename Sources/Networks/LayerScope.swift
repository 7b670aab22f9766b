import MartletGraphs

/// One use of a layer during a trace: where it is, its tensors and its checks.
package struct LayerScope {
  package let graph: Graph
  package let path: String
  package let location: String

  /// Whose defaults the layer takes.
  package var preset: Preset { graph.settings.preset }

  /// A tensor of the layer in the store.
  ///
  /// - Parameters:
  ///   - fans: The inputs and outputs of one unit; nil for those that the shape tells.
  package func parameter(
    _ name: String, shape: [Int], initializer: Initializer, fans: Fans? = nil,
    role: ParameterSpec.Role = .weight, isTrainable: Bool = true, constraint: Constraint? = nil
  ) -> Value {
    let full = "\(path)/\(name)"
    let fans = fans ?? Fans(shape: shape)
    var spec = ParameterSpec(path: full, shape: shape, role: role, isTrainable: isTrainable) { seed in
      initializer.values(count: shape.reduce(1, *), fans: fans, seed: seed, path: full)
    }
    if let constraint { spec.constraint = { constraint($0) } }
    return graph.parameter(spec)
  }

  /// Throws a mistake of this layer unless the condition holds.
  package func require(
    _ condition: Bool, _ expected: @autoclosure () -> String, received: @autoclosure () -> String,
    hint: @autoclosure () -> String = ""
  ) throws(ModelError) {
    guard !condition else { return }
    throw ModelError(
      path: path, expected: expected(), received: received(), hint: hint(), location: location)
  }

  /// Requires floating-point numbers.
  package func requireFloat(_ x: Value) throws(ModelError) {
    try require(
      x.element == .float, "floating-point numbers", received: "\(x.element) \(x.shapeText)",
      hint: "Put Rescale(1 / 255) before it.")
  }

  /// Requires floating-point images `[N, H, W, C]`.
  package func requireImages(_ x: Value) throws(ModelError) {
    try require(
      x.rank == 4, "images [batch, height, width, channels]", received: x.shapeText,
      hint: x.rank == 2 ? "Leave out the Flatten() or pooling before it, or use Reshape." : "")
    try requireFloat(x)
  }

  /// Requires an extent of at least one cell.
  package func requirePositive(_ extent: Extent, _ what: String) throws(ModelError) {
    try require(
      extent.height > 0 && extent.width > 0, "a \(what) of at least 1x1", received: "\(extent)")
  }

  /// Requires an explicit padding that is not negative.
  package func requireValid(_ padding: Padding) throws(ModelError) {
    guard case .explicit(let cells) = padding else { return }
    try require(cells >= 0, "a padding of 0 or more", received: "\(cells)")
  }
}

extension Value {
  /// The shape with its first axis called batch, for messages.
  package var shapeText: String {
    let axes = shape.enumerated().map { $0 == 0 ? "batch" : "\($1)" }
    return "[\(axes.joined(separator: ", "))]"
  }
}
