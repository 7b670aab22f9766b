import Foundation
import MartletDatasets
import MartletTensors

/// Small data sets in the official layouts, with checksums of their own.
enum SmallCards {
  static let idxContents: [String: [UInt8]] = [
    "train-images": idx([6, 4, 4], noise(96, seed: 11)),
    "train-labels": idx([6], [0, 1, 2, 0, 1, 2]),
    "test-images": idx([2, 4, 4], noise(32, seed: 12)),
    "test-labels": idx([2], [2, 0]),
  ]

  static func idxCard(urls: [String] = ["https://one.example/", "https://two.example/"]) -> DatasetCard {
    let names = ["train-images", "train-labels", "test-images", "test-labels"]
    return card(
      id: "small", format: .idx, classes: ["a", "b", "c"], shape: [4, 4, 1],
      files: names.map { ($0, $0.hasPrefix("train") ? .train : .test, idxContents[$0] ?? []) },
      downloads: names.map { name in
        DatasetCard.Download(
          name: name + ".gz", size: 200, sha256: nil, urls: urls.map { $0 + name + ".gz" }, contents: [name])
      })
  }

  static func record(_ labels: [UInt8], seed: UInt64) -> [UInt8] { labels + noise(3072, seed: seed) }

  static let cifarContents: [String: [UInt8]] = [
    "train.bin": record([3, 40], seed: 21) + record([19, 99], seed: 22),
    "test.bin": record([0, 7], seed: 23),
  ]

  static var cifarArchive: [UInt8] {
    gzip(
      tarEntry("small/", [], type: "5") + tarEntry("small/test.bin", cifarContents["test.bin"] ?? [])
        + tarEntry("small/readme", [1, 2, 3]) + tarEntry("small/train.bin", cifarContents["train.bin"] ?? [])
        + tarEnd())
  }

  static func cifarCard(coarse: Bool = false) -> DatasetCard {
    card(
      id: "small100", format: .cifar(classes: [20, 100]), classes: (0..<(coarse ? 20 : 100)).map { "c\($0)" },
      shape: [32, 32, 3],
      files: [
        ("train.bin", .train, cifarContents["train.bin"] ?? []),
        ("test.bin", .test, cifarContents["test.bin"] ?? []),
      ],
      downloads: [
        DatasetCard.Download(
          name: "small.tar.gz", size: 20_000, sha256: nil, urls: ["https://one.example/small.tar.gz"],
          contents: ["train.bin", "test.bin"])
      ], labelLevel: coarse ? 0 : 1)
  }

  private static func card(
    id: String, format: DatasetCard.Format, classes: [String], shape: [Int],
    files: [(String, DatasetCard.Part, [UInt8])], downloads: [DatasetCard.Download], labelLevel: Int = 0
  ) -> DatasetCard {
    DatasetCard(
      id: id, title: "Small", summary: "", license: "", homepage: "", citation: "", classNames: classes,
      imageShape: shape, trainCount: 0, testCount: 0, storageID: id, format: format,
      files: files.map {
        DatasetCard.File(name: $0.0, part: $0.1, size: $0.2.count, sha256: SourceFile.digest(of: $0.2))
      },
      downloads: downloads, folders: ["small"], systemFolders: [], labelLevel: labelLevel)
  }
}

/// Serves bytes by address instead of the network, and notes what was asked for.
final class FakeNetwork: Sendable {
  typealias Answer = @Sendable (_ request: FetchRequest, _ attempt: Int) throws(DatasetError) -> Void
  private let asked = Guarded<[String]>([])
  private let answer: Answer

  init(_ answer: @escaping Answer) { self.answer = answer }

  var requests: [String] { asked.withLock { $0 } }

  var fetcher: Fetcher {
    { (request) throws(DatasetError) in
      let attempt = self.asked.withLock { asked in
        asked.append(request.url)
        return asked.count
      }
      try self.answer(request, attempt)
    }
  }

  static func good(_ url: String) -> [UInt8] {
    let name = URL(fileURLWithPath: url).lastPathComponent
    if name == "small.tar.gz" { return SmallCards.cifarArchive }
    return gzip(SmallCards.idxContents[String(name.dropLast(3))] ?? [])
  }

  static func append(_ bytes: some Sequence<UInt8>, to path: String) {
    let old = (try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()
    try? (old + Data(bytes)).write(to: URL(fileURLWithPath: path))
  }

  static func length(_ path: String) -> Int { (try? Data(contentsOf: URL(fileURLWithPath: path)).count) ?? 0 }

  static let failure = DatasetError(.couldNotFetch, at: "network", expected: "bytes", received: "none")

  /// Delivers what is missing.
  static var working: FakeNetwork {
    FakeNetwork { (request, _) throws(DatasetError) in
      append(good(request.url).dropFirst(length(request.destination)), to: request.destination)
    }
  }

  static var broken: FakeNetwork { FakeNetwork { (_, _) throws(DatasetError) in throw failure } }
}
