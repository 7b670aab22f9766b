import MartletDatasets
import MartletImages
import MartletTensors

/// The images of a training, from the catalog or from a folder of pictures, before any sampling.
package struct SystemData {
  /// The name for people.
  package let title: String
  package let train: ImageDataset
  package let test: ImageDataset
  /// What a network trained on these images expects of others.
  package let preparation: DataPreparation
  /// The images that a network of another training never saw: the test images; all of a folder without such.
  package let unseen: ImageDataset
  /// The pictures of a folder that were left out because they cannot be decoded.
  package private(set) var skippedCount = 0

  /// Whether the name is that of a folder of pictures.
  package static func isFolder(_ dataset: String) -> Bool { folder(dataset) != nil }

  /// The path of a folder of pictures that is named as a data set, `folder:PATH`; nil for other names.
  static func folder(_ dataset: String) -> String? {
    let prefix = "folder:"
    return dataset.hasPrefix(prefix) ? String(dataset.dropFirst(prefix.count)) : nil
  }

  /// Loads the images that a training is to use.
  ///
  /// A folder without test images has a fifth of each class held out as such.
  ///
  /// - Parameters:
  ///   - conversion: What becomes of a folder's pictures, instead of the size alone.
  ///   - threads: How many threads decode pictures.
  package init(
    _ dataset: String, size: FolderSize?, conversion: ImageConversion? = nil,
    onCorrupt: ImageFolder.CorruptImages, directory: String?, threads: Int,
    observer: @escaping DatasetObserver
  ) throws {
    guard let path = Self.folder(dataset) else {
      guard size == nil else {
        throw SettingError(
          at: "--image-size", expected: "a folder of pictures as data set", received: dataset,
          hint: "the images of \(dataset) have their size")
      }
      let card = try DatasetCatalog.card(dataset)
      let data = try DatasetCatalog.load(card.id, from: directory, observer: observer)
      self.init(title: card.title, data.train, data.test)
      return
    }
    let folder = try ImageFolder.load(
      path, size: conversion.map { ($0.height, $0.width) } ?? size.map { ($0.height, $0.width) },
      channels: conversion?.channels, resizing: conversion?.method ?? .automatic,
      fit: conversion?.fit ?? .stretch, onCorrupt: onCorrupt, threads: threads, observer: observer)
    guard let test = folder.test else {
      let (train, heldOut) = try Self.holdingOut(folder.train, at: path)
      self.init(title: path, train, heldOut, unseen: folder.train)
      skippedCount = folder.skippedCount
      return
    }
    self.init(title: path, folder.train, test)
    skippedCount = folder.skippedCount
  }

  private init(title: String, _ train: ImageDataset, _ test: ImageDataset, unseen: ImageDataset? = nil) {
    self.title = title
    self.train = train
    self.test = test
    self.unseen = unseen ?? test
    preparation = train.preparation
  }

  private static func holdingOut(_ images: ImageDataset, at path: String) throws(DatasetError) -> TrainTest {
    do {
      let parts = try images.split(.stratified(0.2, seed: 42))
      return (parts.rest, parts.heldOut)
    } catch {
      throw DatasetError(
        .badData, at: path, expected: "enough pictures to hold out a fifth of each class as test images",
        received: "\(images.count) of \(images.classNames.count) classes",
        hint: "add a folder test/CLASS or more pictures")
    }
  }

  /// The classes of the training that no test image shows.
  package var untestedClasses: [String] {
    zip(test.classNames, zip(train.classCounts, test.classCounts)).filter { $1.0 > 0 && $1.1 == 0 }.map(\.0)
  }

  /// What tells these images from others.
  package var digest: String {
    var digest = SHA256()
    for part in [train, test] { digest.update(Array(part.contentDigest.utf8)) }
    return digest.hexDigest()
  }
}

extension ImageFolder.CorruptImages {
  /// The words for options.
  package static let help = allCases.map(\.rawValue).joined(separator: " or ")

  /// Reads the word that options and run folders use.
  package init(parsing text: String) throws {
    guard let word = Self(rawValue: text) else {
      throw SettingError(
        at: "--corrupt-images", expected: Self.help, received: text,
        hint: "skip leaves them out and says which")
    }
    self = word
  }
}

/// The size that the pictures of a folder are brought to, as written in options and run folders: `64` or
/// `48x64` (rows, columns).
package struct FolderSize: Equatable, Sendable {
  package let height: Int
  package let width: Int

  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  package init(parsing text: String) throws {
    let extents = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...2).contains(extents.count), extents.allSatisfy({ (1...4096).contains($0) }) else {
      throw SettingError(
        at: "--image-size", expected: "pixels, as 64 or 48x64 (rows, columns)", received: text,
        hint: "32 to 128 are usual")
    }
    height = extents[0]
    width = extents[extents.count - 1]
  }

  package var text: String { "\(height)x\(width)" }
}
