import Foundation

/// The program that makes system calls of another one fail.
enum Strace {
  /// Runs the command under strace with these options.
  static func run(_ options: [String], _ arguments: [String], in folder: TemporaryFolder) throws
    -> CommandResult
  {
    try CommandRunner.run(
      path ?? "strace", options + [CommandRunner.path] + arguments,
      // The leak sanitizer traces too, which it cannot where another program does.
      environment: ["SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=0"], in: folder)
  }

  /// Where it is, if it may trace here.
  static let path: String? = ["/usr/bin/strace", "/usr/local/bin/strace"].first { path in
    guard FileManager.default.isExecutableFile(atPath: path) else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["-qq", "-e", "trace=none", "true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
