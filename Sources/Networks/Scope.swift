import MartletGraphs

/// A named part of a network: the paths of the layers inside begin with its name.
///
/// Two values of one's own type with named layers inside need scopes of different names.
public struct Scope: Layer {
  private let base: any Layer
  private let origin: LayerOrigin

  /// Puts a layer or block into a scope.
  public init(_ name: String, _ base: some Layer, file: String = #fileID, line: Int = #line) {
    self.base = base
    origin = LayerOrigin(name, file, line)
  }

  /// The block's result.
  public func callAsFunction(_ x: Value) -> Value {
    origin.trace(.scope, x) { (x: Value, _) throws(ModelError) -> Value in base(x) }
  }
}

/// A function as a layer.
public struct Lambda: Layer {
  private let function: @Sendable (Value) -> Value
  private let origin: LayerOrigin

  /// Creates the layer from its function.
  public init(
    name: String? = nil, file: String = #fileID, line: Int = #line,
    _ function: @escaping @Sendable (Value) -> Value
  ) {
    self.function = function
    origin = LayerOrigin(name, file, line)
  }

  /// The function's result.
  public func callAsFunction(_ x: Value) -> Value {
    origin.trace(.lambda, x) { (x: Value, _) throws(ModelError) -> Value in function(x) }
  }
}

/// A trained tensor for a layer of one's own.
///
/// ```swift
/// struct Gain: Layer {
///   let gain = Weight(.ones, name: "gain")
///   func callAsFunction(_ x: Value) -> Value { x * gain(shape: [x.shape[x.rank - 1]], for: x) }
/// }
/// ```
public struct Weight: Sendable {
  /// How the tensor starts.
  public let initializer: Initializer
  /// What the tensor adds to the loss.
  public let regularizer: Regularizer?
  /// What the tensor must keep to.
  public let constraint: Constraint?
  private let origin: LayerOrigin

  /// Creates the tensor's description; its shape is given at use.
  public init(
    _ initializer: Initializer = .glorotUniform, regularizer: Regularizer? = nil,
    constraint: Constraint? = nil, trainable: Bool = true, name: String? = nil, file: String = #fileID,
    line: Int = #line
  ) {
    self.initializer = initializer
    self.regularizer = regularizer
    self.constraint = constraint
    origin = LayerOrigin(name, file, line, trainable: trainable)
  }

  /// The tensor of `shape` in the trace that `x` belongs to.
  public func callAsFunction(shape: [Int], for x: Value) -> Value {
    origin.trace(.weight, x) { (_, scope: LayerScope) throws(ModelError) -> Value in
      try scope.require(shape.allSatisfy { $0 > 0 }, "positive extents", received: "\(shape)")
      return try scope.weight(
        "value", shape: shape, WeightRules(nil, regularizer, constraint), standard: initializer)
    }
  }
}
