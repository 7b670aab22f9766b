import Foundation
import MartletRuns
import MartletTensors
import Testing

/// A training whose every k-th system call fails, or that is killed in it, loses nothing: it says what went
/// wrong, and the same command goes on afterwards and ends with the bytes of an undisturbed run.
///
/// `strace` makes the calls fail, so nothing in the product knows of it. Every seventh call is tried; all
/// of them where `MARTLET_LONG` is set.
@Suite(.enabled(if: Strace.path != nil, "strace is not installed, or may not trace here"))
struct FaultTests {
  static let isLong = ProcessInfo.processInfo.environment["MARTLET_LONG"] != nil

  struct Fault: Sendable, CustomTestStringConvertible {
    var calls: String
    var effect: String
    /// What the message must tell of the reason.
    var reason = ""

    var testDescription: String { "\(calls) \(effect)" }
    var kills: Bool { effect.hasPrefix("signal") }
  }

  static let faults = [
    Fault(calls: "write,pwrite64,ftruncate", effect: "error=ENOSPC", reason: "No space left"),
    Fault(calls: "fsync", effect: "error=EIO", reason: "Input/output error"),
    Fault(calls: "rename,renameat,renameat2", effect: "error=EACCES", reason: "Permission denied"),
    Fault(calls: "mkdir,mkdirat", effect: "error=EROFS", reason: "Read-only file system"),
    Fault(calls: "write,fsync,rename,unlink,mkdir", effect: "signal=KILL"),
  ]

  private func arguments(_ data: String, _ run: String) -> [String] {
    [
      "train", "--model", "conv", "--dataset", "mnist", "--data", data, "--batch-size", "16", "--epochs", "3",
      "--seed", "3", "--validation", "last:0.25", "--run", run, "--resume", "--threads", "1", "--json",
    ]
  }

  @Test(arguments: faults.indices) func nothingIsLost(number: Int) throws {
    let fault = Self.faults[number]
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 96, test: 32, in: folder)
    let undisturbed = try digest(CommandRunner.run(arguments(data, "\(folder.path)/whole"), in: folder))
    var failures = 0
    var last = 0
    // The thread sanitizer's own first write comes before the program's, and it dies where that fails.
    let first = Sanitizer.isThread && !fault.kills ? 2 : 1
    for k in stride(from: first, through: 1000, by: Self.isLong ? 1 : 7) {
      let run = "\(folder.path)/run"
      guard let result = try disturbed(fault, k, arguments(data, run), in: folder) else { break }
      last = k
      let place = "\(fault.testDescription), call \(k)"
      if fault.kills {
        #expect(result.status == 1000 + SIGKILL, "\(place): \(result.status) \(result.errors)")
      } else if result.status == 0 {
        // What failed was of no account; then the run must be whole.
        #expect(try digest(result) == undisturbed, "\(place)")
      } else {
        #expect(result.status == 73 && result.errors.contains(fault.reason), "\(place): \(result.errors)")
      }
      failures += result.status == 0 ? 0 : 1
      let again = try CommandRunner.run(arguments(data, run), in: folder)
      #expect(again.status == 0, "\(place), then: \(again.errors)")
      #expect(try digest(again) == undisturbed, "\(place)")
      let left = try leftovers(run)
      #expect(left.isEmpty, "\(place): \(left)")
      try FileManager.default.removeItem(atPath: run)
    }
    #expect(last > 0 && failures > 0, "\(fault.testDescription) met \(last) calls, \(failures) failures")
  }

  /// Results that cannot be written must not look like success; a reader that went away is no failure.
  @Test func fullStandardOutputIsAFailure() throws {
    let folder = try TemporaryFolder()
    let command = "'\(CommandRunner.path)' systems --json"
    let full = try CommandRunner.run(
      "/bin/sh", ["-c", "\(command) >/dev/full"], environment: [:], in: folder)
    #expect(full.status == 73 && full.errors.contains("standard output: expected to write all results"))
    let closed = try CommandRunner.run(
      "/bin/bash", ["-c", "\(command) | true; exit ${PIPESTATUS[0]}"], environment: [:], in: folder)
    #expect(closed.status == 0 && closed.errors.isEmpty)
  }

  /// Runs the command with its k-th call spoilt; nil where it makes fewer.
  private func disturbed(
    _ fault: Fault, _ k: Int, _ arguments: [String], in folder: TemporaryFolder
  ) throws -> CommandResult? {
    let log = "\(folder.path)/strace.log"
    let options = [
      "-f", "-qq", "-o", log, "-e", "trace=\(fault.calls)", "-e",
      "inject=\(fault.calls):\(fault.effect):when=\(k)",
    ]
    let result = try Strace.run(options, arguments, in: folder)
    let text = try String(contentsOfFile: log, encoding: .utf8)
    return text.contains(fault.kills ? "+++ killed by SIGKILL" : "(INJECTED)") ? result : nil
  }

  private func digest(_ result: CommandResult) throws -> String {
    try #require(try result.objects().last?["weights_sha256"]?.stringValue, "\(result.errors)")
  }

  /// Hidden files that an unfinished write left.
  private func leftovers(_ run: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: run).filter {
      AtomicFile.isTemporary(URL(fileURLWithPath: $0).lastPathComponent)
    }
  }
}
