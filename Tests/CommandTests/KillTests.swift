import Foundation
import MartletRuns
import MartletTensors
import Testing

/// A training killed at random moments ends with the bytes of an undisturbed one.
@Suite struct KillTests {
  /// Early stopping, a schedule, augmentation and a penalty are all on.
  private func arguments(_ data: String, _ run: String) -> [String] {
    [
      "train", "--model", "conv", "--dataset", "mnist", "--data", data, "--batch-size", "16", "--epochs",
      "60",
      "--seed", "3", "--validation", "last:0.25", "--early-stopping", "4", "--schedule", "cosine:80",
      "--augment", "flip,crop:2", "--penalty", "l2:0.0001", "--clip", "norm:5", "--run", run, "--resume",
      "--json",
    ]
  }

  @Test func twentyKillsChangeNothing() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 512, in: folder)
    let undisturbed = try finish("\(folder.path)/whole", data, folder)
    // The time of a whole training tells within which moments four kills fall into its course.
    let start = ContinuousClock.now
    _ = try finish("\(folder.path)/timed", data, folder)
    var killer = Killer(seed: 7, within: (ContinuousClock.now - start) * 0.3)
    var places: [Int] = []
    for round in 0..<15 where killer.kills < 20 {
      let run = "\(folder.path)/run-\(round)"
      for _ in 0..<4 { try killer.kill(CommandRunner.start(arguments(data, run), in: folder)) }
      let result = try finish(run, data, folder)
      #expect(result.sha == undisturbed.sha, "after \(killer.kills) kills")
      #expect(result.epochs == undisturbed.epochs)
      places.append(result.from)
    }
    #expect(killer.kills >= 20)
    #expect(places.contains { $0 > 0 && $0 < undisturbed.epochs.count }, "\(places)")
  }

  /// Trains to the end: the digest of the weights, the epochs' figures without their times, and the epoch
  /// that it went on from.
  private func finish(
    _ run: String, _ data: String, _ folder: TemporaryFolder
  ) throws -> (sha: String, epochs: [EpochEvent], from: Int) {
    let (result, place) = try CommandRunner.goOn(arguments(data, run), with: run, in: folder)
    let last = try #require(try result.objects().last)
    #expect(last["stop_reason"] == "early_stopping")
    let epochs = try RunRecord.load(run).epochs.map { epoch in
      var epoch = epoch
      epoch.seconds = 0
      return epoch
    }
    #expect(epochs.count > 5)
    return (try #require(last["weights_sha256"]?.stringValue), epochs, place)
  }
}
