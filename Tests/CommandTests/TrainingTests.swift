import Foundation
import MartletRuns
import MartletTensors
import Testing

/// Whole trainings on small generated data, as a user's processes.
@Suite struct TrainingTests {
  static let resultKeys = [
    "event", "run", "test_accuracy", "test_loss", "train_accuracy", "train_loss", "precision", "recall", "f1",
    "per_class", "confusion", "stop_reason", "epochs", "seconds_per_epoch", "milliseconds_per_step",
    "seconds_to_first_step", "peak_memory_bytes", "dataset_bytes", "arena_bytes", "weights_sha256", "seed",
    "threads",
  ]

  private func arguments(_ data: String, _ run: String, epochs: Int, _ more: [String] = []) -> [String] {
    [
      "train", "--model", "dense", "--dataset", "mnist", "--data", data, "--batch-size", "16",
      "--learning-rate", "0.01",
      "--epochs", "\(epochs)", "--seed", "5", "--run", run, "--json",
    ] + more
  }

  private func sha(_ result: CommandResult) throws -> String? {
    #expect(result.status == 0, "\(result.errors)")
    return try result.objects().last?["weights_sha256"]?.stringValue
  }

  @Test func trainsEvaluatesAndPredicts() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let run = "\(folder.path)/run"
    let trained = try CommandRunner.run(
      arguments(data, run, epochs: 12, ["--validation", "last:0.25", "--threads", "2"]), in: folder)
    #expect(trained.status == 0, "\(trained.errors)")
    let objects = try trained.objects()
    #expect(objects.count == 13)
    #expect(
      objects[0].members?.map(\.key) == [
        "event", "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate",
        "seconds", "last_loss",
      ])
    let result = try #require(objects.last)
    #expect(result.members?.map(\.key) == Self.resultKeys)
    #expect(result["stop_reason"] == "finished" && result["epochs"] == 12 && result["seed"] == 5)
    #expect(result["threads"] == 2 && result["confusion"]?.arrayValue?.count == 10)
    let accuracy = try #require(result["test_accuracy"]?.doubleValue)
    #expect(accuracy > 0.9, "classes that differ in a bright row are learned")
    #expect(result["dataset_bytes"] == .integer((256 + 64) * 784))
    #expect((result["milliseconds_per_step"]?.doubleValue ?? 0) > 0)
    let names = try folder.names("run")
    for name in [
      "configuration.json", "environment.json", "events.jsonl", "weights.safetensors", "curves.png",
      "curves.svg",
    ] {
      #expect(names.contains(name))
    }
    #expect(try RunRecord.load(run).result?.testAccuracy == accuracy)

    let evaluated = try CommandRunner.run(["evaluate", run, "--data", data, "--json"], in: folder)
    let measured = try #require(try evaluated.objects().last, "\(evaluated.errors)")
    #expect(measured.members?.map(\.key) == Self.resultKeys)
    for key in ["test_accuracy", "test_loss", "train_loss", "weights_sha256", "confusion"] {
      #expect(measured[key] == result[key])
    }
    try predict(run, data, folder)
  }

  /// The contact sheet serves as a picture; what is no picture is refused.
  private func predict(_ run: String, _ data: String, _ folder: TemporaryFolder) throws {
    let sheet = "\(folder.path)/sheet.png"
    let shown = try CommandRunner.run(
      ["datasets", "show", "mnist", "--data", data, "--output", sheet, "--json"], in: folder)
    #expect(try shown.objects().last?["figure"] == .string(sheet))
    let predicted = try CommandRunner.run(["predict", run, sheet, sheet, "--json"], in: folder)
    let lines = try predicted.objects()
    #expect(lines.count == 3 && lines.last?["event"] == "result")
    #expect(
      lines.first?.members?.map(\.key) == ["event", "file", "label", "class", "probability", "probabilities"])
    let probabilities = (lines.first?["probabilities"]?.arrayValue ?? []).compactMap(\.doubleValue)
    #expect(probabilities.count == 10 && abs(probabilities.reduce(0, +) - 1) < 1e-5)
    #expect(lines.first?["probability"]?.doubleValue == probabilities.max())

    try AtomicFile.write(Array("no picture".utf8), to: "\(folder.path)/text.png")
    let refused = try CommandRunner.run(["predict", run, sheet, "\(folder.path)/text.png"], in: folder)
    #expect(refused.status == 65 && refused.output == "")
    #expect(refused.errors.contains("text.png"))
  }

  @Test func theWeightsDoNotDependOnTheThreads() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let digests = try [1, 2, 3, 5].map { threads in
      try sha(
        try CommandRunner.run(
          [
            "train", "--model", "convnet", "--dataset", "mnist", "--data", data, "--epochs", "2",
            "--batch-size", "48",
            "--threads", "\(threads)", "--run", "\(folder.path)/run-\(threads)", "--json",
          ], in: folder))
    }
    #expect(Set(digests).count == 1 && digests[0]?.count == 64)
  }

  @Test func aStoppedTrainingEndsLikeAnUndisturbedOne() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let epochs = 60
    let whole = try sha(
      try CommandRunner.run(arguments(data, "\(folder.path)/whole", epochs: epochs), in: folder))
    let run = "\(folder.path)/stopped"
    let stopped = try CommandRunner.start(arguments(data, run, epochs: epochs), in: folder)
    for _ in 0..<2000 where !stopped.outputSoFar.contains("\n") && stopped.process.isRunning { usleep(5_000) }
    stopped.process.terminate()
    let result = try stopped.wait()
    #expect(result.status == 143, "\(result.errors)")
    #expect(result.errors.contains("go on with: martlet train --run \(run) --resume"))
    #expect(try result.objects().last?["stop_reason"] == "interrupted")
    #expect(!FileManager.default.fileExists(atPath: "\(run)/weights.safetensors"))

    let contradiction = try CommandRunner.run(
      ["train", "--run", run, "--resume", "--batch-size", "8", "--data", data], in: folder)
    #expect(contradiction.status == 64 && contradiction.errors.contains("batch_size, 16"))

    // The configuration in the folder is enough.
    let resumed = try CommandRunner.run(
      ["train", "--run", run, "--resume", "--data", data, "--json"], in: folder)
    #expect(try sha(resumed) == whole)
    #expect(try RunRecord.load(run).epochs.map(\.epoch) == Array(1...epochs))
  }

  @Test func changesThatDoNotSuitTheImagesStopBeforeTheRunFolder() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 64, test: 16, in: folder)
    let run = "\(folder.path)/run"
    let refused = try CommandRunner.run(
      arguments(data, run, epochs: 1, ["--augment", "crop:100"]), in: folder)
    #expect(refused.status == 64, "\(refused.errors)")
    #expect(refused.errors.contains("expected a padding below the 28 pixels of the shorter edge"))
    #expect(!FileManager.default.fileExists(atPath: run))
  }

  /// A run keeps its settings, so that another rate needs another run.
  @Test func theAdviceForNumbersNoLongerFiniteCanBeFollowed() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 64, test: 16, in: folder)
    // The only step spoils the weights, which is found after it.
    let result = try CommandRunner.run(
      [
        "train", "--model", "conv5x5", "--dataset", "mnist", "--data", data, "--epochs", "1", "--optimizer",
        "sgd", "--learning-rate", "3e38", "--run", "\(folder.path)/run",
      ], in: folder)
    #expect(result.status == 75, "\(result.errors)")
    #expect(result.errors.contains("step 1: expected finite weights"), "\(result.errors)")
    #expect(
      result.errors.hasSuffix("; begin a new run with a smaller learning rate, or with clipped gradients\n"))
    #expect(!result.errors.contains("checkpoint"))
  }

  /// What is noted of the gradients stays as the run was begun; left out, the option is the run's own.
  @Test func gradientNormsStayOnOrOff() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 64, test: 16, in: folder)
    var digests: Set<String?> = []
    for (run, more) in [("with", ["--gradient-norm"]), ("without", [])] {
      _ = try sha(CommandRunner.run(arguments(data, run, epochs: 1, more), in: folder))
      let resumed = try CommandRunner.run(
        ["train", "--run", run, "--resume", "--epochs", "2", "--data", data, "--json"], in: folder)
      digests.insert(try sha(resumed))
      let norms = try RunRecord.load("\(folder.path)/\(run)").epochs.map { $0.metrics["gradient_norm"] }
      #expect(norms.count == 2 && norms.allSatisfy { ($0 ?? 0 > 0) == (run == "with") }, "\(norms)")
    }
    #expect(digests.count == 1, "noting changes no weight")
    let refused = try CommandRunner.run(
      ["train", "--run", "without", "--resume", "--epochs", "3", "--gradient-norm", "--data", data],
      in: folder)
    #expect(refused.status == 64, "\(refused.errors)")
    #expect(
      refused.errors.contains("--resume: expected the run's own gradient_norm, false, received true; leave"))
    #expect(try RunRecord.load("\(folder.path)/without").epochs.count == 2)
  }
}
