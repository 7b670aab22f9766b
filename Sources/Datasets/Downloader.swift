import Foundation
import MartletTensors
import Synchronization

/// Fetches the files of a data set from the first of their sources that delivers the right bytes.
///
/// What arrives goes to a file of this process alone; what an interrupted download left behind is taken
/// over through a rename, which only one process can win.
package struct Downloader {
  private let folder: String
  private let fetcher: Fetcher
  private let observer: DatasetObserver?

  private static let serial = Atomic<Int>(0)
  /// Seconds after which another machine's file that nobody has written to belongs to nobody.
  private static let abandonedAfter = 600

  package init(folder: String, fetcher: @escaping Fetcher, observer: DatasetObserver?) {
    self.folder = folder
    self.fetcher = fetcher
    self.observer = observer
  }

  /// Fetches, checks and decodes all files of a data set.
  package func content(of card: DatasetCard) throws(DatasetError) -> DatasetContent {
    switch card.format {
    case .cifar:
      return try fetch(card.downloads[0], of: card) { (path) throws(DatasetError) in
        let content = try LocalFiles.content(ofArchive: path, card: card)
        guard content.isOfficial else {
          throw DatasetError(
            .badData, at: path, expected: "the published checksums of \(card.title)", received: "others")
        }
        return content
      }
    case .idx:
      var contents: [String: [UInt8]] = [:]
      for (download, file) in zip(card.downloads, card.files) {
        contents[file.name] = try fetch(download, of: card) { (path) throws(DatasetError) in
          let bytes = try SourceFile.contents(of: path, limit: file.size)
          let digest = SourceFile.digest(of: bytes)
          guard digest == file.sha256 else {
            throw DatasetError(.badData, at: path, expected: "SHA-256 \(file.sha256)", received: digest)
          }
          return bytes
        }
      }
      return try DatasetContent(&contents, of: card, isTrusted: true) { $0 }
    }
  }

  /// Fetches one file and hands it to `accept`, which throws where the bytes are wrong.
  private func fetch<Result>(
    _ download: DatasetCard.Download, of card: DatasetCard,
    accept: (String) throws(DatasetError) -> Result
  ) throws(DatasetError) -> Result {
    var failures: [String] = []
    for url in download.urls {
      do throws(DatasetError) {
        return try fetch(url, download, of: card, accept: accept)
      } catch  where error.kind == .cannotWrite {
        throw error
      } catch {
        failures.append(error.description)
        observer?(.sourceFailed(file: download.name, reason: error.description))
      }
    }
    throw DatasetError(
      .couldNotFetch, at: "\(card.title), \(download.name)", expected: "a download from one of its sources",
      received: failures.joined(separator: "; "),
      hint: "check the connection, or fetch \(download.urls[0]) by other means and name its folder "
        + "(--data DIR or MARTLET_DATA)")
  }

  private func fetch<Result>(
    _ url: String, _ download: DatasetCard.Download, of card: DatasetCard,
    accept: (String) throws(DatasetError) -> Result
  ) throws(DatasetError) -> Result {
    var digest = SHA256()
    digest.update(Array(url.utf8))
    let shared = "\(folder)/\(card.storageID)-\(download.name)-\(digest.hexDigest().prefix(8)).part"
    let number = Self.serial.add(1, ordering: .relaxed).newValue
    let own = "\(shared)-\(ProcessInfo.processInfo.hostName)-\(getpid())-\(number)"
    takeOver(shared: shared, as: own)
    let resumed = Self.size(of: own)
    observer?(.downloading(file: download.name, url: url, size: download.size))
    let request = FetchRequest(
      url: url, destination: own, sizeLimit: download.size + download.size / 10 + 65_536,
      progress: { observer?(.progress(file: download.name, received: $0, size: download.size)) })
    do {
      try fetcher(request)
    } catch {
      // What came will be continued next time, unless continuing is what failed.
      if Self.size(of: own) > resumed {
        rename(own, shared)
      } else {
        unlink(own)
        if resumed > 0 { return try fetch(url, download, of: card, accept: accept) }
      }
      throw error
    }
    defer { unlink(own) }
    do throws(DatasetError) {
      return try accept(own)
    } catch  where resumed > 0 && error.kind == .badData {
      // The old beginning may have been at fault: once more, from nothing.
      unlink(own)
      return try fetch(url, download, of: card, accept: accept)
    }
  }

  /// Takes over what an interrupted download of the same file left behind.
  private func takeOver(shared: String, as own: String) {
    if rename(shared, own) == 0 { return }
    let prefix = URL(fileURLWithPath: shared).lastPathComponent + "-"
    let host = prefix + ProcessInfo.processInfo.hostName + "-"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.hasPrefix(prefix) {
      var status = stat()
      guard stat("\(folder)/\(name)", &status) == 0 else { continue }
      #if canImport(Darwin)
        let written = Int(status.st_mtimespec.tv_sec)
      #else
        let written = Int(status.st_mtim.tv_sec)
      #endif
      let owner = name.hasPrefix(host) ? name.dropFirst(host.count).split(separator: "-").first : nil
      // The time of day can be set: it decides only where nothing else tells.
      let isOrphan = owner.flatMap { Int32($0) }.map { kill($0, 0) != 0 && errno == ESRCH }
      guard isOrphan ?? (time(nil) - written > Self.abandonedAfter) else { continue }
      if rename("\(folder)/\(name)", own) == 0 { return }
    }
  }

  /// The bytes of a file; 0 where there is none.
  static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}
