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
      "--seed", "3", "--validation", "last:0.25", "--early-stopping", "8", "--schedule", "cosine:80",
      "--augment", "flip,crop:2", "--penalty", "l2:0.0001", "--clip", "norm:5", "--run", run, "--resume",
      "--json",
    ]
  }

  @Test func twentyKillsChangeNothing() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 512, in: folder)
    let undisturbed = try finish("\(folder.path)/whole", data, folder)
    // The time of a whole training tells within which moments a kill falls into its course.
    let start = ContinuousClock.now
    _ = try finish("\(folder.path)/timed", data, folder)
    let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
    let stream = RandomStream(seed: 7, purpose: .sample)
    var kills = 0
    for round in 0..<5 {
      let run = "\(folder.path)/run-\(round)"
      for _ in 0..<4 {
        let command = try CommandRunner.start(arguments(data, run), in: folder)
        let share = Double(stream.uint32(at: UInt64(kills))) / Double(UInt32.max)
        usleep(UInt32(share * milliseconds * 500))
        kill(command.process.processIdentifier, SIGKILL)
        _ = try command.wait()
        kills += 1
      }
      let result = try finish(run, data, folder)
      #expect(result.sha == undisturbed.sha, "after \(kills) kills")
      #expect(result.epochs == undisturbed.epochs)
    }
    #expect(kills == 20)
  }

  /// Trains to the end: the digest of the weights, and the epochs' figures without their times.
  private func finish(
    _ run: String, _ data: String, _ folder: TemporaryFolder
  ) throws -> (sha: String, epochs: [EpochEvent]) {
    let result = try CommandRunner.run(arguments(data, run), in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let sha = try #require(try result.objects().last?["weights_sha256"]?.stringValue)
    let epochs = try RunRecord.load(run).epochs.map { epoch in
      var epoch = epoch
      epoch.seconds = 0
      return epoch
    }
    #expect(epochs.count > 5)
    return (sha, epochs)
  }
}
