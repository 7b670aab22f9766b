/// Ends the program with a message where a caller broke a rule that no thrown error can tell: in release builds
/// `precondition` would end it without a word.
package func demand(
  _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !condition { fatalError(message(), file: file, line: line) }
}
