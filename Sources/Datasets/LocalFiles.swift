import Foundation
import MartletTensors

/// The files of a data set, found in a folder in the official layout.
package struct LocalFiles: Sendable {
  /// The folder in which they lie.
  package let folder: String
  /// The path of each file by its official name, or of the archive that holds them all.
  private let paths: [String: String]
  private let archive: String?

  /// Looks in a folder and in the usual folders below it; nil where no file is found.
  package init?(of card: DatasetCard, in directory: String) throws(DatasetError) {
    for below in card.folders + [""] {
      let folder = below.isEmpty ? directory : "\(directory)/\(below)"
      var paths: [String: String] = [:]
      for file in card.files {
        paths[file.name] = Self.variants(of: file.name).map { "\(folder)/\($0)" }.first(where: Self.exists)
      }
      if !paths.isEmpty {
        let missing = card.files.map(\.name).filter { paths[$0] == nil }
        guard missing.isEmpty else {
          throw DatasetError(
            .badData, at: folder, expected: "all \(card.files.count) files of \(card.title)",
            received: "none named " + missing.joined(separator: ", ") + " (plain or .gz)")
        }
        for names in card.nameFiles where Self.exists("\(folder)/\(names.name)") {
          paths[names.name] = "\(folder)/\(names.name)"
        }
        self.folder = folder
        self.paths = paths
        archive = nil
        return
      }
      if case .cifar = card.format, let name = card.downloads.first?.name, Self.exists("\(folder)/\(name)") {
        self.folder = folder
        self.paths = [:]
        archive = "\(folder)/\(name)"
        return
      }
    }
    return nil
  }

  /// Reads and checks everything.
  package func content(of card: DatasetCard) throws(DatasetError) -> DatasetContent {
    if let archive { return try Self.content(ofArchive: archive, card: card) }
    var contents: [String: [UInt8]] = [:]
    for file in card.files {
      guard let path = paths[file.name] else { continue }
      contents[file.name] = try SourceFile.contents(of: path, limit: file.size)
    }
    for names in card.nameFiles {
      guard let path = paths[names.name] else { continue }
      contents[names.name] = try SourceFile.contents(of: path, limit: DatasetCard.NameFile.sizeLimit)
    }
    return try DatasetContent(&contents, of: card, isTrusted: false) { paths[$0] ?? $0 }
  }

  /// Reads and checks an archive with all files.
  package static func content(
    ofArchive path: String, card: DatasetCard
  ) throws(DatasetError) -> DatasetContent {
    let digest: String
    do { digest = try SHA256.hexDigest(ofFile: path) } catch { throw DatasetError(error) }
    let wanted = Dictionary(
      uniqueKeysWithValues: card.files.map { ($0.name, $0.size) }
        + card.nameFiles.map { ($0.name, DatasetCard.NameFile.sizeLimit) })
    var contents = try TarArchive.members(of: path, wanted: wanted)
    return try DatasetContent(&contents, of: card, isTrusted: digest == card.downloads.first?.sha256) {
      "\(path): \($0)"
    }
  }

  /// A name for the files as they are now: another size, time or place gives another name.
  package var identity: String {
    var digest = SHA256()
    for path in paths.sorted(by: { $0.key < $1.key }).map(\.value) + (archive.map { [$0] } ?? []) {
      var status = stat()
      guard stat(path, &status) == 0 else { continue }
      #if canImport(Darwin)
        let time = status.st_mtimespec
      #else
        let time = status.st_mtim
      #endif
      let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      digest.update(
        Array("\(resolved) \(status.st_ino) \(status.st_size) \(time.tv_sec).\(time.tv_nsec)\n".utf8))
    }
    return String(digest.hexDigest().prefix(16))
  }

  /// The names under which a file is commonly stored.
  private static func variants(of name: String) -> [String] {
    let dotted = name.replacingOccurrences(of: "-idx", with: ".idx")
    return [name, name + ".gz"] + (dotted == name ? [] : [dotted, dotted + ".gz"])
  }

  /// Whether there is anything but a folder: archives are unpacked to folders named like the files in them.
  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
  }
}
