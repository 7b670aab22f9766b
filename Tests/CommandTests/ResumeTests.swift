import Foundation
import MartletRuns
import MartletTensors
import Testing

/// What going on with a run costs where it is refused, and what is told of a run that goes on.
@Suite struct ResumeTests {
  private func arguments(_ data: String, _ run: String, epochs: Int) -> [String] {
    [
      "train", "--model", "dense", "--dataset", "mnist", "--data", data, "--batch-size", "16", "--epochs",
      "\(epochs)", "--run", run, "--json",
    ]
  }

  /// A finished run of two epochs.
  private func trained(_ data: String, in folder: TemporaryFolder) throws -> String {
    let run = "\(folder.path)/run"
    let result = try CommandRunner.run(arguments(data, run, epochs: 2), in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return run
  }

  private func resume(
    _ run: String, _ data: String, _ more: [String] = [], in folder: TemporaryFolder
  ) throws -> CommandResult {
    try CommandRunner.run(["train", "--run", run, "--resume", "--data", data, "--json"] + more, in: folder)
  }

  /// All files of a run but its owner's, by their names.
  private func contents(_ run: String) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: run) where name != "owner.lock" {
      contents[name] = FileManager.default.contents(atPath: "\(run)/\(name)")
    }
    return contents
  }

  @Test func aRefusedTrainingCostsTheRunNothing() throws {
    let folder = try TemporaryFolder()
    let run = try trained(SmallData.write(train: 64, test: 16, in: folder), in: folder)
    let before = try contents(run)
    for name in ["details.json", "predictions.safetensors", "views.safetensors", "events.jsonl"] {
      #expect(before[name] != nil, "\(name)")
    }
    // A picture more is another data set.
    let data = try SmallData.write(train: 65, test: 16, in: folder)
    let refused = try resume(run, data, ["--epochs", "4"], in: folder)
    #expect(refused.status == 65 && refused.errors.contains("images 64"), "\(refused.errors)")
    #expect(try contents(run) == before)
  }

  /// A finished run must not begin again with its own weights as if they were another program's.
  @Test func aRunWithoutCheckpointsIsNotTrainedOn() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 64, test: 16, in: folder)
    let run = try trained(data, in: folder)
    for name in try folder.names("run/checkpoints") {
      try FileManager.default.removeItem(atPath: "\(run)/checkpoints/\(name)")
    }
    let before = try contents(run)
    let refused = try resume(run, data, ["--epochs", "4"], in: folder)
    #expect(refused.status == 65, "\(refused.errors)")
    #expect(refused.errors.contains("\(run)/checkpoints: expected an intact checkpoint to go on from"))
    #expect(try contents(run) == before)
  }

  /// More epochs for a finished run, interrupted: its newest weights count, and the advice that is printed
  /// leads to the new end.
  @Test func anInterruptedExtensionIsMeasuredAndGoesOn() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 64, test: 16, in: folder)
    let run = try trained(data, in: folder)
    let more = try CommandRunner.start(
      ["train", "--run", run, "--resume", "--epochs", "200", "--data", data, "--json"], in: folder)
    for _ in 0..<2000 where !more.outputSoFar.contains("\n") && more.process.isRunning { usleep(5_000) }
    more.process.terminate()
    let stopped = try more.wait()
    #expect(stopped.status == 143, "\(stopped.errors)")
    let digest = try #require(try stopped.objects().last?["weights_sha256"])
    let evaluated = try CommandRunner.run(["evaluate", run, "--data", data, "--json"], in: folder)
    #expect(try evaluated.objects().last?["weights_sha256"] == digest, "\(evaluated.errors)")

    #expect(stopped.errors.contains("go on with: martlet train --run \(run) --resume"))
    let finished = try resume(run, data, in: folder)
    #expect(try finished.objects().last?["epochs"] == 200, "\(finished.errors)")
    #expect(try RunRecord.load(run).epochs.map(\.epoch) == Array(1...200))
  }
}
