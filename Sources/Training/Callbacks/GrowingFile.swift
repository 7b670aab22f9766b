import Foundation
import MartletTensors

/// A file that a callback adds to after each epoch.
///
/// Losing a line must not stop a training, so that a failure is told and not thrown.
struct GrowingFile {
  let path: String

  /// The contents; nil where there is no such file.
  var contents: [UInt8]? { FileManager.default.contents(atPath: path).map { Array($0) } }

  /// Begins the file anew, whole or not at all, with the folders above it.
  func begin(_ bytes: [UInt8]) throws(FileError) {
    let folder = (path as NSString).deletingLastPathComponent
    if !folder.isEmpty { try Folder.create(folder) }
    try AtomicFile.write(bytes, to: path)
  }

  /// Adds bytes at the end.
  func append(_ bytes: [UInt8], _ control: TrainingControl) {
    do {
      guard let file = FileHandle(forWritingAtPath: path) else {
        throw FileError.cannotWrite(path, bytes: bytes.count, errno: errno)
      }
      try file.seekToEnd()
      try file.write(contentsOf: bytes)
      try file.close()
    } catch {
      control.warn("cannot add to \(path): \(error); the training goes on")
    }
  }
}
