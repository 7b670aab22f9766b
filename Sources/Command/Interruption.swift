import Foundation
import MartletTraining
import Synchronization

/// Ctrl-C and SIGTERM: the first stops a training at the next boundary between two steps, a second at once.
enum Interruption {
  /// The token of the training under way.
  static let token = StopToken()
  private static let isTraining = Atomic<Bool>(false)
  private static let received = Atomic<Int32>(0)

  /// The signal that asked to stop; nil where none did.
  static var signal: Int32? {
    let number = received.load(ordering: .acquiring)
    return number == 0 ? nil : number
  }

  /// Installs the handlers; a closed pipe is told by failing writes instead of a signal.
  static func install() {
    // What the handler touches exists before it can be called.
    _ = token.isRequested
    Foundation.signal(SIGPIPE, SIG_IGN)
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&wanted, number)
      Foundation.signal(number) { Interruption.handle($0) }
    }
    // A program that starts this one from a thread with blocked signals passes the blocking on.
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
  }

  /// Runs a training, during which a signal waits for the next boundary between two steps.
  static func duringTraining<Result>(_ body: () throws -> Result) rethrows -> Result {
    isTraining.store(true, ordering: .releasing)
    defer { isTraining.store(false, ordering: .releasing) }
    return try body()
  }

  /// Ends the command when its standard input is closed, as by the end of the process that started it; a
  /// training ends at the next boundary between two steps.
  static func endWithStandardInput() {
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { break }
      }
      guard isTraining.load(ordering: .acquiring) else { _exit(128 + SIGINT) }
      token.request()
    }
  }

  /// Sets a flag and nothing more, as this runs in a signal handler.
  private static func handle(_ number: Int32) {
    let isFirst = received.exchange(number, ordering: .acquiringAndReleasing) == 0
    guard isFirst, isTraining.load(ordering: .acquiring) else { _exit(128 + number) }
    token.request()
  }
}
