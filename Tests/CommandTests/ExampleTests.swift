import Foundation
import Testing

/// Every example program runs on a small subset and learns.
@Suite struct ExampleTests {
  /// A program, the images it trains on, and the accuracy it must reach.
  struct Example: CustomStringConvertible, Sendable {
    let name: String
    let images: Int
    var epochs: Int?
    let floor: Double
    var description: String { name }
  }

  private static let onDrawnDigits = [
    Example(name: "custom-cnn-mnist", images: 2400, floor: 0.9),
    Example(name: "alexnet-mnist", images: 160, floor: 0.9),
    Example(name: "conv5x5-mnist", images: 600, floor: 0.9),
    Example(name: "conv5x5-regularized-mnist", images: 400, floor: 0.9),
    Example(name: "convnet-mnist-type", images: 4000, floor: 0.9),
    Example(name: "convnet-mnist-functional", images: 4000, floor: 0.9),
    Example(name: "convnet-mnist-loop", images: 6500, floor: 0.9),
  ]
  private static let onDrawnPhotographs = [
    Example(name: "custom-cnn-cifar10", images: 1500, floor: 0.9),
    Example(name: "alexnet-cifar10", images: 160, floor: 0.9),
    Example(name: "dense-cifar100-coarse", images: 12_000, floor: 0.7),
    Example(name: "conv-cifar100-coarse", images: 12_000, floor: 0.3),
  ]
  private static let onFashion = [
    Example(name: "dense-fashion", images: 20_000, floor: 0.6),
    Example(name: "conv-fashion", images: 50_000, floor: 0.6),
    Example(name: "attention-fashion", images: 12_000, epochs: 4, floor: 0.6),
    Example(name: "tutorial-1", images: 6_000, floor: 0.7),
    Example(name: "tutorial-3", images: 2_500, floor: 0.35),
    Example(name: "tutorial-4", images: 8_000, floor: 0.5),
    Example(name: "tutorial-5", images: 5_000, floor: 0.6),
  ]

  /// The second chapter tells of classes and pictures instead of one accuracy.
  @Test func theTutorialLooksCloser() throws {
    let folder = try TemporaryFolder()
    let program = "\((CommandRunner.path as NSString).deletingLastPathComponent)/tutorial-2"
    let result = try CommandRunner.run(program, ["5000"], environment: [:], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("shirts were taken for T-shirt/top"))
    #expect(result.output.contains("the first layer's maps have the shape [1, 26, 26, 32]"))
    #expect(result.output.split(separator: "\n").filter { $0.hasPrefix("picture ") }.count == 5)
    let page = try String(contentsOfFile: folder.path + "/report.html", encoding: .utf8)
    let isWhole = page.contains("<title>Model on Fashion-MNIST</title>") && page.contains("id=\"filters\"")
    #expect(isWhole)
    #expect(FileManager.default.fileExists(atPath: folder.path + "/worst.png"))
  }

  /// A new program needs a row above.
  @Test func everyExampleIsRun() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let folder = tests.deletingLastPathComponent().deletingLastPathComponent().path + "/Examples"
    let programs = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      FileManager.default.fileExists(atPath: "\(folder)/\($0)/main.swift")
    }
    let run = Self.onDrawnDigits + Self.onDrawnPhotographs + Self.onFashion
    // The second chapter has a test of its own; the quick start is a package of its own.
    #expect(Set(programs) == Set(run.map(\.name) + ["tutorial-2"]))
    let systems = try CommandRunner.run("systems", "--json").objects().compactMap { $0["id"]?.stringValue }
    #expect(systems.count == 14 && Set(systems).isSubset(of: programs))
  }

  /// The accuracy that the last line tells, and the lines.
  private func run(_ example: Example, data: String?, in folder: TemporaryFolder) throws -> [Substring] {
    let program = "\((CommandRunner.path as NSString).deletingLastPathComponent)/\(example.name)"
    let result = try CommandRunner.run(
      program, ["\(example.images)"] + (example.epochs.map { ["\($0)"] } ?? []),
      environment: data.map { ["MARTLET_DATA": $0] } ?? [:], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    let last = try #require(lines.last { $0.hasPrefix("test accuracy ") }, "\(result.output)")
    let accuracy = try #require(Double(last.split(whereSeparator: { " ,".contains($0) })[2]))
    #expect(accuracy >= example.floor, "\(last)")
    // What a program checks about itself.
    #expect(!result.output.contains(": false"), "\(result.output)")
    if !example.name.hasPrefix("tutorial-") { try expectSystem(example.name, result.output) }
    return lines
  }

  /// A program prints the layers and parameters of the system that it is named after.
  private func expectSystem(_ name: String, _ output: String) throws {
    let summary = try CommandRunner.run("summary", name)
    #expect(summary.status == 0, "\(summary.errors)")
    // The title is the model's own, and the command tells more below.
    let table = summary.output.split(separator: "\n").drop { !$0.hasPrefix("┏") }.prefix {
      !$0.hasPrefix("Optimizer state")
    }
    #expect(table.contains { $0.hasPrefix("Total params: ") } && table.count > 10)
    #expect(output.contains(table.joined(separator: "\n") + "\n"), "\(output)")
  }

  @Test(arguments: onDrawnDigits) func digits(example: Example) throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(train: 6500, test: 400, in: folder)
    let lines = try run(example, data: data, in: folder)
    switch example.name {
    case "convnet-mnist-loop":
      #expect(lines.contains { $0.hasPrefix("Epoch 1, Batch 100, Loss: ") })
    case "conv5x5-regularized-mnist":
      #expect(lines.contains { $0.hasPrefix("reached after ") }, "\(lines.suffix(2))")
    default: break
    }
  }

  @Test(arguments: onDrawnPhotographs) func photographs(example: Example) throws {
    let folder = try TemporaryFolder()
    let data =
      example.name.contains("cifar100")
      ? try SmallData.writeCIFAR100(train: 12_000, test: 400, in: folder)
      : try SmallData.writeCIFAR10(train: 1500, test: 400, in: folder)
    _ = try run(example, data: data, in: folder)
  }

  /// The programs that hold out a number of images hold out fewer of few.
  @Test(arguments: ["dense-fashion", "conv-fashion", "dense-cifar100-coarse", "conv-cifar100-coarse"])
  func aQuickLookTakesFewImages(name: String) throws {
    let folder = try TemporaryFolder()
    let data =
      name.contains("cifar100") ? try SmallData.writeCIFAR100(train: 400, test: 100, in: folder) : nil
    _ = try run(Example(name: name, images: 64, floor: 0), data: data, in: folder)
  }

  /// The real Fashion-MNIST, as the system's package brings it.
  @Test(arguments: onFashion) func fashion(example: Example) throws {
    _ = try run(example, data: nil, in: try TemporaryFolder())
  }
}
