import Foundation
import MartletDatasets
import MartletTensors

/// The training or the test images of a folder, decoded into memory or into a mapped file of the cache.
struct FolderPart {
  let data: ImageDataset
  let conversion: ImageConversion
  let skippedCount: Int

  init(
    _ listing: FolderListing, named name: String, _ settings: FolderSettings, cache: DatasetCache,
    memoryLimit: Int, threads: Int, observer: DatasetObserver?
  ) throws(DatasetError) {
    let slot = FolderSlot(listing, settings, in: cache)
    if let file = slot.open() {
      file.skipped.tell(listing, observer)
      try self.init(file, listing, named: name, settings)
      return
    }
    let conversion = try Self.conversion(listing, settings, threads: threads)
    let decoder = FolderDecoder(
      listing: listing, name: name, conversion: conversion, onCorrupt: settings.onCorrupt, threads: threads,
      observer: observer)
    observer?(.unpacking(dataset: name, path: listing.folder))
    if listing.files.count * conversion.shape.reduce(1, *) > memoryLimit {
      do throws(DatasetError) {
        try cache.create()
        let file = try cache.withLock(
          slot: slot.name, waiting: { observer?(.waiting(dataset: name)) }
        ) { () throws(DatasetError) in
          if let file = slot.open() {
            file.skipped.tell(listing, observer)
            return file
          }
          return try slot.write(decoder)
        }
        try self.init(file, listing, named: name, settings)
        return
      } catch  where error.kind == .cannotWrite {
        observer?(.notCached(dataset: name, reason: error.description))
      }
    }
    var pixels = Data(capacity: listing.files.count * conversion.shape.reduce(1, *))
    let (labels, _) = try decoder.decode { (image) throws(DatasetError) in pixels.append(contentsOf: image) }
    try self.init(
      listing, named: name, conversion, storage: PixelStorage(pixels),
      labels: labels.map { Int32($0) })
  }

  /// The images of a cached file.
  private init(
    _ file: FolderFile, _ listing: FolderListing, named name: String, _ settings: FolderSettings
  ) throws(DatasetError) {
    let images = file.images
    let (low, high) = (images.labels(level: 0), images.labels(level: 1))
    try self.init(
      listing, named: name, try settings.conversion(to: images.shape), storage: PixelStorage(images),
      labels: zip(low, high).map { $0 | $1 << 8 })
  }

  private init(
    _ listing: FolderListing, named name: String, _ conversion: ImageConversion, storage: PixelStorage,
    labels: [Int32]
  ) throws(DatasetError) {
    data = try ImageDataset(
      name: name, classNames: listing.classNames, height: conversion.height, width: conversion.width,
      channels: conversion.channels.rawValue, storage: storage, labels: labels, isOfficial: false,
      conversion: conversion.description)
    self.conversion = conversion
    skippedCount = listing.files.count - labels.count
  }

  /// The conversion that was asked for; what was left open is what the pictures have, by their headers.
  private static func conversion(
    _ listing: FolderListing, _ settings: FolderSettings, threads: Int
  ) throws(DatasetError) -> ImageConversion {
    if let height = settings.height, let width = settings.width, let channels = settings.channels {
      return try settings.conversion(to: [height, width, channels.rawValue])
    }
    let headers = parallelMap(count: listing.files.count, threads: threads) { index in
      // A picture without a header is dealt with where it is decoded.
      try? ImageCoder.shape(ofFile: listing.files[index].path)
    }
    guard let first = headers.firstIndex(where: { $0 != nil }), var shape = headers[first] else {
      throw DatasetError(
        .badData, at: listing.folder, expected: "pictures", received: "none that can be decoded")
    }
    if let height = settings.height, let width = settings.width {
      shape = [height, width, shape[2]]
    } else {
      for (file, header) in zip(listing.files, headers) {
        if let header, header[..<2] != shape[..<2] {
          throw DatasetError(
            .badData, at: file.path,
            expected: "\(shape[0])x\(shape[1]) pixels, the size of \(listing.files[first].path)",
            received: "\(header[0])x\(header[1])", hint: "give the size to which all are to be brought")
        }
      }
    }
    shape[2] = settings.channels?.rawValue ?? headers.compactMap { $0?[2] }.reduce(1, max)
    return try settings.conversion(to: shape)
  }
}

/// The images of a folder in the cache, and the pictures left out of them.
private struct FolderFile {
  let images: CacheFile
  let skipped: SkippedPictures
}

/// The place of a decoded folder in the cache.
private struct FolderSlot {
  let cache: DatasetCache
  /// How many pictures there are.
  let count: Int
  /// The folder and the settings; the files may change.
  let prefix: String
  let name: String

  init(_ listing: FolderListing, _ settings: FolderSettings, in cache: DatasetCache) {
    self.cache = cache
    count = listing.files.count
    let folder = URL(fileURLWithPath: listing.folder).resolvingSymlinksInPath().path
    prefix = "folder-" + SourceFile.digest(of: Array("\(folder) \(settings.text)".utf8)).prefix(16)
    name = "\(prefix)-\(listing.identity)"
  }

  private var path: String { "\(cache.folder)/\(name).images" }

  /// The labels of a folder's images have two bytes, the low one first.
  ///
  /// What does not say which pictures it lacks is made again.
  func open() -> FolderFile? {
    guard let file = CacheFile(path: path), file.levels == 2, [1, 3].contains(file.shape[2]),
      let skipped = SkippedPictures(parsing: file.notes, of: count), file.count + skipped.count == count
    else { return nil }
    return FolderFile(images: file, skipped: skipped)
  }

  /// Decodes into the cache and removes what the folder held before.
  func write(_ decoder: FolderDecoder) throws(DatasetError) -> FolderFile {
    func stored<Result: ~Copyable>(
      _ body: () throws(FileError) -> Result
    ) throws(DatasetError) -> Result {
      do { return try body() } catch {
        throw DatasetError(error, hint: "set MARTLET_CACHE to a folder you can write to")
      }
    }
    var writer = try stored { () throws(FileError) in
      try CacheFileWriter(path: path, shape: decoder.conversion.shape, isOfficial: false)
    }
    let (labels, skipped) = try decoder.decode { (image) throws(DatasetError) in
      try stored { () throws(FileError) in try writer.append(image[...]) }
    }
    do {
      try writer.commit(
        labelLevels: [labels.map { UInt8(truncatingIfNeeded: $0) }, labels.map { UInt8($0 >> 8) }],
        notes: skipped.encoded)
    } catch {
      throw DatasetError(error)
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cache.folder)) ?? []
    for other in names where other.hasPrefix(prefix) && !other.hasPrefix(name) && other.hasSuffix(".images") {
      try? FileManager.default.removeItem(atPath: "\(cache.folder)/\(other)")
    }
    guard let file = open() else {
      throw DatasetError(
        .cannotWrite, at: path, expected: "the file written there", received: "one that cannot be read again")
    }
    return file
  }
}
