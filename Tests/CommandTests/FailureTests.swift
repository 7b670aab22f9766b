import Foundation
import MartletTensors
import Testing

/// Each mistake has its exit code and one clear line.
@Suite struct FailureTests {
  private func expectFailure(
    _ arguments: [String], _ status: Int32, _ texts: String..., in folder: TemporaryFolder? = nil,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let result = try CommandRunner.run(arguments, in: try folder ?? TemporaryFolder())
    #expect(result.status == status, "\(result.errors)", sourceLocation: location)
    #expect(result.output == "", sourceLocation: location)
    // Warnings may stand before the failure, which is the last line.
    let lines = result.errors.split(separator: "\n")
    #expect(lines.last?.hasPrefix("martlet: ") == true, sourceLocation: location)
    for text in texts {
      #expect(lines.last?.contains(text) == true, "\(result.errors)", sourceLocation: location)
    }
  }

  @Test func wrongWordsAreWrongUsage() throws {
    try expectFailure(["trian"], 64, "expected one of train, ", "received trian", "did you mean train?")
    try expectFailure(["datasets", "lst"], 64, "did you mean list?")
    try expectFailure(["train", "--epoch", "3"], 64, "--epoch", "see 'martlet train --help'")
    try expectFailure(["train", "--epochs", "many"], 64, "many", "--epochs")
    try expectFailure(["evaluate"], 64, "see 'martlet evaluate --help'")
  }

  @Test func unknownNamesAreWrongUsageWithAGuess() throws {
    try expectFailure(["train", "--dataset", "fashion-mnits"], 64, "did you mean fashion-mnist?")
    try expectFailure(
      ["train", "--model", "atention"], 64, "expected one of convnet", "did you mean attention?")
    try expectFailure(["train", "conv5x5-mist"], 64, "did you mean conv5x5-mnist?")
    try expectFailure(["summary", "convnt"], 64, "did you mean convnet?")
    try expectFailure(["train", "--optimizer", "adm"], 64, "did you mean adam?")
  }

  @Test func numbersOutOfRangeAreWrongUsage() throws {
    try expectFailure(
      ["train", "--batch-size", "0"], 64, "--batch-size: expected", "from 1 to 2147483647, received 0")
    try expectFailure(["train", "--epochs", "0"], 64, "--epochs", "received 0")
    try expectFailure(["train", "--learning-rate=-1"], 64, "--learning-rate", "received -1")
    try expectFailure(["train", "--threads", "0"], 64, "--threads", "1 to 1024")
    try expectFailure(
      ["train", "--seed", "18446744073709551615"], 64, "--seed", "from 0 to 9223372036854775807")
    try expectFailure(["train", "--validation", "last:2.5"], 64, "--validation", "received last:2.5")
    try expectFailure(["train", "--schedule", "cosine:0"], 64, "--schedule", "received cosine:0")
    try expectFailure(["benchmark", "--steps", "20"], 64, "--steps", "more than 20")
  }

  @Test(arguments: [
    (["train", "--epochs"], 2_147_483_647), (["train", "--batch-size"], 2_147_483_647),
    (["summary", "convnet", "--batch-size"], 16_777_216),
    (["inspect", "convnet", "--batch"], 16_777_216),
    (["benchmark", "convnet", "--batch-size"], 16_777_216),
    (["experiment", "learning-rate", "--epochs"], 2_147_483_647),
    (["experiment", "learning-rate", "--seeds"], 10_000),
    (["reproduce", "conv5x5-mnist", "--seeds"], 10_000),
  ]) func numbersTooGreatAreWrongUsage(words: [String], greatest: Int) throws {
    let option = try #require(words.last)
    for number in [greatest + 1, .max] {
      try expectFailure(
        words + ["\(number)"], 64, "\(option): expected a whole number from 1 to \(greatest)",
        "received \(number)")
    }
  }

  @Test(arguments: ["cosine:", "linear:", "step:", "warm-up:1,", "one-cycle:", "restarts:", "restarts:1,"])
  func schedulesTooLongAreWrongUsage(text: String) throws {
    let schedule = text + "9223372036854775807"
    for words in [["train", "--schedule"], ["explain"]] {
      try expectFailure(
        words + [schedule], 64, "--schedule: expected constant", "received \(schedule)", "up to 2147483647")
    }
  }

  /// The plan of a step is looked at without the memory for it.
  @Test func batchesBeyondTheMemoryArePlannedAndNotRun() throws {
    let summary = try CommandRunner.run("summary", "convnet", "--batch-size", "16777216")
    #expect(summary.status == 0, "\(summary.errors)")
    #expect(summary.output.contains("Memory of a training step of 16777216: "))
    let program = try CommandRunner.run("inspect", "dense", "--batch", "16777216")
    #expect(program.status == 0 && program.output.contains("program for batch 16777216"))
  }

  @Test func batchesThatDoNotFitAreWrongUsage() throws {
    try expectFailure(
      ["benchmark", "convnet", "--batch-size", "16777216", "--rates", "100,50,10"], 64,
      "--batch-size: expected 32 batches that fit into memory", "choose a smaller batch")
  }

  @Test func contradictionsAreWrongUsage() throws {
    try expectFailure(["train", "conv-fashion", "--model", "dense"], 64, "received both")
    try expectFailure(["train", "--resume"], 64, "--resume", "--run")
  }

  @Test func missingRunIsBadData() throws {
    try expectFailure(["evaluate", "nowhere"], 65, "nowhere: expected the folder of a run")
    try expectFailure(["predict", "nowhere", "picture.png"], 65, "nowhere: expected the folder of a run")
  }

  @Test func truncatedGzipIsBadDataAndLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let file = "\(data)/mnist/train-images-idx3-ubyte"
    try AtomicFile.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x63, 0x60], to: file + ".gz")
    try FileManager.default.removeItem(atPath: file)
    try expectFailure(
      ["train", "--dataset", "mnist", "--data", data, "--run", "\(folder.path)/run"], 65,
      "train-images-idx3-ubyte.gz",
      in: folder)
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run"))
  }

  @Test func aSplitThatLeavesNothingStopsBeforeTheRunFolder() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    try expectFailure(
      [
        "train", "--dataset", "mnist", "--data", data, "--validation", "first:256", "--run",
        "\(folder.path)/run",
      ],
      64, "split", in: folder)
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run"))
  }

  @Test func aScheduleThatFixesItsRateIsNotCutOnAPlateau() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    try expectFailure(
      [
        "train", "--dataset", "mnist", "--data", data, "--validation", "last:0.2", "--schedule", "one-cycle",
        "--plateau", "2", "--run", "\(folder.path)/run",
      ],
      64, "--plateau: expected a schedule", "one-cycle", in: folder)
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run"))
  }

  @Test func runFolderBelowAFileCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    try AtomicFile.write([1], to: "\(folder.path)/file")
    try expectFailure(
      [
        "train", "--json", "--model", "dense", "--dataset", "mnist", "--data", data, "--run",
        "\(folder.path)/file/run",
      ],
      73, "file/run", in: folder)
  }

  @Test func numbersNoLongerFiniteEndWithTheirOwnCode() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let result = try CommandRunner.run(
      [
        "train", "--json", "--model", "conv5x5", "--optimizer", "sgd", "--learning-rate", "1e30", "--dataset",
        "mnist",
        "--data", data, "--run", "\(folder.path)/run",
      ], in: folder)
    #expect(result.status == 75, "\(result.errors)")
    #expect(result.errors.contains("step ") && result.errors.contains("smaller learning rate"))
  }
}
