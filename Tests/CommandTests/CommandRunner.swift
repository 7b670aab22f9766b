import Foundation
import MartletTensors

/// The end of a command that was run as a process.
struct CommandResult {
  let status: Int32
  let output: String
  let errors: String

  /// Whether SIGKILL ended it, before it could end by itself.
  var wasKilled: Bool { status == Self.signalled + SIGKILL }

  /// What the status of an end by a signal is above the signal's number.
  static let signalled: Int32 = 1000

  /// The objects of machine output, one a line.
  func objects() throws -> [JSON] {
    try output.split(separator: "\n").map { try JSON(parsing: String($0)) }
  }
}

/// Runs the built command.
enum CommandRunner {
  /// The command that was built with the tests; MARTLET_COMMAND names another.
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["MARTLET_COMMAND"] { return path }
    // The test program lies in the build folder, or in a bundle there.
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    for _ in 0..<5 {
      let candidate = folder.appendingPathComponent("martlet").path
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
        return candidate
      }
      folder.deleteLastPathComponent()
    }
    return ".build/release/martlet"
  }()

  /// Starts the command in a folder; its cache lies there too, so that tests leave nothing behind.
  static func start(_ arguments: [String], in folder: TemporaryFolder) throws -> RunningCommand {
    try RunningCommand(path, arguments, in: folder)
  }

  /// Runs the command to its end.
  static func run(_ arguments: [String], in folder: TemporaryFolder) throws -> CommandResult {
    try start(arguments, in: folder).wait()
  }

  /// Runs another program to its end, with more in its environment.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String], in folder: TemporaryFolder
  ) throws -> CommandResult {
    try RunningCommand(program, arguments, environment: environment, in: folder).wait()
  }

  /// Runs the command to its end in a folder of its own.
  static func run(_ arguments: String...) throws -> CommandResult {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try run(arguments, in: folder) }
  }
}

/// A command under way; its output goes to files, which never block it.
final class RunningCommand {
  let process = Process()
  private let output: String
  private let errors: String
  private let folder: TemporaryFolder

  init(
    _ path: String, _ arguments: [String], environment more: [String: String] = [:],
    in folder: TemporaryFolder
  ) throws {
    self.folder = folder
    let name = UUID().uuidString
    output = "\(folder.path)/\(name).out"
    errors = "\(folder.path)/\(name).err"
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    var environment = ProcessInfo.processInfo.environment
    for name in ["MARTLET_DATA", "COLUMNS"] { environment[name] = nil }
    environment["MARTLET_CACHE"] = "\(folder.path)/cache"
    process.environment = environment.merging(more) { $1 }
    for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
  }

  /// What has been written to the standard output so far.
  var outputSoFar: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

  func wait() throws -> CommandResult {
    process.waitUntilExit()
    // An end by the signal itself must not look like an exit of our own.
    let status =
      process.terminationStatus
      + (process.terminationReason == .uncaughtSignal ? CommandResult.signalled : 0)
    return CommandResult(
      status: status, output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}

/// A folder for one test, removed with all it holds.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/martlet-command-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func names(_ below: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(below)").sorted()
  }
}
