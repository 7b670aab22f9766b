import Foundation
import MartletTensors
import Testing

/// The help texts are snapshots: `RECORD=1` writes them anew.
@Suite struct HelpTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Snapshots"

  static let verbs = [
    "", "train", "reproduce", "experiment", "compare", "systems", "evaluate", "predict", "report", "summary",
    "explain", "export", "import", "inspect", "datasets",
    "datasets list", "datasets fetch",
    "datasets verify", "datasets show", "benchmark",
  ]

  @Test(arguments: verbs) func helpIsTheSnapshot(verb: String) throws {
    let folder = try TemporaryFolder()
    let result = try CommandRunner.run(verb.split(separator: " ").map(String.init) + ["--help"], in: folder)
    #expect(result.status == 0)
    #expect(result.errors == "")
    #expect(result.output.contains("EXAMPLES"))
    let name = verb.isEmpty ? "martlet" : verb.replacingOccurrences(of: " ", with: "-")
    let path = "\(Self.folder)/help-\(name).txt"
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      try AtomicFile.write(Array(result.output.utf8), to: path)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == result.output)
  }

  @Test func versionIsOneLine() throws {
    let result = try CommandRunner.run("--version")
    #expect(result.status == 0)
    #expect(result.output.split(separator: ".").count == 3 && result.output.hasSuffix("\n"))
  }
}
