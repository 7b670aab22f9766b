import Foundation
import MartletTensors
import Testing

/// Every system, killed again and again: the resumed run ends with the bytes of an undisturbed one.
///
/// Two kills of each system, or eight (112 in all) where `MARTLET_LONG` is set.
@Suite struct SystemKillTests {
  private static let rounds =
    ProcessInfo.processInfo.environment["MARTLET_LONG"] == nil ? 1 : 4

  @Test func everySystemSurvives() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 320, in: folder)
    try FileManager.default.createSymbolicLink(
      atPath: "\(data)/fashion-mnist", withDestinationPath: "\(data)/mnist")
    _ = try SmallData.writeCIFAR10(train: 320, test: 40, in: folder)
    _ = try SmallData.writeCIFAR100(train: 320, test: 40, in: folder)
    let ids = try CommandRunner.run("systems", "--json").objects().compactMap { $0["id"]?.stringValue }
    #expect(ids.count == 14)
    for id in ids {
      let isDeep = id.hasPrefix("alexnet")
      let arguments = [
        "reproduce", id, "--data", data, "--limit", isDeep ? "20" : "300", "--batch-size",
        isDeep ? "10" : "20",
        "--epochs", isDeep ? "2" : "6", "--validation", "last:0.2", "--threads", "1", "--resume", "--json",
      ]
      let start = ContinuousClock.now
      let undisturbed = try digest(id, arguments + ["--run", "\(folder.path)/\(id)"], in: folder)
      let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
      let stream = RandomStream(seed: 11, purpose: .sample)
      for round in 0..<Self.rounds {
        let run = ["--run", "\(folder.path)/\(id)-\(round)"]
        for kill in 0..<2 {
          let command = try CommandRunner.start(arguments + run, in: folder)
          let share = Double(stream.uint32(at: UInt64(2 * round + kill))) / Double(UInt32.max)
          usleep(UInt32(share * milliseconds * 800))
          Foundation.kill(command.process.processIdentifier, SIGKILL)
          _ = try command.wait()
        }
        #expect(try digest(id, arguments + run, in: folder) == undisturbed, "\(id), round \(round)")
      }
    }
  }

  private func digest(_ id: String, _ arguments: [String], in folder: TemporaryFolder) throws -> String {
    let result = try CommandRunner.run(arguments, in: folder)
    #expect(result.status == 0, "\(id): \(result.errors)")
    return try #require(try result.objects().last?["weights_sha256"]?.stringValue, "\(id)")
  }
}
