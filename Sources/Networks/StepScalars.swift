/// The numbers of one step of an optimizer by name, at most four; kept in place, so that a step allocates nothing.
///
/// ```swift
/// let scalars = StepScalars("rate", 0.001) + StepScalars("epsilon", 1e-7)
/// ```
public struct StepScalars: Sendable {
  /// How many numbers there is room for.
  public static let capacity = 4

  private var names = ("", "", "", "")
  private var values = SIMD4<Double>(repeating: 0)
  /// How many numbers there are.
  public private(set) var count = 0

  /// Creates a list without numbers.
  public init() {}

  /// Creates a list of one number.
  public init(_ name: String, _ value: Double) { append(name, value) }

  /// Adds a number; more than `capacity` are a mistake of the program.
  public mutating func append(_ name: String, _ value: Double) {
    precondition(count < Self.capacity, "an optimizer has at most \(Self.capacity) numbers a step")
    switch count {
    case 0: names.0 = name
    case 1: names.1 = name
    case 2: names.2 = name
    default: names.3 = name
    }
    values[count] = value
    count += 1
  }

  /// The numbers of one list, then those of another.
  public static func + (a: StepScalars, b: StepScalars) -> StepScalars {
    var sum = a
    for (name, value) in b { sum.append(name, value) }
    return sum
  }
}

extension StepScalars: RandomAccessCollection {
  /// Zero, where the first number stands.
  public var startIndex: Int { 0 }
  /// The number of numbers.
  public var endIndex: Int { count }

  /// The name and the value of a number.
  public subscript(index: Int) -> (name: String, value: Double) {
    precondition(indices.contains(index), "number \(index) of \(count)")
    return switch index {
    case 0: (names.0, values[0])
    case 1: (names.1, values[1])
    case 2: (names.2, values[2])
    default: (names.3, values[3])
    }
  }
}
