/// A mistake in the definition of a network, found while it is traced.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The layer's path, such as `encoder/conv2d_1`; empty where the mistake is outside any layer.
  public var path: String
  /// What the layer or operation needs.
  public var expected: String
  /// What it got.
  public var received: String
  /// What to do about it; may be empty.
  public var hint: String
  /// `file:line` of the layer's definition; may be empty.
  public var location: String

  /// Creates an error from its parts.
  public init(path: String, expected: String, received: String, hint: String = "", location: String = "") {
    self.path = path
    self.expected = expected
    self.received = received
    self.hint = hint
    self.location = location
  }

  /// Where, expected, received and the hint in one line.
  public var description: String {
    let place = [location, path].filter { !$0.isEmpty }.joined(separator: ": ")
    let text = "\(place.isEmpty ? "model" : place): expected \(expected), received \(received)."
    return hint.isEmpty ? text : "\(text) \(hint)"
  }
}

/// A shape rule that an operation's inputs break; the graph adds the path.
package struct ShapeMismatch: Error {
  package var expected: String
  package var received: String
  package var hint: String

  package init(expected: String, received: String, hint: String = "") {
    self.expected = expected
    self.received = received
    self.hint = hint
  }
}
