import Foundation

/// What is known about a named data set: its images, its classes, where it comes from.
public struct DatasetCard: Sendable {
  /// The name in commands, such as `fashion-mnist`.
  public let id: String
  /// The name for people, such as `Fashion-MNIST`.
  public let title: String
  /// What the images show, in a sentence.
  public let summary: String
  /// The terms of use, as its authors state them.
  public let license: String
  /// The page of its authors.
  public let homepage: String
  /// The publication to cite.
  public let citation: String
  /// The name of each class, by label.
  public let classNames: [String]
  /// The shape `[H, W, C]` of an image.
  public let imageShape: [Int]
  /// The number of training images.
  public let trainCount: Int
  /// The number of test images.
  public let testCount: Int

  /// Sets with equal storage share files and cache, as the two label levels of CIFAR-100 do.
  package let storageID: String
  package let format: Format
  /// The files as they are once unpacked, training before test.
  package let files: [File]
  package let downloads: [Download]
  /// Folders below a data folder in which the files are commonly found.
  package let folders: [String]
  /// Folders of the system's package.
  package let systemFolders: [String]
  /// Which level of labels is used.
  package let labelLevel: Int
  /// Files that may lie beside the others and name the classes.
  package let nameFiles: [NameFile]

  package init(
    id: String, title: String, summary: String, license: String, homepage: String, citation: String,
    classNames: [String], imageShape: [Int], trainCount: Int, testCount: Int, storageID: String,
    format: Format, files: [File], downloads: [Download], folders: [String], systemFolders: [String],
    labelLevel: Int, nameFiles: [NameFile] = []
  ) {
    self.id = id
    self.title = title
    self.summary = summary
    self.license = license
    self.homepage = homepage
    self.citation = citation
    self.classNames = classNames
    self.imageShape = imageShape
    self.trainCount = trainCount
    self.testCount = testCount
    self.storageID = storageID
    self.format = format
    self.files = files
    self.downloads = downloads
    self.folders = folders
    self.systemFolders = systemFolders
    self.labelLevel = labelLevel
    self.nameFiles = nameFiles
  }

  /// The bytes to download.
  public var downloadSize: Int { downloads.reduce(0) { $0 + $1.size } }

  /// How the files are written.
  package enum Format: Sendable {
    /// Pairs of images and labels, in this order.
    case idx
    /// Records with a label byte for each number of classes.
    case cifar(classes: [Int])
  }

  /// The two halves of a data set.
  package enum Part: String, Sendable, CaseIterable {
    case train
    case test
  }

  /// One official file, unpacked.
  package struct File: Sendable {
    package let name: String
    package let part: Part
    package let size: Int
    package let sha256: String

    package init(name: String, part: Part, size: Int, sha256: String) {
      self.name = name
      self.part = part
      self.size = size
      self.sha256 = sha256
    }
  }

  /// A text file with the names of the classes of one level of labels, a line for each.
  package struct NameFile: Sendable {
    package let name: String
    /// The names as they must be.
    package let classNames: [String]

    package init(name: String, classNames: [String]) {
      self.name = name
      self.classNames = classNames
    }

    /// The most bytes of such a file.
    package static let sizeLimit = 1 << 16

    /// Refuses other names, as their labels would mean something else.
    package func check(_ bytes: [UInt8], at place: String) throws(DatasetError) {
      let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
      if let label = zip(lines, classNames).enumerated().first(where: { $0.element.0 != $0.element.1 })?
        .offset
      {
        throw DatasetError(
          .badData, at: "\(place), class \(label)", expected: "\"\(classNames[label])\"",
          received: "\"\(lines[label])\"", hint: "check that the files belong to this data set")
      }
      guard lines.count == classNames.count else {
        throw DatasetError(
          .badData, at: place, expected: "the names of \(classNames.count) classes",
          received: "\(lines.count)")
      }
    }
  }

  /// One file to download, with all places it is found at, the preferred first.
  package struct Download: Sendable {
    package let name: String
    package let size: Int
    /// Pinned where the wrapper itself is; what it holds is pinned in any case.
    package let sha256: String?
    package let urls: [String]
    /// The names of the files it holds.
    package let contents: [String]

    package init(name: String, size: Int, sha256: String?, urls: [String], contents: [String]) {
      self.name = name
      self.size = size
      self.sha256 = sha256
      self.urls = urls
      self.contents = contents
    }
  }
}
