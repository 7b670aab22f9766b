import MartletTensors

/// A data set that cannot be used: what is wrong, where, and what to do about it.
public struct DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kinds of failure that a program tells apart, for instance by its exit code.
  public enum Kind: Sendable, CaseIterable {
    /// A file or an array does not hold what it must hold.
    case badData
    /// No source delivered the data.
    case couldNotFetch
    /// The cache folder cannot be written.
    case cannotWrite
    /// There is no data set of this name.
    case unknownName
    /// An argument is outside its range, for instance a batch size of 0.
    case badArgument
  }

  /// What kind of failure it is.
  public let kind: Kind
  /// The file, the data set or the argument at fault.
  public let place: String
  /// The whole message: where, what was expected, what was received and what to do.
  public let description: String

  package init(
    _ kind: Kind, at place: String, expected: String, received: String, hint: String? = nil
  ) {
    self.kind = kind
    self.place = place
    let advice = hint.map { "; \($0)" } ?? ""
    description = "\(place): expected \(expected), received \(received)\(advice)"
  }

  /// A failure of the file system, with its own text.
  package init(_ error: FileError, hint: String? = nil) {
    kind = error.kind == .cannotWrite ? .cannotWrite : .badData
    place = error.path
    let advice = hint.map { "; \($0)" } ?? ""
    description = error.description + advice
  }

  /// Bytes of a file that break its format.
  package static func malformed(
    _ file: String, offset: Int, expected: String, received: String, hint: String? = nil
  ) -> DatasetError {
    DatasetError(
      .badData, at: "\(file) at byte \(offset)", expected: expected, received: received, hint: hint)
  }
}
