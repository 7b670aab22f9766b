import Foundation

/// Folders that files are written to.
package enum Folder {
  /// Creates a folder and those above it, where they are missing.
  package static func create(_ path: String) throws(FileError) {
    guard mkdir(path, 0o777) != 0 else { return }
    if errno == EEXIST {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return }
      throw .cannotWrite(path, bytes: 0, errno: ENOTDIR)
    }
    let parent = (path as NSString).deletingLastPathComponent
    if errno == ENOENT, !parent.isEmpty, parent != path {
      try create(parent)
      if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    }
    throw .cannotWrite(path, bytes: 0, errno: errno)
  }
}
