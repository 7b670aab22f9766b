import Foundation
import MartletTensors

/// Finds data sets: in a folder, in the cache, in the system's package or on the network.
package struct DatasetStore: Sendable {
  package let cache: DatasetCache
  private let environment: [String: String]
  private let fetcher: Fetcher

  /// - Parameters:
  ///   - environment: Holds `MARTLET_DATA` and what names the cache folder.
  ///   - fetcher: Downloads a file.
  package init(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    fetcher: @escaping Fetcher = Curl.fetch
  ) {
    self.environment = environment
    self.fetcher = fetcher
    cache = DatasetCache(environment: environment)
  }

  /// The training and the test images of a data set.
  package func load(
    _ card: DatasetCard, from directory: String? = nil, observer: DatasetObserver? = nil
  ) throws(DatasetError) -> TrainTest {
    if let files = try chosenFiles(card, directory: directory) {
      return try local(files, card: card, slot: "\(card.storageID)-\(files.identity)", observer: observer)
    }
    if let files = cache.open(slot: officialSlot(card), card: card) { return try mapped(files, card) }
    for folder in card.systemFolders {
      if let files = try LocalFiles(of: card, in: folder) {
        return try local(files, card: card, slot: "\(card.storageID)-\(files.identity)", observer: observer)
      }
    }
    return try fetched(card, observer: observer)
  }

  /// Where `load` finds the data set without the network.
  package func location(of card: DatasetCard, directory: String? = nil) throws(DatasetError) -> String? {
    if let files = try chosenFiles(card, directory: directory) { return files.folder }
    if cache.open(slot: officialSlot(card), card: card) != nil { return cache.folder }
    for folder in card.systemFolders {
      if let files = try LocalFiles(of: card, in: folder) { return files.folder }
    }
    return nil
  }

  /// The files that the user points at; an explicit folder must hold them, `MARTLET_DATA` may.
  private func chosenFiles(_ card: DatasetCard, directory: String?) throws(DatasetError) -> LocalFiles? {
    if let directory {
      if let files = try LocalFiles(of: card, in: directory) { return files }
      throw DatasetError(
        .badData, at: directory, expected: "the files of \(card.title) (\(card.files[0].name), ...)",
        received: "a folder without them",
        hint: "they may also lie in a folder \(card.folders[0]) below it")
    }
    guard let folder = environment["MARTLET_DATA"], !folder.isEmpty else { return nil }
    return try LocalFiles(of: card, in: folder)
  }

  private func officialSlot(_ card: DatasetCard) -> String { "\(card.storageID)-official" }

  /// Unpacks local files into the cache, or into memory where the cache cannot be written.
  private func local(
    _ files: LocalFiles, card: DatasetCard, slot: String, observer: DatasetObserver?
  ) throws(DatasetError) -> TrainTest {
    func told(_ result: TrainTest) -> TrainTest {
      if !result.train.isOfficial { observer?(.notOfficial(dataset: card.title, path: files.folder)) }
      return result
    }
    if let stored = cache.open(slot: slot, card: card) { return told(try mapped(stored, card)) }
    do {
      try cache.create()
    } catch {
      observer?(.notCached(dataset: card.title, reason: error.description))
      return told(try inMemory(try files.content(of: card), card))
    }
    return try cache.withLock(
      slot: slot, waiting: { observer?(.waiting(dataset: card.title)) }
    ) { () throws(DatasetError) in
      if let stored = cache.open(slot: slot, card: card) { return told(try mapped(stored, card)) }
      observer?(.unpacking(dataset: card.title, path: files.folder))
      let content = try files.content(of: card)
      do throws(DatasetError) {
        return told(try mapped(try cache.write(content, slot: slot, card: card), card))
      } catch  where error.kind == .cannotWrite {
        observer?(.notCached(dataset: card.title, reason: error.description))
        return told(try inMemory(content, card))
      }
    }
  }

  /// Downloads the official files into the cache.
  private func fetched(_ card: DatasetCard, observer: DatasetObserver?) throws(DatasetError) -> TrainTest {
    try cache.create()
    let slot = officialSlot(card)
    return try cache.withLock(
      slot: slot, waiting: { observer?(.waiting(dataset: card.title)) }
    ) { () throws(DatasetError) in
      if let stored = cache.open(slot: slot, card: card) { return try mapped(stored, card) }
      let downloader = Downloader(folder: cache.folder, fetcher: fetcher, observer: observer)
      let content = try downloader.content(of: card)
      return try mapped(try cache.write(content, slot: slot, card: card), card)
    }
  }

  private func mapped(
    _ files: [DatasetCard.Part: CacheFile], _ card: DatasetCard
  ) throws(DatasetError) -> TrainTest {
    func dataset(_ part: DatasetCard.Part) throws(DatasetError) -> ImageDataset {
      guard let file = files[part] else { preconditionFailure("an opened slot lacks its part \(part)") }
      return try ImageDataset(
        name: "\(card.title) \(part)", classNames: card.classNames, height: file.shape[0],
        width: file.shape[1], channels: file.shape[2], storage: PixelStorage(file),
        labels: file.labels(level: card.labelLevel), isOfficial: file.isOfficial)
    }
    return (try dataset(.train), try dataset(.test))
  }

  private func inMemory(_ content: DatasetContent, _ card: DatasetCard) throws(DatasetError) -> TrainTest {
    func dataset(_ part: DatasetCard.Part) throws(DatasetError) -> ImageDataset {
      guard let images = content.parts[part] else { preconditionFailure("a content lacks its part \(part)") }
      return try ImageDataset(
        name: "\(card.title) \(part)", classNames: card.classNames, height: images.shape[0],
        width: images.shape[1], channels: images.shape[2],
        storage: PixelStorage(Array(images.pixels.joined())),
        labels: images.labelLevels[card.labelLevel].map { Int32($0) }, isOfficial: content.isOfficial)
    }
    return (try dataset(.train), try dataset(.test))
  }
}
