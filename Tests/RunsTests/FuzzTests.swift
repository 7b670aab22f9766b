import Foundation
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

/// Almost right run folders: read or refused with a `FileError`, never more.
@Suite(.serialized) struct FuzzTests {
  @Test(arguments: ["events.jsonl", "environment.json", "checkpoints/epoch-0001.safetensors"])
  func runFolders(_ name: String) throws {
    try withTemporaryFolder { parent in
      let path = parent + "/run"
      do {
        let folder = try Sample.folder(at: path)
        folder.append(Sample.epoch(1))
        try folder.saveCheckpoint(Sample.weights(1), epoch: 1)
        folder.append(Sample.epoch(2))
        folder.append(.result(Sample.result))
      }
      let file = URL(fileURLWithPath: path + "/" + name)
      let good = Array(try Data(contentsOf: file))
      let report = fuzz([good], count: 2_000, expecting: FileError.self) { bytes in
        try Data(bytes).write(to: file)
        let record = try RunRecord.load(path)
        _ = try record.weights { _ in }
      }
      #expect(report.strange.isEmpty, "\(report.strange)")
      #expect(report.refused > 0, "\(report)")
      #expect(report.growth < 64 << 20, "\(report.growth) bytes more")
    }
  }
}
