import Foundation
import MartletImages
import MartletTensors
import Testing

/// A folder of pictures as a data set, from training to prediction.
@Suite struct FolderTests {
  /// Writes `root/train/CLASS/*.png`: class c is bright in its third of the rows, sizes differ.
  private func write(_ root: String, classes: [String], each count: Int) throws {
    for (label, name) in classes.enumerated() {
      let folder = "\(root)/train/\(name)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for index in 0..<count {
        let (height, width) = (18 + index % 3, 15 + index % 2)
        let pixels = (0..<height * width).map { place -> UInt8 in
          let isBright = place / width * classes.count / height == label
          return (isBright ? 180 : 20) + UInt8((place * 7 + index * 13) % 50)
        }
        let picture = Tensor(shape: [height, width, 1], scalars: pixels)
        try AtomicFile.write(try ImageCoder.png(picture), to: "\(folder)/\(index).png")
      }
    }
  }

  @Test func picturesAreTrainedOnAndPredicted() throws {
    let folder = try TemporaryFolder()
    let (root, other) = ("\(folder.path)/shapes", "\(folder.path)/others")
    try write(root, classes: ["high", "low", "middle"], each: 40)
    try write(other, classes: ["high", "low"], each: 4)
    let run = "\(folder.path)/run"
    let trained = try CommandRunner.run(
      [
        "train", "--model", "conv", "--dataset", "folder:\(root)", "--image-size", "12", "--epochs", "15",
        "--batch-size", "8", "--learning-rate", "0.005", "--augment", "brightness:0.1", "--validation",
        "stratified:0.2", "--seed", "2", "--run", run, "--json",
      ], in: folder)
    let result = try #require(try trained.objects().last, "\(trained.errors)")
    #expect(try #require(result["test_accuracy"]?.doubleValue) > 0.9)
    #expect(result["confusion"]?.arrayValue?.count == 3)

    let predicted = try CommandRunner.run(
      ["predict", run, "\(root)/train/low/3.png", "--json"], in: folder)
    #expect(try predicted.objects().first?["class"] == "low", "\(predicted.errors)")
    let again = try CommandRunner.run(["evaluate", run, "--json"], in: folder)
    #expect(try again.objects().last?["test_accuracy"] == result["test_accuracy"], "\(again.errors)")
    let refused = try CommandRunner.run(["evaluate", run, "--dataset", "folder:\(other)"], in: folder)
    #expect(refused.status == 65)
    #expect(refused.errors.contains("expected 3 classes (high, low, middle)"))
  }

  /// What is held out of other pictures may be what the network was trained on.
  @Test func onlyUnseenPicturesAreMeasured() throws {
    let folder = try TemporaryFolder()
    let (root, other) = ("\(folder.path)/shapes", "\(folder.path)/other shapes")
    try write(root, classes: ["high", "low"], each: 20)
    // The folder made for a run without a name has no part of the path in its own.
    let trained = try CommandRunner.run(
      [
        "train", "--model", "dense", "--dataset", "folder:\(root)", "--image-size", "12", "--epochs", "2",
        "--quiet", "--json",
      ], in: folder)
    #expect(trained.status == 0, "\(trained.errors)")
    let run = "runs/" + (try #require(try folder.names("runs").first))
    let own = try #require(try CommandRunner.run(["evaluate", run, "--json"], in: folder).objects().last)
    #expect(own["test_accuracy"] == (try trained.objects().last)?["test_accuracy"])
    #expect(own["train_accuracy"]?.doubleValue != nil)

    // A folder without test images is unseen as a whole; its pictures are brought to the run's size.
    try write(other, classes: ["high", "low"], each: 7)
    let foreign = try CommandRunner.run(
      ["evaluate", run, "--dataset", "folder:\(other)", "--json"], in: folder)
    let measured = try #require(try foreign.objects().last, "\(foreign.errors)")
    let perClass = try #require(measured["per_class"]?.arrayValue)
    #expect(perClass.compactMap { $0["support"]?.intValue } == [7, 7])
    #expect(measured["train_accuracy"]?.doubleValue == nil)

    try write(root, classes: ["high", "low"], each: 21)
    let refused = try CommandRunner.run(["evaluate", run], in: folder)
    #expect(refused.status == 65)
    #expect(refused.errors.contains("expected the images of the training"), "\(refused.errors)")
  }

  @Test func foldersTooSmallForATestSaySo() throws {
    let folder = try TemporaryFolder()
    let root = "\(folder.path)/shapes"
    try write(root, classes: ["high", "low"], each: 1)
    let refused = try CommandRunner.run(
      ["train", "--dataset", "folder:\(root)", "--image-size", "28", "--epochs", "1"], in: folder)
    #expect(refused.status == 65)
    #expect(refused.errors.contains("add a folder test/CLASS or more pictures"), "\(refused.errors)")
  }

  /// A network of a file has an output for each class of the data, and images that a picture can be.
  @Test func aNetworkForOtherDataIsNotImported() throws {
    let folder = try TemporaryFolder()
    let root = "\(folder.path)/shapes"
    try write(root, classes: ["high", "low", "middle"], each: 8)
    let trained = try CommandRunner.run(
      [
        "train", "--model", "dense", "--dataset", "folder:\(root)", "--image-size", "28", "--epochs", "1",
        "--run", "run", "--quiet",
      ], in: folder)
    #expect(trained.status == 0, "\(trained.errors)")
    let exported = try CommandRunner.run(
      ["export", "run", "--format", "onnx", "--output", "net.onnx"], in: folder)
    #expect(exported.status == 0, "\(exported.errors)")
    let refused = try CommandRunner.run(
      ["import", "net.onnx", "--dataset", "mnist", "--run", "imported"], in: folder)
    #expect(refused.status == 65, "\(refused.errors)")
    #expect(
      refused.errors.contains("net.onnx: expected 10 outputs, one for each class of the data, received [3]"),
      "\(refused.errors)")
    // As many pixels for the dense layer, but no picture has four channels: [4, 14, 14] for [1, 28, 28].
    let dimensions = { (sizes: [UInt8]) in Data(sizes.flatMap { [0x0a, 2, 8, $0] }) }
    var network = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/net.onnx"))
    network.replaceSubrange(
      try #require(network.range(of: dimensions([1, 28, 28]))), with: dimensions([4, 14, 14]))
    try network.write(to: URL(fileURLWithPath: "\(folder.path)/four.onnx"))
    let deep = try CommandRunner.run(
      ["import", "four.onnx", "--dataset", "folder:\(root)", "--run", "imported"], in: folder)
    #expect(deep.status == 65, "\(deep.errors)")
    #expect(
      deep.errors.contains("four.onnx: expected a network for images of 1 or 3 channels, received 4"),
      "\(deep.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/imported"))
  }

  @Test func picturesOfTheCatalogKeepTheirSize() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let result = try CommandRunner.run(
      ["train", "--dataset", "mnist", "--data", data, "--image-size", "12"], in: folder)
    #expect(result.status == 64 && result.errors.contains("the images of mnist have their size"))
  }
}
