import Foundation
import MartletTensors

/// The folder of unpacked data sets, shared by any number of processes.
///
/// A slot is a data set from one source; its files appear whole through a rename. Locks only save work: where
/// they do nothing, two processes do the same work and the later rename wins with the same bytes.
package struct DatasetCache: Sendable {
  package let folder: String

  package init(environment: [String: String]) {
    func folder(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
    if let own = folder("MARTLET_CACHE") {
      self.folder = own
    } else if let shared = folder("XDG_CACHE_HOME") {
      self.folder = shared + "/martlet"
    } else {
      self.folder = (folder("HOME") ?? NSHomeDirectory()) + "/.cache/martlet"
    }
  }

  package func path(slot: String, part: DatasetCard.Part) -> String { "\(folder)/\(slot).\(part.rawValue)" }

  /// Both halves from the cache; nil where they are not there or not whole.
  package func open(slot: String, card: DatasetCard) -> [DatasetCard.Part: CacheFile]? {
    var files: [DatasetCard.Part: CacheFile] = [:]
    for part in DatasetCard.Part.allCases {
      guard let file = CacheFile(path: path(slot: slot, part: part)), file.shape == card.imageShape,
        file.levels == card.labelLevels.count
      else { return nil }
      files[part] = file
    }
    return files
  }

  /// Makes the folder.
  package func create() throws(DatasetError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw unwritable((error as NSError).localizedDescription)
    }
    guard access(folder, W_OK | X_OK) == 0 else { throw unwritable(String(cString: strerror(errno))) }
  }

  /// Stores both halves of a slot.
  package func write(
    _ content: DatasetContent, slot: String, card: DatasetCard
  ) throws(DatasetError) -> [DatasetCard.Part: CacheFile] {
    do {
      for (part, images) in content.parts {
        try CacheFile.write(images, isOfficial: content.isOfficial, to: path(slot: slot, part: part))
      }
    } catch {
      throw DatasetError(error, hint: Self.hint)
    }
    guard let files = open(slot: slot, card: card) else {
      throw unwritable("the files written there cannot be read again")
    }
    return files
  }

  /// Runs `body` while other processes that prepare the slot wait, as far as the file system can do it.
  package func withLock<Result>(
    slot: String, waiting: () -> Void, _ body: () throws(DatasetError) -> Result
  ) throws(DatasetError) -> Result {
    // Never removed: a removed lock file would let two processes lock two different files.
    let descriptor = Foundation.open("\(folder)/\(slot).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    defer { if descriptor >= 0 { close(descriptor) } }
    if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      waiting()
      // After the longest sensible wait it goes on alone, which is correct, only slower.
      for _ in 0..<Self.longestWait * 20 {
        usleep(50_000)
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { break }
      }
    }
    return try body()
  }

  /// In seconds.
  private static let longestWait = 1800
  private static let hint = "set MARTLET_CACHE to a folder you can write to"

  private func unwritable(_ reason: String) -> DatasetError {
    DatasetError(
      .cannotWrite, at: folder, expected: "a cache folder that can be written", received: reason,
      hint: Self.hint)
  }
}
