/// The type of a value's elements.
public enum ElementType: String, Sendable, Hashable {
  /// 32-bit floating point (64-bit in the double-precision reference).
  case float
  /// Bytes of images as stored in data sets.
  case uint8
  /// Class labels and random keys.
  case int32

  /// The bytes of one element.
  package var byteCount: Int {
    switch self {
    case .float, .int32: 4
    case .uint8: 1
    }
  }
}
