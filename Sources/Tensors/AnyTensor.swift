/// A tensor whose element type is known only when the program runs, as in a file.
package enum AnyTensor: Equatable, Sendable {
  case float32(Tensor<Float>)
  case float64(Tensor<Double>)
  case int32(Tensor<Int32>)
  case int64(Tensor<Int64>)
  case uint8(Tensor<UInt8>)
  case bool(Tensor<Bool>)

  /// The extents, outermost first.
  package var shape: [Int] {
    switch self {
    case .float32(let tensor): tensor.shape
    case .float64(let tensor): tensor.shape
    case .int32(let tensor): tensor.shape
    case .int64(let tensor): tensor.shape
    case .uint8(let tensor): tensor.shape
    case .bool(let tensor): tensor.shape
    }
  }

  /// The element type in the words of safetensors: `F32`.
  package var typeName: String { SafetensorsElement(self).rawValue }

  /// The tensor as 32-bit floats, nil where the elements are of another type.
  package var float32: Tensor<Float>? {
    if case .float32(let tensor) = self { tensor } else { nil }
  }

  /// Gives the elements' bytes in row-major order, little-endian.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch self {
    case .float32(let tensor): try Self.bytes(of: tensor.scalars, body)
    case .float64(let tensor): try Self.bytes(of: tensor.scalars, body)
    case .int32(let tensor): try Self.bytes(of: tensor.scalars, body)
    case .int64(let tensor): try Self.bytes(of: tensor.scalars, body)
    case .uint8(let tensor): try Self.bytes(of: tensor.scalars, body)
    case .bool(let tensor): try Self.bytes(of: tensor.scalars, body)
    }
  }

  private static func bytes<Scalar, Result, Failure: Error>(
    of scalars: [Scalar], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try scalars.withUnsafeBufferPointer { (buffer) throws(Failure) in
      try body(UnsafeRawBufferPointer(buffer))
    }
  }
}
