import Foundation
import MartletTensors

/// Labeled images of one size: bytes in memory or in a mapped file, and a choice of them by index.
///
/// Pixels are `UInt8` in the order `[N, H, W, C]`. Subsets, splits and samples are views: they share the
/// pixels and differ in the indices only.
///
///     let (train, test) = try FashionMNIST.load()
///     let (rest, validation) = try train.split(.last(0.2))
public struct ImageDataset: Sendable {
  /// The name for people, such as `Fashion-MNIST train`.
  public let name: String
  /// The name of each class; a label is an index into it.
  public let classNames: [String]
  /// Rows of an image, in pixels.
  public let height: Int
  /// Columns of an image, in pixels.
  public let width: Int
  /// Values of a pixel: 1 for gray, 3 for red, green and blue.
  public let channels: Int
  /// Whether an image can occur twice, as after a bootstrap.
  public internal(set) var hasRepeats = false
  /// Whether the bytes are the published ones, by their checksum.
  public let isOfficial: Bool
  /// How the images got their size and channels, in the words of `ImageConversion`; nil where they are as
  /// they were published.
  public let conversion: String?
  /// What was chosen out of the whole set, such as `last 20.0%`, one text for each split or sampling.
  public private(set) var selection: [String] = []

  package let storage: PixelStorage
  /// One label for each stored image.
  private let storedLabels: [Int32]
  /// The stored images this view chooses, in order; all of them where nil.
  private let chosen: [Int32]?

  /// Wraps stored pixels; every label is checked against the classes.
  package init(
    name: String, classNames: [String], height: Int, width: Int, channels: Int, storage: PixelStorage,
    labels: [Int32], isOfficial: Bool, conversion: String? = nil
  ) throws(DatasetError) {
    guard !labels.isEmpty else {
      throw DatasetError(
        .badData, at: name, expected: "at least one image", received: "an empty data set")
    }
    guard height > 0, width > 0, channels > 0 else {
      throw DatasetError(
        .badData, at: name, expected: "images [H, W, C] of at least one pixel",
        received: "\([height, width, channels])")
    }
    if let wrong = labels.firstIndex(where: { $0 < 0 || Int($0) >= classNames.count }) {
      throw DatasetError(
        .badData, at: "\(name), image \(wrong)", expected: "a label from 0 to \(classNames.count - 1)",
        received: "\(labels[wrong])")
    }
    guard storage.count == labels.count * height * width * channels else {
      throw DatasetError(
        .badData, at: name, expected: "\(labels.count * height * width * channels) bytes of pixels",
        received: "\(storage.count)")
    }
    self.name = name
    self.classNames = classNames
    self.height = height
    self.width = width
    self.channels = channels
    self.storage = storage
    self.isOfficial = isOfficial
    self.conversion = conversion
    storedLabels = labels
    chosen = nil
  }

  /// Creates a data set from images `[N, H, W, C]` and N labels.
  ///
  /// - Parameters:
  ///   - name: The name for people.
  ///   - classNames: The name of each class.
  ///   - images: The pixels, `[N, H, W, C]`.
  ///   - labels: N indices into `classNames`.
  /// - Throws: `DatasetError` where counts differ, a label has no class, or there is no image.
  public init(
    name: String, classNames: [String], images: Tensor<UInt8>, labels: [Int]
  ) throws(DatasetError) {
    guard images.shape.count == 4, images.shape[0] == labels.count else {
      throw DatasetError(
        .badData, at: name, expected: "images [N, H, W, C] and N labels",
        received: "images \(images.shape) and \(labels.count) labels")
    }
    try self.init(
      name: name, classNames: classNames, height: images.shape[1], width: images.shape[2],
      channels: images.shape[3], storage: PixelStorage(images.scalars),
      labels: labels.map { Int32(clamping: $0) }, isOfficial: false)
  }

  private init(_ base: ImageDataset, name: String, chosen: [Int32]) {
    self.name = name
    classNames = base.classNames
    height = base.height
    width = base.width
    channels = base.channels
    storage = base.storage
    isOfficial = base.isOfficial
    conversion = base.conversion
    selection = base.selection
    hasRepeats = base.hasRepeats
    storedLabels = base.storedLabels
    self.chosen = chosen
  }

  /// The number of images.
  public var count: Int { chosen?.count ?? storedLabels.count }

  /// The shape `[H, W, C]` of an image.
  public var imageShape: [Int] { [height, width, channels] }

  /// The bytes of an image.
  public var bytesPerImage: Int { height * width * channels }

  /// The bytes of pixels behind this view, mapped or in memory, whether chosen or not.
  public var storedBytes: Int { storage.count }

  /// The place of an image in the stored data set, whatever views lie between.
  public func storedIndex(at index: Int) -> Int {
    checkIndex(index)
    return chosen.map { Int($0[index]) } ?? index
  }

  /// The label of an image.
  public func label(at index: Int) -> Int {
    Int(storedLabels[storedIndex(at: index)])
  }

  /// The labels of all images, `[N]`.
  public var labels: [Int32] {
    chosen.map { indices in indices.map { storedLabels[Int($0)] } } ?? storedLabels
  }

  /// The number of images of each class.
  public var classCounts: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classNames.count)) { $0[Int($1)] += 1 }
  }

  /// An image as a tensor `[H, W, C]`.
  public func image(at index: Int) -> Tensor<UInt8> {
    withImage(at: index) { Tensor(shape: imageShape, scalars: Array($0)) }
  }

  /// Calls `body` with the bytes of an image, `[H, W, C]`, without copying them.
  public func withImage<Result>(
    at index: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let start = storedIndex(at: index) * bytesPerImage
    return try storage.withBytes { pixels in
      try body(UnsafeRawBufferPointer(rebasing: pixels[start..<start + bytesPerImage]))
    }
  }

  /// The images at `indices`, in that order, as a view.
  public func subset(_ indices: some Sequence<Int>) -> ImageDataset {
    let stored = indices.map { Int32(storedIndex(at: $0)) }
    var view = view(named: name, stored)
    view.hasRepeats = hasRepeats || Set(stored).count < stored.count
    return view
  }

  /// The images at `indices`, with a note of how they were chosen.
  func subset(_ indices: some Sequence<Int>, selection: String) -> ImageDataset {
    var view = subset(indices)
    view.selection.append(selection)
    return view
  }

  /// The first images, as a view; all where there are fewer than `limit`.
  public func prefix(_ limit: Int) -> ImageDataset {
    let limit = Swift.min(Swift.max(limit, 0), count)
    return limit == count ? self : subset(0..<limit, selection: "the first \(limit)")
  }

  /// The last images, as a view; all where there are fewer than `limit`.
  public func suffix(_ limit: Int) -> ImageDataset {
    let limit = Swift.min(Swift.max(limit, 0), count)
    return limit == count ? self : subset(count - limit..<count, selection: "the last \(limit)")
  }

  /// The view that chooses these stored images.
  package func view(named name: String, _ stored: [Int32]) -> ImageDataset {
    ImageDataset(self, name: name, chosen: stored)
  }

  private func checkIndex(_ index: Int) {
    demand(index >= 0 && index < count, "image \(index) of \(name), which has \(count) images")
  }
}
