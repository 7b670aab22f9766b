import Foundation
import MartletDatasets
import Testing

/// CIFAR-100 end to end, on generated files in the official layout.
struct CIFAR100Tests {
  private static let trainCount = 500
  private static let testCount = 100

  private static func labels(_ record: Int) -> (coarse: UInt8, fine: UInt8) {
    (UInt8(record * 7 % 20), UInt8(record * 13 % 100))
  }

  private static func records(_ count: Int, seed: UInt64) -> [UInt8] {
    (0..<count).flatMap { record in
      [labels(record).coarse, labels(record).fine] + noise(3072, seed: seed + UInt64(record))
    }
  }

  private static let train = records(trainCount, seed: 1000)
  private static let test = records(testCount, seed: 5000)

  private func names(_ id: String) throws -> [UInt8] {
    Array(try DatasetCatalog.card(id).classNames.joined(separator: "\n").utf8) + [10]
  }

  /// Writes the files as they lie in the official archive.
  private func write(
    _ folder: TemporaryFolder, train: [UInt8] = train, test: [UInt8] = test, names: [String: [UInt8]] = [:]
  ) throws {
    try folder.write(train, "cifar-100-binary/train.bin")
    try folder.write(test, "cifar-100-binary/test.bin")
    for (name, bytes) in names { try folder.write(bytes, "cifar-100-binary/\(name)") }
  }

  private func load(_ folder: TemporaryFolder, _ id: String) throws -> TrainTest {
    let store = DatasetStore(
      environment: ["MARTLET_CACHE": folder.path + "/cache"], fetcher: FakeNetwork.broken.fetcher)
    return try store.load(try DatasetCatalog.card(id), from: folder.path)
  }

  private func check(_ data: TrainTest, _ label: (Int) -> Int) {
    #expect(data.train.count == Self.trainCount && data.test.count == Self.testCount)
    #expect(data.train.imageShape == [32, 32, 3] && !data.train.isOfficial)
    #expect((0..<Self.trainCount).allSatisfy { data.train.label(at: $0) == label($0) })
    #expect((0..<Self.testCount).allSatisfy { data.test.label(at: $0) == label($0) })
    for record in [0, 1, 250, Self.trainCount - 1] {
      let planes = noise(3072, seed: 1000 + UInt64(record))
      let pixels = data.train.image(at: record).scalars
      let expected: [UInt8] = (0..<3072).map { place in
        let (pixel, channel) = (place / 3, place % 3)
        return planes[channel * 1024 + pixel]
      }
      #expect(pixels == expected, "\(record)")
    }
  }

  @Test func bothLabelSetsComeFromTheSameFiles() throws {
    let folder = try TemporaryFolder()
    try write(
      folder,
      names: [
        "fine_label_names.txt": try names("cifar100"),
        "coarse_label_names.txt": try names("cifar100-coarse"),
      ])
    let fine = try load(folder, "cifar100")
    check(fine) { Int(Self.labels($0).fine) }
    #expect(fine.train.classNames.count == 100 && fine.train.classNames[99] == "worm")
    let coarse = try load(folder, "cifar100-coarse")
    check(coarse) { Int(Self.labels($0).coarse) }
    #expect(coarse.train.classNames.count == 20 && coarse.train.classNames[0] == "aquatic_mammals")
    // One loaded batch goes to training as it is.
    let batch = try #require(
      try DataLoader(coarse.train, batchSize: 64, augmentation: [.randomFlip(), .randomCrop()]).makeIterator()
        .next())
    #expect(batch.images.shape == [64, 32, 32, 3])
  }

  @Test func theArchiveIsReadToo() throws {
    let folder = try TemporaryFolder()
    let archive = gzip(
      tarEntry("cifar-100-binary/", [], type: "5")
        + tarEntry("cifar-100-binary/coarse_label_names.txt", try names("cifar100-coarse"))
        + tarEntry("cifar-100-binary/fine_label_names.txt", try names("cifar100"))
        + tarEntry("cifar-100-binary/test.bin", Self.test)
        + tarEntry("cifar-100-binary/train.bin", Self.train) + tarEnd(), level: 1)
    try folder.write(archive, "cifar-100-binary.tar.gz")
    check(try load(folder, "cifar100")) { Int(Self.labels($0).fine) }
    check(try load(folder, "cifar100-coarse")) { Int(Self.labels($0).coarse) }
  }

  @Test func otherNamesAreRefused() throws {
    let fine = try names("cifar100")
    let swapped = String(decoding: fine, as: UTF8.self).replacing(
      "apple\naquarium_fish", with: "aquarium_fish\napple")
    let cases: [(String, [UInt8], String)] = [
      (
        "fine_label_names.txt", Array(swapped.utf8), "class 0: expected \"apple\", received \"aquarium_fish\""
      ),
      ("fine_label_names.txt", Array(fine.dropLast(5)), "expected the names of 100 classes, received 99"),
      ("fine_label_names.txt", [], "expected the names of 100 classes, received 0"),
      ("coarse_label_names.txt", fine, "expected \"aquatic_mammals\", received \"apple\""),
      ("coarse_label_names.txt", try names("cifar100-coarse") + Array("more\n".utf8), "received 21"),
    ]
    for (name, bytes, text) in cases {
      let folder = try TemporaryFolder()
      try write(folder, names: [name: bytes])
      for id in ["cifar100", "cifar100-coarse"] {
        let error = datasetError { _ = try load(folder, id) }
        #expect(
          error?.kind == .badData && error?.description.contains(text) == true, "\(String(describing: error))"
        )
        #expect(error?.place.contains(name) == true)
      }
    }
    // Blank lines and line ends of other systems do not matter.
    let folder = try TemporaryFolder()
    let lines = String(decoding: fine, as: UTF8.self).replacing("\n", with: "\r\n") + "\r\n"
    try write(folder, names: ["fine_label_names.txt": Array(lines.utf8)])
    check(try load(folder, "cifar100")) { Int(Self.labels($0).fine) }
  }

  @Test func wrongLengthsAndLabelsAreRefused() throws {
    var wrongFine = Self.train
    wrongFine[3074 * 17 + 1] = 100
    var wrongCoarse = Self.train
    wrongCoarse[3074 * 499] = 20
    let cases: [([UInt8], String)] = [
      (Array(Self.train.dropLast()), "expected whole records of 3074 bytes, received 3073 bytes"),
      (Self.train + [1, 2], "received 2 bytes"), ([], "received an empty file"),
      (wrongFine, "at byte \(3074 * 17 + 1): expected a label from 0 to 99, received 100"),
      (wrongCoarse, "at byte \(3074 * 499): expected a label from 0 to 19, received 20"),
    ]
    for (bytes, text) in cases {
      let folder = try TemporaryFolder()
      try write(folder, train: bytes)
      for id in ["cifar100", "cifar100-coarse"] {
        let error = datasetError { _ = try load(folder, id) }
        #expect(
          error?.kind == .badData && error?.description.contains(text) == true, "\(String(describing: error))"
        )
        #expect(error?.place.contains("train.bin") == true)
      }
    }
    let folder = try TemporaryFolder()
    try folder.write(Self.train, "cifar-100-binary/train.bin")
    let error = datasetError { _ = try load(folder, "cifar100") }
    #expect(error?.description.contains("none named test.bin") == true)
  }
}
