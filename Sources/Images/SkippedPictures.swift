import MartletDatasets
import MartletTensors

/// The pictures of a listing that cannot be decoded, and why: what the cache remembers of them.
struct SkippedPictures: Equatable {
  private struct Picture: Equatable {
    /// Its place in the listing.
    let index: Int
    let reason: String
  }

  private var pictures: [Picture] = []

  init() {}

  var count: Int { pictures.count }

  mutating func add(_ index: Int, reason: String) { pictures.append(Picture(index: index, reason: reason)) }

  /// Tells of each as if it had just been found.
  func tell(_ listing: FolderListing, _ observer: DatasetObserver?) {
    for picture in pictures {
      observer?(.skipped(file: listing.files[picture.index].path, reason: picture.reason))
    }
  }

  /// Empty where there are none.
  var encoded: [UInt8] {
    guard !pictures.isEmpty else { return [] }
    return Array(JSON.array(pictures.map { [.integer($0.index), .string($0.reason)] }).text.utf8)
  }

  /// Reads what `encoded` gave for a listing of so many pictures; nil where it cannot be that.
  init?(parsing bytes: [UInt8], of listed: Int) {
    guard !bytes.isEmpty else { return }
    guard let values = (try? JSON(parsing: bytes))?.arrayValue else { return nil }
    for value in values {
      guard let pair = value.arrayValue, pair.count == 2, let index = pair[0].intValue,
        let reason = pair[1].stringValue, 0..<listed ~= index, index > pictures.last?.index ?? -1
      else { return nil }
      add(index, reason: reason)
    }
  }
}
