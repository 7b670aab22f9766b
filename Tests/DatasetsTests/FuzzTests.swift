import Foundation
import MartletDatasets
import MartletTestSupport
import Testing

/// Almost right files of data sets: read or refused with a `DatasetError`, never more.
@Suite(.serialized) struct FuzzTests {
  @Test func idxImages() throws {
    let images = idx([3, 2, 3], [UInt8](repeating: 7, count: 18))
    let report = fuzz([images, idx([1, 2, 3], Array(1...6))], count: 50_000, expecting: DatasetError.self) {
      bytes in
      _ = try IDXFile.pair(
        images: bytes, at: "images", labels: idx([3], [0, 1, 2]), at: "labels", imageShape: [2, 3, 1],
        classes: 4)
    }
    check(report)
  }

  @Test func idxLabels() throws {
    let images = idx([3, 2, 3], [UInt8](repeating: 7, count: 18))
    let report = fuzz([idx([3], [0, 1, 2])], count: 50_000, expecting: DatasetError.self) { bytes in
      _ = try IDXFile.pair(
        images: images, at: "images", labels: bytes, at: "labels", imageShape: [2, 3, 1], classes: 4)
    }
    check(report)
  }

  @Test func cifar() throws {
    let record = [UInt8](repeating: 3, count: 3073)
    let report = fuzz([record, record + record], count: 20_000, expecting: DatasetError.self) { bytes in
      _ = try CIFARFile.decode(bytes, file: "batch", classes: [10])
    }
    check(report)
  }

  @Test func gzipFiles() throws {
    let folder = try TemporaryFolder()
    let seeds = [gzip(noise(900, seed: 1)), gzip([UInt8](repeating: 0, count: 60_000)), gzip([])]
    let report = fuzz(seeds, count: 4_000, expecting: DatasetError.self) { bytes in
      let path = try folder.write(bytes, "a.gz")
      let contents = try GzipReader.contents(of: path, budget: 100_000)
      if contents.count > 100_000 { throw Beyond(count: contents.count) }
    }
    check(report)
  }

  /// The archive's own bytes are changed, then compressed rightly: else a checksum would stop them all.
  @Test func tarArchives() throws {
    let folder = try TemporaryFolder()
    let seeds = [
      tarEntry("d/a.bin", noise(700, seed: 1)) + tarEntry("d/b.bin", noise(10, seed: 2)) + tarEnd(),
      tarEntry("a.bin", []) + tarEnd(),
      tarEntry("readme", noise(40, seed: 3)) + tarEntry("x/y/a.bin", noise(512, seed: 4)) + tarEnd(),
    ]
    let report = fuzz(seeds, count: 4_000, expecting: DatasetError.self) { bytes in
      let path = try folder.write(gzip(bytes, level: 1), "a.tar.gz")
      let members = try TarArchive.members(of: path, wanted: ["a.bin": 1000, "b.bin": 1000])
      for (name, contents) in members where contents.count > 1000 || !["a.bin", "b.bin"].contains(name) {
        throw Beyond(count: contents.count)
      }
    }
    check(report)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
  }

  private struct Beyond: Error { let count: Int }

  private func check(_ report: FuzzReport) {
    #expect(report.strange.isEmpty, "\(report.strange)")
    #expect(report.accepted > 0 && report.refused > 0, "\(report)")
    #expect(report.growth < 64 << 20, "\(report.growth) bytes more")
  }
}
