import MartletTensors

/// A file of another program that cannot be read, or a network that a format cannot hold.
package struct InterchangeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, and what inside it.
  package let place: String
  /// The byte where the mistake is, counted from the beginning of the file or of the member named.
  package let offset: Int?
  package let expected: String
  package let received: String
  package let hint: String

  package init(at place: String, offset: Int? = nil, expected: String, received: String, hint: String = "") {
    self.place = place
    self.offset = offset
    self.expected = expected
    self.received = received
    self.hint = hint
  }

  /// Where, what was expected, what was found, and what to do; names from the file steer no terminal.
  package var description: String {
    let byte = offset.map { " at byte \($0)" } ?? ""
    let text = "\(place)\(byte): expected \(expected), received \(received)"
    return (hint.isEmpty ? text : "\(text); \(hint)").escapingControls
  }
}
