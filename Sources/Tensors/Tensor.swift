/// A host array of scalars with a shape, in row-major order; images are `[N, H, W, C]`.
public struct Tensor<Scalar: Sendable>: Sendable {
  /// The extents, outermost first; empty for a scalar.
  public private(set) var shape: [Int]
  /// The elements in row-major order.
  public var scalars: [Scalar]

  /// Creates a tensor of `shape` from its elements in row-major order.
  public init(shape: [Int], scalars: [Scalar]) {
    demand(
      shape.reduce(1, *) == scalars.count,
      "a tensor of shape \(shape) needs \(shape.reduce(1, *)) scalars, received \(scalars.count)")
    self.shape = shape
    self.scalars = scalars
  }

  /// Creates a tensor of `shape` filled with one value.
  public init(repeating value: Scalar, shape: [Int]) {
    self.shape = shape
    scalars = [Scalar](repeating: value, count: shape.reduce(1, *))
  }

  /// The number of elements.
  public var count: Int { scalars.count }

  /// The same elements in another shape of equal count.
  public func reshaped(_ shape: [Int]) -> Tensor {
    Tensor(shape: shape, scalars: scalars)
  }
}

extension Tensor: Equatable where Scalar: Equatable {}

extension Tensor where Scalar: BinaryFloatingPoint {
  /// Converts every element to another floating-point type.
  public func converted<Other: BinaryFloatingPoint & Sendable>(to type: Other.Type) -> Tensor<Other> {
    Tensor<Other>(shape: shape, scalars: scalars.map { Other($0) })
  }
}
