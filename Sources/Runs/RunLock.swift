import Foundation
import MartletTensors

/// The sole ownership of a run folder; the system ends it with the process, however that ends.
final class RunLock {
  private let descriptor: Int32

  /// Takes the lock; refuses where another owner lives, saying who.
  init(folder: String) throws(FileError) {
    let path = folder + "/" + RunFile.lock
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    if file < 0 { throw .cannotWrite(path, bytes: 0, errno: errno) }
    do throws(FileError) {
      try Self.take(file, path, of: folder)
    } catch {
      close(file)
      throw error
    }
    // Only an owner may come to `deinit`, which wipes the name in the file.
    descriptor = file
  }

  /// Locks the file and writes this process's name into it.
  private static func take(_ file: Int32, _ path: String, of folder: String) throws(FileError) {
    if flock(file, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      if code == EWOULDBLOCK {
        throw FileError(
          kind: .cannotWrite, path: folder,
          description:
            "\(folder) is in use by \(owner(in: file)); wait until it ends or choose another run folder")
      }
      throw .cannotWrite(path, bytes: 0, errno: code)
    }
    let text = Array("process \(getpid()) on \(host)".utf8)
    ftruncate(file, 0)
    if pwrite(file, text, text.count, 0) < 0 {
      throw .cannotWrite(path, bytes: text.count, errno: errno)
    }
  }

  // The file stays: were it removed, two processes could each lock a file of this name.
  deinit {
    ftruncate(descriptor, 0)
    // Closing alone does not unlock while a child, forked but not yet running its program, shares the file.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Whether somebody owns a run folder; false where there is none.
  static func isTaken(folder: String) -> Bool {
    let descriptor = open(folder + "/" + RunFile.lock, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
    flock(descriptor, LOCK_UN)
    return false
  }

  private static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "this machine" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func owner(in file: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = pread(file, &bytes, bytes.count, 0)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : "another process"
  }
}
