/// The elements of one value, in row-major order; the graph knows the shape.
package enum HostTensor<Scalar: Sendable>: Sendable {
  case numbers([Scalar])
  case bytes([UInt8])
  case integers([Int32])

  /// The number of elements.
  package var count: Int {
    switch self {
    case .numbers(let elements): elements.count
    case .bytes(let elements): elements.count
    case .integers(let elements): elements.count
    }
  }
}

extension HostTensor where Scalar: BinaryFloatingPoint {
  /// The elements as floating-point numbers.
  package var numbers: [Scalar] {
    switch self {
    case .numbers(let elements): elements
    case .bytes(let elements): elements.map { Scalar($0) }
    case .integers(let elements): elements.map { Scalar($0) }
    }
  }

  /// The elements as class labels; a number that is no integer has none and becomes -1.
  package var labels: [Int] {
    switch self {
    case .numbers(let elements): elements.map { Int(exactly: $0) ?? -1 }
    case .bytes(let elements): elements.map { Int($0) }
    case .integers(let elements): elements.map { Int($0) }
    }
  }
}
