import Foundation
import MartletTensors
import Synchronization

/// What the command writes: results to the standard output, remarks and failures to the standard error.
enum Output {
  /// Whether the standard output is a terminal.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// The columns of the terminal.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes a text as it is, at once.
  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// Writes a line.
  static func line(_ text: String) { write(text + "\n") }

  /// Writes an object as one line.
  static func json(_ value: JSON) { line(value.text) }

  /// Tells something besides the result.
  static func remark(_ text: String) { write("martlet: \(text)\n", to: STDERR_FILENO) }

  /// Warns of something that does not stop the command.
  static func warn(_ text: String) { remark("warning: \(text)") }

  /// The last error of writing results, as `errno` has it; 0 where all were written.
  private static let lastError = Atomic<Int32>(0)

  /// Fails where results could not be written: a full disk must not look like success.
  static func requireWritten() throws {
    let error = lastError.load(ordering: .relaxed)
    guard error == 0 else {
      throw Failure(
        .cannotWrite, at: "standard output", expected: "to write all results",
        received: "\"\(String(cString: strerror(error)))\"",
        hint: "make room or write elsewhere; a run's results are in its folder too")
    }
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var rest = ArraySlice(text.utf8)
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        // A reader that has gone away wants no more text; the training itself goes on in any case.
        if descriptor == STDOUT_FILENO, errno != EPIPE { lastError.store(errno, ordering: .relaxed) }
        return
      }
      rest = rest.dropFirst(count)
    }
  }
}
