import Foundation
import MartletDatasets
import MartletTensors
import Synchronization
import Testing

struct DatasetStoreTests {
  private func store(_ cache: TemporaryFolder, _ network: FakeNetwork, data: String? = nil) -> DatasetStore {
    var environment = ["MARTLET_CACHE": cache.path + "/cache"]
    environment["MARTLET_DATA"] = data
    return DatasetStore(environment: environment, fetcher: network.fetcher)
  }

  private func cached(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache").sorted()
  }

  private func writeFiles(_ folder: TemporaryFolder, compressed: Bool = false) throws {
    for (name, bytes) in SmallCards.idxContents {
      try folder.write(compressed ? gzip(bytes) : bytes, "small/" + name + (compressed ? ".gz" : ""))
    }
  }

  private func checkContents(_ data: TrainTest) {
    #expect(data.train.labels == [0, 1, 2, 0, 1, 2])
    #expect(data.test.labels == [2, 0])
    #expect(data.train.imageShape == [4, 4, 1])
    for index in 0..<6 {
      let expected = SmallCards.idxContents["train-images"]?.dropFirst(16 + 16 * index).prefix(16)
      #expect(data.train.image(at: index).scalars == expected.map { Array($0) })
    }
  }

  @Test func downloadsOnceAndLeavesNothingBehind() throws {
    let folder = try TemporaryFolder()
    let network = FakeNetwork.working
    for _ in 0..<3 {
      let data = try store(folder, network).load(SmallCards.idxCard())
      checkContents(data)
      #expect(data.train.isOfficial && data.train.isVerifiable)
      try data.train.verify()
    }
    #expect(network.requests.count == 4)
    #expect(try cached(folder) == ["small-official.lock", "small-official.test", "small-official.train"])
    #expect(try store(folder, network).location(of: SmallCards.idxCard()) == folder.path + "/cache")
  }

  @Test func archivesGiveBothLevels() throws {
    let folder = try TemporaryFolder()
    let network = FakeNetwork.working
    let fine = try store(folder, network).load(SmallCards.cifarCard())
    let coarse = try store(folder, network).load(SmallCards.cifarCard(coarse: true))
    #expect(fine.train.labels == [40, 99] && coarse.train.labels == [3, 19])
    #expect(fine.test.image(at: 0) == coarse.test.image(at: 0))
    #expect(fine.train.image(at: 1).scalars[1] == SmallCards.cifarContents["train.bin"]?[3074 + 2 + 1024])
    #expect(network.requests.count == 1)
  }

  @Test func anInterruptedDownloadIsContinued() throws {
    let folder = try TemporaryFolder()
    let cut = FakeNetwork { (request, _) throws(DatasetError) in
      FakeNetwork.append(FakeNetwork.good(request.url).prefix(30), to: request.destination)
      throw FakeNetwork.failure
    }
    let card = SmallCards.idxCard(urls: ["https://one.example/"])
    let error = datasetError { _ = try store(folder, cut).load(card) }
    #expect(error?.kind == .couldNotFetch)
    #expect(try cached(folder).filter { $0.hasSuffix(".part") }.count == 1)
    let starts = Guarded<[Int]>([])
    let rest = FakeNetwork { (request, _) throws(DatasetError) in
      let length = FakeNetwork.length(request.destination)
      starts.withLock { $0.append(length) }
      FakeNetwork.append(FakeNetwork.good(request.url).dropFirst(length), to: request.destination)
    }
    checkContents(try store(folder, rest).load(card))
    #expect(starts.withLock { $0 } == [30, 0, 0, 0])
    #expect(try cached(folder).filter { $0.contains(".part") }.isEmpty)
  }

  @Test func leftoversOfAKilledProcessAreTakenOver() throws {
    let folder = try TemporaryFolder()
    let killed = FakeNetwork { (request, _) throws(DatasetError) in
      // As if the process had died here: the private file stays under the name of a process that is gone.
      let name = request.destination
        .replacingOccurrences(of: "-\(getpid())-", with: "-2147483646-")
      FakeNetwork.append(FakeNetwork.good(request.url).prefix(20), to: name)
      throw FakeNetwork.failure
    }
    let card = SmallCards.idxCard(urls: ["https://one.example/"])
    _ = datasetError { _ = try store(folder, killed).load(card) }
    #expect(try cached(folder).contains { $0.contains("-2147483646-") })
    checkContents(try store(folder, FakeNetwork.working).load(card))
    #expect(try cached(folder).filter { $0.contains(".part") }.isEmpty)
  }

  /// The time of day can be set: what a living process downloads stays its own however old it looks; another
  /// machine's file is taken over once nobody has written to it for long.
  @Test(arguments: [true, false]) func onlyAbandonedFilesAreTakenOver(here: Bool) throws {
    let folder = try TemporaryFolder()
    let host = ProcessInfo.processInfo.hostName
    let other = FakeNetwork { (request, _) throws(DatasetError) in
      let name = request.destination.replacingOccurrences(
        of: "-\(host)-\(getpid())-", with: here ? "-\(host)-1-" : "-elsewhere-1-")
      FakeNetwork.append(FakeNetwork.good(request.url).prefix(20), to: name)
      try? FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 4e8)], ofItemAtPath: name)
      throw FakeNetwork.failure
    }
    let card = SmallCards.idxCard(urls: ["https://one.example/"])
    _ = datasetError { _ = try store(folder, other).load(card) }
    let starts = Guarded<[Int]>([])
    let working = FakeNetwork { (request, _) throws(DatasetError) in
      let length = FakeNetwork.length(request.destination)
      starts.withLock { $0.append(length) }
      FakeNetwork.append(FakeNetwork.good(request.url).dropFirst(length), to: request.destination)
    }
    checkContents(try store(folder, working).load(card))
    #expect(starts.withLock { $0 } == [here ? 0 : 20, 0, 0, 0])
    #expect(try cached(folder).count { $0.contains(".part") } == (here ? 1 : 0))
  }

  /// What a bad source can deliver instead of the file.
  static let deliveries: [String: @Sendable ([UInt8]) -> [UInt8]] = [
    "nothing": { _ in [] },
    "truncated": { Array($0.dropLast(5)) },
    "one bit": { bytes in
      var bytes = bytes
      bytes[bytes.count / 2] ^= 4
      return bytes
    },
    "a page": { _ in Array("<html>Sign in to the network</html>".utf8) },
    "longer": { $0 + [1] },
    "another file": { _ in gzip(idx([1], [0])) },
  ]

  @Test(arguments: deliveries.keys.sorted())
  func wrongBytesGoToTheNextSource(_ what: String) throws {
    let folder = try TemporaryFolder()
    let spoil = try #require(Self.deliveries[what])
    let network = FakeNetwork { (request, _) throws(DatasetError) in
      let good = FakeNetwork.good(request.url)
      FakeNetwork.append(request.url.contains("one.example") ? spoil(good) : good, to: request.destination)
    }
    var warnings = 0
    let data = try store(folder, network).load(SmallCards.idxCard()) { if $0.isWarning { warnings += 1 } }
    checkContents(data)
    #expect(warnings == 4)
    #expect(try cached(folder) == ["small-official.lock", "small-official.test", "small-official.train"])

    let empty = try TemporaryFolder()
    let only = SmallCards.idxCard(urls: ["https://one.example/"])
    let error = datasetError { _ = try store(empty, network).load(only) }
    #expect(error?.kind == .couldNotFetch)
    #expect(error?.description.contains("--data DIR") == true)
    #expect(try cached(empty) == ["small-official.lock"])
  }

  @Test func localFilesAreUsedAndCached() throws {
    for compressed in [false, true] {
      let folder = try TemporaryFolder()
      try writeFiles(folder, compressed: compressed)
      for directory in [folder.path, folder.path + "/small"] {
        var events: [DatasetEvent] = []
        let data = try store(folder, .broken).load(SmallCards.idxCard(), from: directory) {
          events.append($0)
        }
        checkContents(data)
        #expect(data.train.isOfficial && data.train.isVerifiable)
        #expect(events.allSatisfy { !$0.isWarning })
      }
      checkContents(try store(folder, .broken, data: folder.path).load(SmallCards.idxCard()))
      // The same files, whichever way they were named.
      #expect(try cached(folder).count == 3)
    }
  }

  @Test func anotherCopyIsUsedWithAWarning() throws {
    let folder = try TemporaryFolder()
    try writeFiles(folder)
    try folder.write(idx([2], [1, 1]), "small/test-labels")
    for _ in 0..<2 {
      var events: [DatasetEvent] = []
      let data = try store(folder, .broken).load(SmallCards.idxCard(), from: folder.path) {
        events.append($0)
      }
      #expect(data.test.labels == [1, 1] && !data.train.isOfficial)
      #expect(events.filter(\.isWarning) == [.notOfficial(dataset: "Small", path: folder.path + "/small")])
    }
    // Changed files are noticed.
    try folder.write(idx([2], [0, 0]), "small/test-labels")
    #expect(try store(folder, .broken).load(SmallCards.idxCard(), from: folder.path).test.labels == [0, 0])
  }

  /// Archives are unpacked to a folder for each file, which may have the file's other name.
  @Test func foldersNamedLikeFilesAreNoFiles() throws {
    let folder = try TemporaryFolder()
    try writeFiles(folder, compressed: true)
    try FileManager.default.createDirectory(
      atPath: folder.path + "/small/train-images", withIntermediateDirectories: true)
    checkContents(try store(folder, .broken).load(SmallCards.idxCard(), from: folder.path))
  }

  @Test func filesThatWereMixedUpAreNamed() throws {
    let folder = try TemporaryFolder()
    try writeFiles(folder)
    try folder.write(SmallCards.idxContents["test-labels"] ?? [], "small/train-labels")
    let error = datasetError { _ = try store(folder, .broken).load(SmallCards.idxCard(), from: folder.path) }
    #expect(
      error?.description.contains("expected bytes of train-labels, received those of test-labels") == true)
  }

  @Test func brokenLocalFilesAreErrors() throws {
    let folder = try TemporaryFolder()
    func kind() -> DatasetError.Kind? {
      datasetError { _ = try store(folder, .working).load(SmallCards.idxCard(), from: folder.path) }?.kind
    }
    #expect(kind() == .badData)
    try writeFiles(folder)
    try folder.write(Array((SmallCards.idxContents["test-images"] ?? []).dropLast()), "small/test-images")
    #expect(kind() == .badData)
    try FileManager.default.removeItem(atPath: folder.path + "/small/test-images")
    let missing = datasetError {
      _ = try store(folder, .working).load(SmallCards.idxCard(), from: folder.path)
    }
    #expect(missing?.description.contains("test-images") == true)
    try folder.write(gzip([1, 2, 3]), "small/test-images.gz")
    #expect(kind() == .badData)
  }

  @Test func anUnwritableCacheIsNoObstacleForLocalFiles() throws {
    let folder = try TemporaryFolder()
    try writeFiles(folder)
    try folder.write([1], "cache")
    var events: [DatasetEvent] = []
    let data = try store(folder, .broken).load(SmallCards.idxCard(), from: folder.path) { events.append($0) }
    checkContents(data)
    #expect(!data.train.isVerifiable)
    #expect(events.contains { if case .notCached = $0 { true } else { false } })
    let error = datasetError { _ = try store(folder, .working).load(SmallCards.idxCard()) }
    #expect(error?.kind == .cannotWrite)
    #expect(error?.description.contains("MARTLET_CACHE") == true)
  }

  @Test func damageInTheCacheIsFoundAndMended() throws {
    let folder = try TemporaryFolder()
    let card = SmallCards.idxCard()
    _ = try store(folder, .working).load(card)
    let path = folder.path + "/cache/small-official.train"
    let whole = try InputFile.contents(of: path, limit: 1 << 20)
    for place in [4096, 4096 + 50, whole.count - 1] {
      var bytes = whole
      bytes[place] ^= 1
      if place == whole.count - 1 { bytes[place] = 0 }
      try AtomicFile.write(bytes, to: path)
      let data = try store(folder, .broken).load(card)
      let error = datasetError { try data.train.verify() }
      #expect(error?.kind == .badData && error?.place == path)
      try data.test.verify()
      checkContents(try store(folder, .working).load(card))
    }
    // A file that is not whole is never mapped.
    for length in [0, 10, 4096, whole.count - 1] {
      try AtomicFile.write(Array(whole.prefix(length)), to: path)
      checkContents(try store(folder, .working).load(card))
    }
  }

  @Test func manyAtOnceShareOneColdCache() throws {
    for _ in 0..<5 {
      let folder = try TemporaryFolder()
      let network = FakeNetwork { (request, _) throws(DatasetError) in
        for byte in FakeNetwork.good(request.url).dropFirst(FakeNetwork.length(request.destination)) {
          FakeNetwork.append([byte], to: request.destination)
        }
      }
      let store = store(folder, network)
      let right = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        if let data = try? store.load(SmallCards.idxCard()), data.train.labels == [0, 1, 2, 0, 1, 2],
          (try? data.train.verify()) != nil
        {
          right.add(1, ordering: .relaxed)
        }
      }
      #expect(right.load(ordering: .relaxed) == 8)
      #expect(network.requests.count == 4, "the lock saves the work of the others")
      #expect(try cached(folder) == ["small-official.lock", "small-official.test", "small-official.train"])
    }
  }

  @Test func correctnessDoesNotNeedTheLock() throws {
    let folder = try TemporaryFolder()
    _ = try store(folder, .working).load(SmallCards.idxCard())
    try FileManager.default.removeItem(atPath: folder.path + "/cache")
    // A folder in the place of the lock file: it cannot be opened, so nobody waits for anybody.
    try FileManager.default.createDirectory(
      atPath: folder.path + "/cache/small-official.lock", withIntermediateDirectories: true)
    let store = store(folder, .working)
    let right = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      if let data = try? store.load(SmallCards.idxCard()), (try? data.train.verify()) != nil {
        right.add(1, ordering: .relaxed)
      }
    }
    #expect(right.load(ordering: .relaxed) == 8)
    checkContents(try store.load(SmallCards.idxCard()))
    #expect(try cached(folder).filter { $0.contains("part") }.isEmpty)
  }
}
