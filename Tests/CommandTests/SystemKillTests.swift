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
      let undisturbed = try digest(arguments, "\(folder.path)/\(id)", in: folder)
      var killer = Killer(seed: 11, within: (ContinuousClock.now - start) * 0.6)
      for round in 0..<8 * Self.rounds where killer.kills < 2 * Self.rounds {
        let run = "\(folder.path)/\(id)-\(round)"
        for _ in 0..<2 {
          try killer.kill(CommandRunner.start(arguments + ["--run", run], in: folder))
        }
        #expect(try digest(arguments, run, in: folder) == undisturbed, "\(id), round \(round)")
      }
      #expect(killer.kills >= 2 * Self.rounds, "\(id)")
    }
  }

  private func digest(_ arguments: [String], _ run: String, in folder: TemporaryFolder) throws -> String {
    let (result, _) = try CommandRunner.goOn(arguments + ["--run", run], with: run, in: folder)
    return try #require(try result.objects().last?["weights_sha256"]?.stringValue, "\(run)")
  }
}
