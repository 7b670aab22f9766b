import Foundation
import MartletImages
import MartletTensors
import Testing

/// One picture of a thousand that cannot be decoded.
@Suite struct CorruptPictureTests {
  private func write(_ root: String) throws {
    for name in ["dark", "light"] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
      for index in 0..<500 {
        let base: UInt8 = name == "light" ? 150 : 20
        let pixels = (0..<64).map { base + UInt8(($0 * 7 + index * 13) % 50) }
        let bytes = try ImageCoder.png(Tensor(shape: [8, 8, 1], scalars: pixels))
        try Data(bytes).write(to: URL(fileURLWithPath: "\(root)/\(name)/\(index).png"))
      }
    }
    let path = URL(fileURLWithPath: "\(root)/light/321.png")
    try Data(try Data(contentsOf: path).prefix(50)).write(to: path)
  }

  @Test func itIsNamedCountedLeftOutOrRefused() throws {
    let folder = try TemporaryFolder()
    let root = "\(folder.path)/pictures"
    try write(root)
    func train(_ more: [String]) throws -> CommandResult {
      try CommandRunner.run(
        [
          "train", "--model", "dense", "--dataset", "folder:\(root)", "--epochs", "1", "--seed", "1", "--run",
          "\(folder.path)/run", "--json",
        ] + more, in: folder)
    }
    let refused = try train(["--corrupt-images", "refuse"])
    #expect(refused.status == 65 && refused.errors.contains("light/321.png"), "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run"))
    let wrong = try train(["--corrupt-images", "ignore"])
    #expect(wrong.status == 64 && wrong.errors.contains("refuse or skip"), "\(wrong.errors)")

    for more in [[], ["--corrupt-images", "skip", "--resume"]] {
      let trained = try train(more)
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(trained.errors.contains("light/321.png"))
      #expect(trained.errors.contains("1 of 1000 pictures cannot be decoded"), "\(trained.errors)")
      #expect(try trained.objects().last?["event"] == "result")
    }
    let other = try train(["--corrupt-images", "refuse", "--resume"])
    #expect(other.status != 0)
  }
}
