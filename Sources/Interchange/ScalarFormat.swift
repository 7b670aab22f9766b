import MartletTensors

/// The element types that files of other programs share with Martlet.
package enum ScalarFormat: CaseIterable, Sendable {
  case float32, float64, int32, int64, uint8, bool

  package var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .uint8, .bool: 1
    }
  }

  package init(_ tensor: AnyTensor) {
    self =
      switch tensor {
      case .float32: .float32
      case .float64: .float64
      case .int32: .int32
      case .int64: .int64
      case .uint8: .uint8
      case .bool: .bool
      }
  }

  /// The bytes of a shape's elements, nil where an extent is negative or the others' product too large.
  package func byteCount(of shape: [Int]) -> Int? { shape.byteCount(ofElements: byteCount) }

  /// The tensor of little-endian bytes, whose number must be that of the shape's elements.
  package func tensor(_ shape: [Int], _ bytes: ArraySlice<UInt8>) -> AnyTensor {
    precondition(byteCount(of: shape) == bytes.count, "\(bytes.count) bytes for \(shape) of \(self)")
    func scalars<Scalar>(_ zero: Scalar) -> Tensor<Scalar> {
      var scalars = [Scalar](repeating: zero, count: bytes.count / byteCount)
      scalars.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
      return Tensor(shape: shape, scalars: scalars)
    }
    return switch self {
    case .float32: .float32(scalars(Float(0)))
    case .float64: .float64(scalars(Double(0)))
    case .int32: .int32(scalars(Int32(0)))
    case .int64: .int64(scalars(Int64(0)))
    case .uint8: .uint8(scalars(UInt8(0)))
    // A byte that is neither 0 nor 1 must never become a `Bool` by reinterpretation.
    case .bool: .bool(Tensor(shape: shape, scalars: bytes.map { $0 != 0 }))
    }
  }
}

extension AnyTensor {
  /// The elements as weights: Float as they are, Double rounded; nil for other types.
  package var weights: Tensor<Float>? {
    switch self {
    case .float32(let tensor): tensor
    case .float64(let tensor): tensor.converted(to: Float.self)
    case .int32, .int64, .uint8, .bool: nil
    }
  }
}
