/// A picture that cannot be read or written: where, what was expected, what was received, what to do.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file at fault.
  public let place: String
  /// The whole message.
  public let description: String

  /// What was expected and what was received, without the place.
  package let expected: String
  package let received: String

  package init(at place: String, expected: String, received: String, hint: String? = nil) {
    self.place = place
    self.expected = expected
    self.received = received
    let advice = hint.map { "; \($0)" } ?? ""
    description = "\(place): expected \(expected), received \(received)\(advice)"
  }
}
