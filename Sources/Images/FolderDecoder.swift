import MartletDatasets
import MartletTensors

/// Decodes the pictures of a listing by several threads, in its order, some at a time.
struct FolderDecoder {
  let listing: FolderListing
  let name: String
  let conversion: ImageConversion
  let onCorrupt: ImageFolder.CorruptImages
  let threads: Int
  let observer: DatasetObserver?

  /// The most bytes of images that wait for their turn.
  private static let mostWaiting = 32 << 20

  /// Hands over the pixels of each image, `[H, W, C]`, in the order of the listing.
  ///
  /// - Returns: The labels of the images handed over, and the pictures left out.
  func decode(
    _ append: ([UInt8]) throws(DatasetError) -> Void
  ) throws(DatasetError) -> (labels: [Int], skipped: SkippedPictures) {
    let files = listing.files
    let block = max(threads, min(1024, Self.mostWaiting / conversion.shape.reduce(1, *)))
    var labels: [Int] = []
    var skipped = SkippedPictures()
    for start in stride(from: 0, to: files.count, by: block) {
      let count = min(block, files.count - start)
      let images = parallelMap(count: count, threads: threads) { [conversion] index in
        Result { () throws(ImageError) in try conversion.image(file: files[start + index].path).scalars }
      }
      for (index, image) in zip(start..<start + count, images) {
        let file = files[index]
        switch image {
        case .success(let pixels):
          try append(pixels)
          labels.append(file.label)
        case .failure(let error):
          guard onCorrupt == .skip else {
            throw DatasetError(
              .badData, at: file.path, expected: error.expected, received: error.received,
              hint: "repair or remove it, or let corrupt pictures be left out")
          }
          skipped.add(index, reason: error.description)
          observer?(.skipped(file: file.path, reason: error.description))
        }
      }
      observer?(.decoding(dataset: name, done: start + count, total: files.count))
    }
    try requireAllClasses(labels)
    return (labels, skipped)
  }

  /// Refuses a class all of whose pictures are corrupt.
  private func requireAllClasses(_ labels: [Int]) throws(DatasetError) {
    let kept = Set(labels)
    guard let lost = listing.files.first(where: { !kept.contains($0.label) }) else { return }
    throw DatasetError(
      .badData, at: "\(listing.folder)/\(listing.classNames[lost.label])",
      expected: "at least one picture that can be decoded", received: "none")
  }
}
