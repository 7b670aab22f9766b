/// Named tensors with notes, as a safetensors file holds them.
package struct TensorFile: Sendable {
  /// The tensors; a file that was read gives them in the order of their bytes.
  package var tensors: [(name: String, value: AnyTensor)]
  /// Free notes on the whole file.
  package var metadata: [String: String]

  package init(tensors: [(name: String, value: AnyTensor)] = [], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The tensor of a name, nil where there is none.
  package subscript(name: String) -> AnyTensor? {
    tensors.first { $0.name == name }?.value
  }

  /// The largest header that is read, as in the reference implementation.
  static let maximumHeaderBytes = 100_000_000
  /// The key of the notes on the file.
  static let metadataKey = "__metadata__"
  /// The note with the digest of header and data; the digest's own digits count as zeros in it.
  static let digestKey = "martlet.sha256"
}

/// The element types of a safetensors file that Martlet reads and writes.
enum SafetensorsElement: String {
  case float64 = "F64"
  case float32 = "F32"
  case int64 = "I64"
  case int32 = "I32"
  case uint8 = "U8"
  case bool = "BOOL"

  var bytes: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .uint8, .bool: 1
    }
  }

  init(_ tensor: AnyTensor) {
    switch tensor {
    case .float32: self = .float32
    case .float64: self = .float64
    case .int32: self = .int32
    case .int64: self = .int64
    case .uint8: self = .uint8
    case .bool: self = .bool
    }
  }
}

extension [Int] {
  /// The bytes of a tensor with these extents; nil where one is negative or the others' product too large.
  ///
  /// An extent of 0 does not excuse the others: any of them may be multiplied, in any order.
  package func byteCount(ofElements size: Int) -> Int? {
    var product = size
    for extent in self where extent != 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard extent > 0, !overflow else { return nil }
      product = next
    }
    return contains(0) ? 0 : product
  }
}
