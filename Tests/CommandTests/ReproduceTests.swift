import Foundation
import MartletRuns
import MartletTensors
import Testing

/// Systems are listed, trained and compared.
@Suite struct ReproduceTests {
  @Test func systemsAreListed() throws {
    let objects = try CommandRunner.run("systems", "--json").objects()
    #expect(objects.count == 15 && objects.last?["systems"] == 14)
    #expect(objects.first?["reference_test_accuracy"] == .array([.number(0.9928), .number(0.9902)]))
    let text = try CommandRunner.run("systems").output
    #expect(text.contains("attention-fashion") && text.contains("92.0%"))
  }

  @Test func aSystemStandsBesideItsReference() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 1024, in: folder)
    let run = "\(folder.path)/run"
    let result = try CommandRunner.run(
      [
        "reproduce", "convnet-mnist-type", "--data", data, "--epochs", "2", "--batch-size", "64", "--run",
        run,
      ],
      in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("98.79%"))
    #expect(result.output.contains("Not the full settings: --epochs 2, --batch-size 64."))
    let names = try folder.names("run")
    for name in ["confusion.png", "confusion.svg", "curves.png", "weights.safetensors"] {
      #expect(names.contains(name))
    }
  }

  @Test func severalSeedsGiveAMean() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 512, in: folder)
    let arguments = [
      "reproduce", "convnet-mnist-loop", "--data", data, "--epochs", "1", "--seeds", "2", "--seed", "4",
      "--run", "\(folder.path)/runs", "--resume", "--json",
    ]
    let first = try CommandRunner.run(arguments, in: folder)
    #expect(first.status == 0, "\(first.errors)")
    let objects = try first.objects()
    let seeds = objects.filter { $0["event"] == "seed" }
    #expect(seeds.map { $0["seed"] } == [4, 5])
    let mean = seeds.compactMap { $0["test_accuracy"]?.doubleValue }.reduce(0, +) / 2
    #expect(abs(try #require(objects.last?["test_accuracy"]?.doubleValue) - mean) < 1e-12)
    // What is finished is not trained again.
    let again = try CommandRunner.run(arguments, in: folder)
    #expect(try again.objects().filter { $0["event"] == "epoch" }.isEmpty)
    #expect(try again.objects().last?["test_accuracy"] == objects.last?["test_accuracy"])
  }

  @Test func seedsEndAtTheGreatestNumber() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 64, test: 16, in: folder)
    func run(_ seed: String) throws -> CommandResult {
      try CommandRunner.run(
        [
          "reproduce", "conv5x5-mnist", "--data", data, "--epochs", "1", "--seeds", "2", "--seed", seed,
          "--run", "\(folder.path)/runs", "--json",
        ], in: folder)
    }
    let refused = try run("9223372036854775807")
    #expect(refused.status == 64 && refused.errors.contains("--seed: expected room for 2 seeds"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/runs"))
    let last = try run("9223372036854775806")
    #expect(last.status == 0, "\(last.errors)")
    #expect(try folder.names("runs").last == "seed-9223372036854775807")
  }

  @Test func theRegularizedNetworkStopsAtItsLoss() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 256, in: folder)
    let result = try CommandRunner.run(
      [
        "reproduce", "conv5x5-regularized-mnist", "--data", data, "--stop-loss", "3", "--epochs", "40",
        "--run", "\(folder.path)/run", "--json",
      ], in: folder)
    let last = try #require(try result.objects().last, "\(result.errors)")
    #expect(last["stop_reason"] == "threshold")
    let epochs = try RunRecord.load("\(folder.path)/run").epochs
    #expect(epochs.count < 40 && epochs.dropLast().allSatisfy { $0.loss > 3 })
    #expect(try #require(epochs.last).loss <= 3)
    // What is told is of the settings that were trained.
    let told = try CommandRunner.run(
      [
        "reproduce", "conv5x5-regularized-mnist", "--data", data, "--stop-loss", "0.01", "--epochs", "1",
        "--run", "\(folder.path)/short",
      ], in: folder)
    #expect(
      told.output.contains("A loss of 0.01 was not reached within 1 epoch; the last epoch's loss was "),
      "\(told.errors)")
  }

  /// The official layout of CIFAR-100, through both networks and all of the way.
  @Test(arguments: ["dense-cifar100-coarse", "conv-cifar100-coarse"])
  func superclassesAreTrainedFromOfficialFiles(id: String) throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.writeCIFAR100(train: 4600, test: 200, in: folder)
    let run = "\(folder.path)/run"
    let result = try CommandRunner.run(
      [
        "reproduce", id, "--data", data, "--epochs", "3", "--batch-size", "40", "--run", run, "--json",
      ], in: folder)
    let last = try #require(try result.objects().last, "\(result.errors)")
    #expect(last["confusion"]?.arrayValue?.count == 20)
    #expect(last["epochs"] == 3)
    let again = try CommandRunner.run(["evaluate", run, "--data", data, "--json"], in: folder)
    #expect(try again.objects().last?["test_loss"] == last["test_loss"], "\(again.errors)")
  }

  @Test func unknownSystemsAreWrongUsage() throws {
    let result = try CommandRunner.run("reproduce", "conv-fashon")
    #expect(result.status == 64 && result.errors.contains("did you mean conv-fashion?"))
  }
}
