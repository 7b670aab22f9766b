import Foundation
import MartletDatasets
import MartletTensors

/// A picture of a class folder.
struct PictureFile: Sendable {
  let path: String
  let label: Int
  /// Size and time of the last change, as a text that another version of the file does not have.
  let stamp: String
}

/// The pictures of a folder with a folder for each class, in an order that mixes the classes.
struct FolderListing: Sendable {
  let folder: String
  let classNames: [String]
  let files: [PictureFile]

  /// Lists the pictures below the class folders, however deep.
  ///
  /// - Parameters:
  ///   - folder: Holds the class folders; hidden ones do not count.
  ///   - known: The classes, where another folder has decided them; else the sorted names of the folders.
  ///   - limit: The most pictures taken; nil for all.
  init(
    _ folder: String, classes known: [String]? = nil, limit: Int?, observer: DatasetObserver?
  ) throws(DatasetError) {
    let found = try Self.folders(in: folder)
    if let known, let unknown = found.first(where: { !known.contains($0) }) {
      throw DatasetError(
        .badData, at: "\(folder)/\(unknown)", expected: "a class of the training images",
        received: "a class that they lack",
        hint: nearestName(to: unknown, among: known).map { "did you mean \($0)?" })
    }
    guard Set(found).count == found.count else {
      throw DatasetError(
        .badData, at: folder, expected: "class folders of different names",
        received: "two that differ only in how Unicode writes an accent", hint: "join or rename them")
    }
    guard found.count >= (known == nil ? 2 : 1) else {
      throw DatasetError(
        .badData, at: folder, expected: "a folder for each class with PNG or JPEG pictures",
        received: found.isEmpty ? "no folder" : "the folder \(found[0]) alone",
        hint: "give the folder above the classes, or one that holds train/CLASS and test/CLASS")
    }
    classNames = known ?? found
    self.folder = folder
    var files: [PictureFile] = []
    for name in found {
      let label = classNames.firstIndex(of: name) ?? 0
      let pictures = try PictureWalk(of: "\(folder)/\(name)", label: label)
      if let example = pictures.ignored.first {
        observer?(.ignored(folder: "\(folder)/\(name)", count: pictures.ignored.count, example: example))
      }
      guard !pictures.files.isEmpty else {
        throw DatasetError(
          .badData, at: "\(folder)/\(name)", expected: "at least one PNG or JPEG picture (.png, .jpg, .jpeg)",
          received: "none", hint: "remove the empty class folder or fill it")
      }
      files += pictures.files
    }
    // One fixed order, so that a part of the images has images of all classes.
    let order = RandomStream(
      seed: 0, purpose: .sample, stream: UInt64(RandomStream.streamNumber(for: "image folder"))
    ).permutation(count: files.count)
    self.files = order.prefix(limit ?? order.count).map { files[Int($0)] }
  }

  /// A name for the files as they are now.
  var identity: String {
    var digest = SHA256()
    for file in files { digest.update(Array("\(file.label) \(file.path) \(file.stamp)\n".utf8)) }
    return String(digest.hexDigest().prefix(16))
  }

  /// The folders in a folder, sorted; hidden ones do not count.
  ///
  /// - Throws: Where a name leads nowhere, as it may have been that of a class.
  static func folders(in folder: String) throws(DatasetError) -> [String] {
    let names = try names(in: folder)
    if let lost = names.first(where: { !FileManager.default.fileExists(atPath: "\(folder)/\($0)") }) {
      throw DatasetError(
        .badData, at: "\(folder)/\(lost)", expected: "a folder or a file",
        received: "a link to nothing, or a name that is not UTF-8", hint: "mend, rename or remove it")
    }
    return names.filter { isFolder("\(folder)/\($0)") }
  }

  /// The names in a folder, sorted by their bytes; hidden ones do not count.
  static func names(in folder: String) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw DatasetError(
        .badData, at: folder, expected: "a folder that can be read",
        received: FileManager.default.fileExists(atPath: folder)
          ? "a file or a closed folder" : "nothing there",
        hint: "check the path")
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}

/// Collects the pictures below a class folder, through links too, but never in a circle.
private struct PictureWalk {
  private static let extensions = ["png", "jpg", "jpeg"]
  private(set) var files: [PictureFile] = []
  /// The names of files that are no pictures.
  private(set) var ignored: [String] = []

  init(of folder: String, label: Int) throws(DatasetError) {
    try visit(folder, label: label, above: [])
  }

  private mutating func visit(
    _ folder: String, label: Int, above: [(device: dev_t, number: ino_t)]
  ) throws(DatasetError) {
    var status = stat()
    guard stat(folder, &status) == 0 else { return }
    let here = (device: status.st_dev, number: status.st_ino)
    guard !above.contains(where: { $0 == here }) else {
      throw DatasetError(
        .badData, at: folder, expected: "folders that end", received: "a link to a folder above it",
        hint: "remove the link")
    }
    for name in try FolderListing.names(in: folder) {
      let path = "\(folder)/\(name)"
      if FolderListing.isFolder(path) {
        try visit(path, label: label, above: above + [here])
      } else if Self.extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased()) {
        files.append(PictureFile(path: path, label: label, stamp: Self.stamp(of: path)))
      } else {
        ignored.append(name)
      }
    }
  }

  private static func stamp(of path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return "missing" }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    return "\(status.st_size) \(time.tv_sec).\(time.tv_nsec)"
  }
}
