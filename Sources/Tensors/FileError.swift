#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that could not be read, could not be written, or holds something else than it should.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What went wrong, as far as a program decides by it.
  public enum Kind: Sendable {
    /// The file is missing or the system refuses to read it.
    case cannotRead
    /// The system refuses to write the file; what stood there before is untouched.
    case cannotWrite
    /// The file was read and its contents are not what they should be.
    case badData
  }

  /// What went wrong, as far as a program decides by it.
  public let kind: Kind
  /// The path of the file.
  public let path: String
  /// Where, what was expected, what was found, and what to do.
  public let description: String

  package init(kind: Kind, path: String, description: String) {
    self.kind = kind
    self.path = path
    self.description = description
  }

  package static func badData(_ path: String, _ reason: String) -> FileError {
    FileError(kind: .badData, path: path, description: "\(path): \(reason)")
  }

  /// The failure of a system call while reading; call it before anything else can change `errno`.
  package static func cannotRead(_ path: String, errno code: Int32) -> FileError {
    let advice =
      code == ENOENT ? "check the path" : "check that it is a readable file on a healthy disk"
    return FileError(
      kind: .cannotRead, path: path,
      description: "cannot read \(path): \(systemMessage(code)); \(advice)")
  }

  /// The failure of a system call while writing `bytes` (so far, if the length is not known).
  package static func cannotWrite(_ path: String, bytes: Int, errno code: Int32) -> FileError {
    let advice =
      switch code {
      case ENOSPC, EDQUOT, EFBIG: "free some space or choose another folder"
      case EACCES, EPERM, EROFS: "choose a folder you may write to"
      case ENOENT, ENOTDIR: "create the folder first or choose another"
      default: "check the disk or choose another folder"
      }
    return FileError(
      kind: .cannotWrite, path: path,
      description: "cannot write \(path) (\(bytes) bytes): \(systemMessage(code)); \(advice)")
  }

  private static func systemMessage(_ code: Int32) -> String {
    String(cString: strerror(code))
  }
}
