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
    origin.trace(.add, [first] + others) { (values: [Value], _) throws(ModelError) -> Value in
      values.dropFirst().reduce(values[0], +)
    }
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
    origin.trace(.multiply, [first] + others) { (values: [Value], _) throws(ModelError) -> Value in
      values.dropFirst().reduce(values[0], *)
    }
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
