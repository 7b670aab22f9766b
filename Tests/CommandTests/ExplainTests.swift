import Foundation
import MartletImages
import MartletTensors
import Testing

/// `martlet explain`, and what a run makes of changed images.
@Suite struct ExplainTests {
  @Test func allTopicsAreListed() throws {
    let lines = try CommandRunner.run("explain", "--json").objects()
    #expect(lines.last?["topics"]?.intValue == lines.count - 1 && lines.count > 90)
    let text = try CommandRunner.run("explain").output
    #expect(text.contains("Layers\n  Rescale, Normalize, Conv2D") && !text.contains("\u{1B}"))
  }

  @Test func aTopicHasStructure() throws {
    let json = try #require(try CommandRunner.run("explain", "SpatialAttention", "--json").objects().last)
    #expect(json["group"] == "Layers")
    #expect(json["blocks"]?.arrayValue?.contains { $0["heading"] == "Example" } == true)
    let failure = try CommandRunner.run("explain", "atention")
    #expect(failure.status == 64 && failure.errors.contains("did you mean attention?"))
    #expect(try CommandRunner.run("explain", "--image", "x.png").status == 64)
  }

  @Test func aDataSetsFilesAreCounted() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 100, test: 20, in: folder)
    let text = try CommandRunner.run(["explain", "mnist", "--data", data], in: folder).output
    #expect(text.contains("Every class has 10 training and 2 test images."))
    #expect(text.contains("A training image: 0"))
    // The bright row, seen together with a dark one.
    #expect(text.split(separator: "\n").contains { line in line.count { "=+*#".contains($0) } > 20 })
    let without = try CommandRunner.run(["explain", "cifar10", "--data", data], in: folder)
    #expect(without.status == 0 && without.output.contains("martlet datasets fetch cifar10"))
  }

  /// Networks with settings of their own and those of files; and nothing is drawn where the topic is unknown.
  @Test func everyRunLooksAtAPicture() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 32, test: 16, in: folder)
    for arguments in [
      ["train", "--model", "custom-cnn:dropout=0.5", "--epochs", "1", "--data", data, "--quiet"],
      ["import", "net.onnx"],
    ] {
      let run = arguments[0]
      let made = try CommandRunner.run(arguments + ["--dataset", "mnist", "--run", run], in: folder)
      try #require(made.status == 0, "\(made.errors)")
      let look = ["explain", "--run", run, "--test-image", "3", "--data", data, "--output", "\(run).png"]
      let refused = try CommandRunner.run(look + ["atention"], in: folder)
      #expect(refused.status == 64 && refused.errors.contains("did you mean attention?"), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/\(run).png"))
      let seen = try CommandRunner.run(look, in: folder)
      #expect(seen.status == 0 && seen.output.contains("What this network makes of"), "\(seen.errors)")
      #expect(seen.output.contains("custom-cnn (model)") == (run == "train"))
      #expect(FileManager.default.fileExists(atPath: "\(folder.path)/\(run).png"))
      guard run == "train" else { continue }
      let exported = try CommandRunner.run(
        ["export", run, "--format", "onnx", "--output", "net.onnx"], in: folder)
      try #require(exported.status == 0, "\(exported.errors)")
    }
  }

  /// One small training serves the pictures of its layers and its robustness.
  @Test func aRunLooksAtAPictureAndAtChangedImages() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    for (run, penalty) in [("plain", "none"), ("held", "l2:0.001")] {
      let trained = try CommandRunner.run(
        [
          "train", "--model", "conv", "--dataset", "mnist", "--data", data, "--epochs", "6", "--batch-size",
          "32", "--learning-rate", "0.003", "--penalty", penalty, "--run", "\(folder.path)/\(run)", "--quiet",
        ], in: folder)
      try #require(trained.status == 0, "\(trained.errors)")
    }
    let seen = try CommandRunner.run(
      ["explain", "--run", "plain", "--test-image", "3", "--data", data], in: folder)
    #expect(seen.status == 0, "\(seen.errors)")
    #expect(seen.output.contains("28x28x1 > 12x12x32 > 4,608 > 16 > 8 > 10"))
    #expect(seen.output.contains("It says: ") && seen.output.contains("feature_maps.png"))
    #expect(try ImageCoder.decode(file: "\(folder.path)/feature_maps.png").shape[1] > 1000)
    let far = try CommandRunner.run(
      ["explain", "--run", "plain", "--test-image", "64", "--data", data], in: folder)
    #expect(far.status == 64 && far.errors.contains("a number from 0 to 63"))

    let first = try CommandRunner.run(
      ["evaluate", "plain", "--robustness", "--data", data, "--json"], in: folder)
    let measured = try #require(try first.objects().last?["robustness"], "\(first.errors)")
    #expect(measured["images"] == 64 && measured["rows"]?.arrayValue?.count == 35)
    let result = try #require(try first.objects().last)
    #expect(measured["accuracy"] == result["test_accuracy"])
    #expect(try folder.names("plain").filter { $0.hasPrefix("robustness") }.count == 4)
    let both = try CommandRunner.run(
      ["evaluate", "plain", "held", "--robustness", "--data", data, "--json", "--threads", "1"], in: folder)
    let comparison = try #require(try both.objects().last?["comparison"], "\(both.errors)")
    #expect(comparison["differences"]?.arrayValue?.count == 8)
    #expect(try folder.names("held").contains("robustness_comparison.png"))
    // The same images again: nothing but the seed decides the changes.
    #expect(try both.objects().first?["rows"] == measured["rows"])
    let text = try CommandRunner.run(
      ["evaluate", "plain", "held", "--robustness", "--data", data], in: folder)
    #expect(text.output.contains("p (McNemar)") && text.output.contains("All in all: "))
    #expect(try CommandRunner.run(["evaluate", "plain", "held", "--data", data], in: folder).status == 64)
  }
}
