import Foundation
import MartletTensors
import Testing

/// Processes that start at once share one cold cache.
@Suite struct SharedCacheTests {
  @Test func fourProcessesOnAnEmptyCache() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    func arguments(_ run: Int) -> [String] {
      [
        "train", "--model", "conv", "--dataset", "mnist", "--data", data, "--epochs", "1", "--batch-size",
        "64",
        "--seed", "3", "--threads", "1", "--run", "\(folder.path)/run-\(run)", "--json",
      ]
    }
    let running = try (0..<4).map { try CommandRunner.start(arguments($0), in: folder) }
    let results = try running.map { try $0.wait() }
    #expect(results.map(\.status) == [0, 0, 0, 0], "\(results.map(\.errors))")
    let digests = Set(try results.map { try $0.objects().last?["weights_sha256"]?.stringValue })
    #expect(digests.count == 1 && digests != [nil])
    // One unpacks, the others wait for it; nothing unfinished is left.
    #expect(results.count { $0.errors.contains("unpacking MNIST") } == 1, "\(results.map(\.errors))")
    let names = try folder.names("cache")
    #expect(names.map { URL(fileURLWithPath: $0).pathExtension } == ["lock", "test", "train"], "\(names)")

    let fifth = try CommandRunner.run(arguments(4), in: folder)
    #expect(fifth.status == 0 && !fifth.errors.contains("unpacking"), "\(fifth.errors)")
    #expect(try fifth.objects().last?["weights_sha256"]?.stringValue == digests.first)
    #expect(try folder.names("cache") == names)
  }
}
