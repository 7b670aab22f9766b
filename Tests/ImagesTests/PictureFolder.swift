import Foundation
import MartletDatasets
import MartletImages
import MartletTensors

/// A folder of pictures for one test, removed with all it holds.
final class PictureFolder: Sendable {
  let root: String
  /// The data set within.
  var path: String { root + "/pets" }
  var cache: DatasetCache { DatasetCache(environment: ["MARTLET_CACHE": root + "/cache"]) }

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/martlet-pictures-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// Writes a picture of one value, `[H, W, C]`.
  func add(_ name: String, _ value: UInt8, shape: [Int] = [4, 5, 1]) throws {
    try add(name, bytes: try ImageCoder.png(Tensor(repeating: value, shape: shape)))
  }

  func add(_ name: String, bytes: [UInt8]) throws {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: file).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try AtomicFile.write(bytes, to: file)
  }

  /// Class folders cat, dog and owl with pictures of values that tell class and number.
  func addClasses(under part: String, each count: Int, shape: [Int] = [4, 5, 1]) throws {
    for (label, name) in ["cat", "dog", "owl"].enumerated() {
      for number in 0..<count {
        try add("\(part)\(name)/\(number).png", UInt8(80 * label + number), shape: shape)
      }
    }
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: "\(path)/\(name)", withDestinationPath: "\(path)/\(target)")
  }

  func load(
    _ settings: FolderSettings = FolderSettings(), memoryLimit: Int = 1 << 20, threads: Int? = nil,
    observer: DatasetObserver? = nil
  ) throws(DatasetError) -> ImageFolder {
    try ImageFolder.load(
      path, settings, cache: cache, memoryLimit: memoryLimit, threads: threads, observer: observer)
  }

  func cached() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: cache.folder)) ?? []).filter {
      $0.hasSuffix(".images")
    }
  }
}
