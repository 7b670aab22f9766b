import MartletDatasets
import Testing

struct ArchiveTests {
  @Test func gzipIsInflated() throws {
    let folder = try TemporaryFolder()
    let bytes = noise(300_000, seed: 1)
    let path = try folder.write(gzip(bytes), "a.gz")
    #expect(try GzipReader.contents(of: path, budget: 300_000) == bytes)
    #expect(try SourceFile.contents(of: path, limit: 300_000) == bytes)
  }

  @Test func everyCutIsRefused() throws {
    let folder = try TemporaryFolder()
    let whole = gzip(noise(4000, seed: 2))
    for length in Array(0..<1024) + Array(stride(from: 1024, to: whole.count, by: 15)) {
      let path = try folder.write(Array(whole.prefix(length)), "a.gz")
      let error = datasetError { _ = try GzipReader.contents(of: path, budget: 4000) }
      #expect(error?.kind == .badData, "cut at \(length)")
    }
  }

  @Test func damageIsRefused() throws {
    let folder = try TemporaryFolder()
    let bytes = noise(1000, seed: 3)
    let whole = gzip(bytes)
    func flipped(_ offset: Int) -> [UInt8] {
      var copy = whole
      copy[copy.count - offset] ^= 1
      return copy
    }
    let damaged = [
      "CRC": flipped(8), "length": flipped(4), "data": flipped(500), "two members": whole + whole,
      "junk": whole + [0], "no gzip": [UInt8]("hello, this is text".utf8),
    ]
    for (what, bytes) in damaged {
      let path = try folder.write(bytes, "a.gz")
      let error = datasetError { _ = try GzipReader.contents(of: path, budget: 5000) }
      #expect(error?.kind == .badData, "\(what)")
      #expect(error?.place.hasPrefix(path) == true)
    }
  }

  @Test func bombsStopAtTheBudget() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(gzip([UInt8](repeating: 0, count: 10_000_000), level: 9), "bomb.gz")
    let error = datasetError { _ = try GzipReader.contents(of: path, budget: 9_999_999) }
    #expect(error?.description.contains("at most 9999999 bytes") == true)
    #expect(try GzipReader.contents(of: path, budget: 10_000_000).count == 10_000_000)
  }

  @Test func wantedMembersAreRead() throws {
    let folder = try TemporaryFolder()
    let (one, two) = (noise(700, seed: 4), noise(512, seed: 5))
    let archive =
      tarEntry("data/", [], type: "5") + tarEntry("data/one.bin", one) + tarEntry("data/readme.html", [1, 2])
      + tarEntry("data/two.bin", two) + tarEnd()
    let path = try folder.write(gzip(archive), "a.tar.gz")
    let found = try TarArchive.members(of: path, wanted: ["one.bin": 700, "two.bin": 600])
    #expect(found == ["one.bin": one, "two.bin": two])
    #expect(try folder.names() == ["a.tar.gz"])
  }

  static let hostile: [String: [UInt8]] = {
    var badSum = tarEntry("a.bin", [1])
    badSum[0] ^= 1
    var badSize = tarEntry("a.bin", [1])
    badSize.replaceSubrange(124..<128, with: Array("zzzz".utf8))
    return [
      "climbing": tarEntry("../a.bin", [1]) + tarEnd(),
      "climbing inside": tarEntry("x/../../a.bin", [1]) + tarEnd(),
      "absolute": tarEntry("/etc/a.bin", [1]) + tarEnd(),
      "backslash": tarEntry("x\\a.bin", [1]) + tarEnd(),
      "hard link": tarEntry("a.bin", [], type: "1") + tarEnd(),
      "symbolic link": tarEntry("a.bin", [], type: "2") + tarEnd(),
      "device": tarEntry("a.bin", [], type: "3") + tarEnd(),
      "FIFO": tarEntry("b", [], type: "6") + tarEnd(),
      "twice": tarEntry("a.bin", [1]) + tarEntry("x/a.bin", [2]) + tarEnd(),
      "too large": tarEntry("a.bin", [UInt8](repeating: 1, count: 600)) + tarEnd(),
      "declared too large": tarEntry("a.bin", [1], size: 1 << 32) + tarEnd(),
      "endless padding": tarEntry("b", [1], size: 1 << 32) + tarEnd(),
      "cut": Array(tarEntry("a.bin", [1]).prefix(513)),
      "no end": tarEntry("a.bin", [1]),
      "checksum": badSum + tarEnd(),
      "size in letters": badSize + tarEnd(),
      "too many": (0..<1001).flatMap { tarEntry("f\($0)", []) } + tarEnd(),
    ]
  }()

  @Test(arguments: hostile.keys.sorted())
  func hostileArchivesAreRefused(_ name: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(gzip(Self.hostile[name] ?? []), "a.tar.gz")
    let error = datasetError { _ = try TarArchive.members(of: path, wanted: ["a.bin": 512]) }
    #expect(error?.kind == .badData)
  }
}
