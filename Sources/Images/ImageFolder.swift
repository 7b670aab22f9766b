import Foundation
import MartletDatasets
import MartletTensors

/// A data set made of picture files: a folder for each class.
///
/// Below the folder lie `train/CLASS/*.png` and, where there are test images, `test/CLASS/*.png`; or the
/// class folders themselves, without test images. Pictures are PNG or JPEG (`.png`, `.jpg`, `.jpeg`), of any
/// size, also in folders below the class folder. Classes are the names of the folders, sorted; hidden files
/// do not count. The images of a part are in one fixed order that mixes the classes.
///
///     let flowers = try ImageFolder.load("flowers", size: (64, 64))
///     try trainer.fit(flowers.train, epochs: 10, validation: .stratified(0.2))
///
/// Pixels are kept in memory; more than 256 MB of them go to a file in the cache folder that is mapped and
/// used again until a picture or a setting changes.
public struct ImageFolder: Sendable {
  /// The training images: all where the folder has no part for tests.
  public let train: ImageDataset
  /// The test images, nil where the folder has none.
  public let test: ImageDataset?
  /// What was done to each picture, for those to predict later.
  public let conversion: ImageConversion
  /// The pictures left out because they cannot be decoded.
  public let skippedCount: Int

  /// The names of the class folders, by label.
  public var classNames: [String] { train.classNames }

  /// What becomes of pictures that cannot be decoded.
  public enum CorruptImages: String, Sendable, CaseIterable {
    /// The first one is an error that names it.
    case refuse
    /// They are left out; the observer is told of each.
    case skip
  }

  /// Loads the pictures of a folder, decoded by several threads.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - size: Rows and columns of the images, in pixels; nil where all pictures have one size.
  ///   - channels: Gray or color; nil for color where any picture has it.
  ///   - resizing: How pixels are weighted where a picture has another size.
  ///   - fit: What becomes of pictures in another proportion.
  ///   - onCorrupt: What becomes of pictures that cannot be decoded.
  ///   - limit: The most pictures of each part; nil for all.
  ///   - threads: How many threads decode, which changes no result; nil for one for each processor.
  ///   - observer: Is told of progress, pictures left out and other files.
  /// - Returns: The training and the test images.
  /// - Throws: `DatasetError` where the folder has another layout, a class is empty or a picture is corrupt.
  public static func load(
    _ path: String, size: (height: Int, width: Int)? = nil, channels: ImageCoder.Channels? = nil,
    resizing: ResizeMethod = .automatic, fit: ImageFit = .stretch, onCorrupt: CorruptImages = .refuse,
    limit: Int? = nil, threads: Int? = nil, observer: DatasetObserver? = nil
  ) throws(DatasetError) -> ImageFolder {
    try load(
      path,
      FolderSettings(
        size: size, channels: channels, method: resizing, fit: fit, onCorrupt: onCorrupt, limit: limit),
      cache: DatasetCache(environment: ProcessInfo.processInfo.environment), threads: threads,
      observer: observer)
  }

  /// Loads the pictures of a folder with a cache of one's own.
  ///
  /// - Parameter memoryLimit: The most bytes of pixels kept in memory, for each part.
  package static func load(
    _ path: String, _ settings: FolderSettings, cache: DatasetCache, memoryLimit: Int = 256 << 20,
    threads: Int? = nil, observer: DatasetObserver? = nil
  ) throws(DatasetError) -> ImageFolder {
    if let limit = settings.limit, limit < 1 {
      throw DatasetError(.badArgument, at: "limit", expected: "at least 1 picture", received: "\(limit)")
    }
    let parts = try parts(of: path, observer: observer)
    let title = URL(fileURLWithPath: path).lastPathComponent
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let listing = try FolderListing(parts.train, limit: settings.limit, observer: observer)
    let train = try FolderPart(
      listing, named: "\(title) train", settings, cache: cache, memoryLimit: memoryLimit, threads: threads,
      observer: observer)
    // The test images are made like the training images, whatever sizes they have.
    let test = try parts.test.map { (folder) throws(DatasetError) in
      try FolderPart(
        try FolderListing(
          folder, classes: listing.classNames, limit: settings.limit, observer: observer),
        named: "\(title) test", settings.resolved(by: train.conversion), cache: cache,
        memoryLimit: memoryLimit, threads: threads, observer: observer)
    }
    return ImageFolder(
      train: train.data, test: test?.data, conversion: train.conversion,
      skippedCount: train.skippedCount + (test?.skippedCount ?? 0))
  }

  /// The folders of the parts: `train` counts as one where it holds folders, not pictures.
  private static func parts(
    of path: String, observer: DatasetObserver?
  ) throws(DatasetError) -> (train: String, test: String?) {
    let folders = try FolderListing.folders(in: path)
    let train = "\(path)/train"
    guard folders.contains("train"), try !FolderListing.folders(in: train).isEmpty else { return (path, nil) }
    let others = folders.filter { $0 != "train" && $0 != "test" }
    if let example = others.first {
      let rest = others.count > 1 ? " and \(others.count - 1) more" : ""
      observer?(
        .skipped(
          file: "\(path)/\(example)",
          reason: "\(path)/\(example)\(rest); beside train only the folder test is read"))
    }
    return (train, folders.contains("test") ? "\(path)/test" : nil)
  }
}

/// How the pictures of a folder are to be loaded.
package struct FolderSettings: Sendable {
  let height: Int?
  let width: Int?
  let channels: ImageCoder.Channels?
  let method: ResizeMethod
  let fit: ImageFit
  let onCorrupt: ImageFolder.CorruptImages
  let limit: Int?

  package init(
    size: (height: Int, width: Int)? = nil, channels: ImageCoder.Channels? = nil,
    method: ResizeMethod = .automatic, fit: ImageFit = .stretch,
    onCorrupt: ImageFolder.CorruptImages = .refuse, limit: Int? = nil
  ) {
    height = size?.height
    width = size?.width
    self.channels = channels
    self.method = method
    self.fit = fit
    self.onCorrupt = onCorrupt
    self.limit = limit
  }

  /// The settings with the size and the channels of a conversion.
  func resolved(by conversion: ImageConversion) -> FolderSettings {
    FolderSettings(
      size: (conversion.height, conversion.width), channels: conversion.channels, method: method, fit: fit,
      onCorrupt: onCorrupt, limit: limit)
  }

  /// The conversion to images of a shape `[H, W, C]`.
  func conversion(to shape: [Int]) throws(DatasetError) -> ImageConversion {
    guard let channels = ImageCoder.Channels(count: shape[2]) else {
      preconditionFailure("no picture has \(shape[2]) channels")
    }
    return try ImageConversion(
      height: shape[0], width: shape[1], channels: channels, method: method, fit: fit)
  }

  /// What the decoded bytes depend on besides the pictures.
  var text: String {
    "\(height ?? 0)x\(width ?? 0)x\(channels?.rawValue ?? 0) \(method) \(fit) \(onCorrupt) \(limit ?? 0)"
  }
}
