import Foundation

/// A program that runs beside this one: its lines are read, and closing its input asks it to end.
///
/// The system closes that input too when this process dies, however it dies, so that no child is left over.
final class ChildProcess {
  private let identifier: pid_t
  private let output: Int32
  private var input: Int32

  /// Starts a program whose errors are appended to a file.
  ///
  /// - Throws: What the system says against it.
  init(_ program: String, _ arguments: [String], errors: String) throws {
    var (toChild, fromChild): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    // A child started between the making of a pipe and its marking would keep the pipe open.
    Self.starting.lock()
    defer { Self.starting.unlock() }
    guard pipe(&toChild) == 0 else { throw Self.failure("a pipe", errno) }
    guard pipe(&fromChild) == 0 else {
      for descriptor in toChild { close(descriptor) }
      throw Self.failure("a pipe", errno)
    }
    for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    defer {
      close(toChild[0])
      close(fromChild[1])
    }
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_APPEND, 0o666)
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, program, &actions, nil, words, environ)
    guard code == 0 else {
      close(toChild[1])
      close(fromChild[0])
      throw Self.failure(program, code)
    }
    identifier = child
    input = toChild[1]
    output = fromChild[0]
  }

  deinit {
    askToEnd()
    close(output)
  }

  private static let starting = NSLock()

  private static func failure(_ what: String, _ code: Int32) -> Failure {
    Failure(
      .software, at: "starting a trial", expected: "\(what) to start",
      received: String(cString: strerror(code)),
      hint: "free memory or processes and run the same command again")
  }

  /// Asks the program to end at its next occasion.
  func askToEnd() {
    guard input >= 0 else { return }
    close(input)
    input = -1
  }

  /// Gives each line of the program's output to `body` until it ends; looks a few times a second whether it
  /// `shouldEnd`.
  func readLines(shouldEnd: () -> Bool, _ body: (String) -> Void) {
    var rest: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if shouldEnd() { askToEnd() }
      var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      guard poll(&ready, 1, 100) > 0 else { continue }
      let count = read(output, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest += buffer[..<count]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        body(String(decoding: rest[..<end], as: UTF8.self))
        rest.removeSubrange(...end)
      }
    }
  }

  /// Waits for the end.
  ///
  /// - Returns: The exit code, or 128 and the signal that ended it.
  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /// This program, also where its file has been replaced since it was started.
  static var ownPath: String {
    let link = "/proc/self/exe"
    return access(link, X_OK) == 0 ? link : Bundle.main.executablePath ?? CommandLine.arguments[0]
  }
}
