import MartletGraphs

/// The sum of several values, as a layer with a name of its own.
public struct Add: Sendable {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The sum, broadcasting.
  public func callAsFunction(_ first: Value, _ others: Value...) -> Value {
    origin.traceMerge(.add, [first] + others) { $0.dropFirst().reduce($0[0], +) }
  }
}

/// The difference of two values, as a layer with a name of its own.
public struct Subtract: Sendable {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The first value less the second, broadcasting.
  public func callAsFunction(_ first: Value, _ second: Value) -> Value {
    origin.traceMerge(.subtract, [first, second]) { $0[0] - $0[1] }
  }
}

/// The product of several values, as a layer with a name of its own.
public struct Multiply: Sendable {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The product element by element, broadcasting.
  public func callAsFunction(_ first: Value, _ others: Value...) -> Value {
    origin.traceMerge(.multiply, [first] + others) { $0.dropFirst().reduce($0[0], *) }
  }
}

/// The mean of several values, as a layer with a name of its own.
public struct Average: Sendable {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The mean element by element, broadcasting.
  public func callAsFunction(_ first: Value, _ others: Value...) -> Value {
    origin.traceMerge(.average, [first] + others) {
      $0.dropFirst().reduce($0[0], +) / Double($0.count)
    }
  }
}

/// The largest of several values, as a layer with a name of its own.
public struct Maximum: Sendable {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The largest element by element; the first of equal ones takes the gradient, broadcasting.
  public func callAsFunction(_ first: Value, _ others: Value...) -> Value {
    origin.traceMerge(.maximum, [first] + others) { $0.dropFirst().reduce($0[0]) { $0.maximum($1) } }
  }
}

/// The smallest of several values, as a layer with a name of its own.
public struct Minimum: Sendable {
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(name: String? = nil, file: String = #fileID, line: Int = #line) {
    origin = LayerOrigin(name, file, line)
  }

  /// The smallest element by element; the first of equal ones takes the gradient, broadcasting.
  public func callAsFunction(_ first: Value, _ others: Value...) -> Value {
    origin.traceMerge(.minimum, [first] + others) { $0.dropFirst().reduce($0[0]) { $0.minimum($1) } }
  }
}

/// Several values side by side along one axis, as a layer with a name of its own.
public struct Concatenate: Sendable {
  /// The axis; negative ones count from the end.
  public let axis: Int
  private let origin: LayerOrigin

  /// Creates the layer.
  public init(axis: Int = -1, name: String? = nil, file: String = #fileID, line: Int = #line) {
    self.axis = axis
    origin = LayerOrigin(name, file, line)
  }

  /// The joined values.
  public func callAsFunction(_ first: Value, _ others: Value...) -> Value {
    origin.trace(.concatenate, [first] + others) { (values: [Value], _) throws(ModelError) -> Value in
      concatenate(values, axis: axis)
    }
  }
}

extension LayerOrigin {
  /// Traces a function of values whose shapes broadcast.
  fileprivate func traceMerge(
    _ kind: LayerKind, _ values: [Value], _ function: ([Value]) -> Value
  ) -> Value {
    trace(kind, values) { (values: [Value], scope: LayerScope) throws(ModelError) -> Value in
      for value in values { try scope.requireFloat(value) }
      let shapes = values.map(\.shapeText).joined(separator: " and ")
      do throws(ShapeMismatch) {
        var whole = values[0].shape
        for value in values.dropFirst() { whole = try broadcastShape(whole, value.shape) }
      } catch {
        try scope.require(
          false, "values of one shape, or extents of 1 that are repeated", received: shapes,
          hint: "Bring them to one shape before, as with a 1x1 Conv2D, pooling or UpSampling2D.")
      }
      return function(values)
    }
  }
}
