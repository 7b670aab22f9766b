import Foundation

/// A value that one thread at a time sees, behind a lock of the operating system.
///
/// `Mutex` would do as well, but where threads wait for one another its path on Linux lies in a library without
/// instrumentation, so that the thread sanitizer reports races that are none.
package final class Guarded<Value>: Sendable {
  private let lock = NSLock()
  nonisolated(unsafe) private var value: Value

  package init(_ value: sending Value) { self.value = value }

  /// Runs `body` while all other threads wait.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
