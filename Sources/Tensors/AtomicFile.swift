#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import Synchronization

/// A file that appears under its name whole or not at all, and survives a power cut once committed.
///
/// Bytes go to a hidden sibling; `commit` syncs it, renames it over the destination and syncs the folder.
/// Without `commit` the sibling is removed and what stood at the destination stays.
package struct AtomicFile: ~Copyable {
  /// The path asked for, as errors name it.
  package let path: String
  /// The bytes written so far.
  package private(set) var count = 0
  private let destination: String
  private let temporary: String
  private let descriptor: Int32

  private static let serial = Atomic<Int>(0)
  private static let temporarySuffix = ".martlet-partial"

  /// Creates the hidden sibling of `path`, with the permissions that the user's mask gives a new file.
  package init(path: String) throws(FileError) {
    self.path = path
    destination = Self.followingLink(path)
    // A killed process can leave a sibling behind, and process numbers come again: try further names.
    for _ in 0..<1000 {
      let number = Self.serial.add(1, ordering: .relaxed).newValue
      let (folder, name) = Self.split(destination)
      let candidate = "\(folder)/.\(name).\(getpid())-\(number)\(Self.temporarySuffix)"
      let opened = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if opened >= 0 {
        temporary = candidate
        descriptor = opened
        return
      }
      if errno != EEXIST { break }
    }
    throw .cannotWrite(path, bytes: 0, errno: errno)
  }

  deinit {
    close(descriptor)
    unlink(temporary)
  }

  /// Appends bytes.
  package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      #if canImport(Darwin)
        let written = Darwin.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #elseif canImport(Musl)
        let written = Musl.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #else
        let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      #endif
      if written < 0 {
        if errno == EINTR { continue }
        throw .cannotWrite(path, bytes: count + rest.count, errno: errno)
      }
      count += written
      rest = rest.dropFirst(written)
    }
  }

  /// Appends bytes.
  package mutating func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      try write(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Overwrites bytes written before, from `offset` on.
  package func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    precondition(
      offset >= 0 && offset + bytes.count <= count, "\(bytes.count) bytes at \(offset) of \(count)")
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw .cannotWrite(path, bytes: count, errno: errno)
      }
      done += written
    }
  }

  /// Makes the bytes durable and visible under the path.
  package consuming func commit() throws(FileError) {
    try check(Self.sync(descriptor))
    try check(rename(temporary, destination))
    // The rename itself is durable only once the folder is synced.
    let folder = open(Self.split(destination).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try check(folder)
    defer { close(folder) }
    if fsync(folder) != 0, errno != EINVAL, errno != ENOTSUP {
      throw .cannotWrite(path, bytes: count, errno: errno)
    }
  }

  private func check(_ result: Int32) throws(FileError) {
    if result < 0 { throw .cannotWrite(path, bytes: count, errno: errno) }
  }

  private static func sync(_ descriptor: Int32) -> Int32 {
    #if canImport(Darwin)
      // On macOS fsync leaves the bytes in the drive's cache.
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return 0 }
    #endif
    return fsync(descriptor)
  }

  /// The file a symbolic link stands for, so that the link itself stays.
  private static func followingLink(_ path: String) -> String {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let resolved = realpath(path, nil)
    else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
  }
}

extension AtomicFile {
  /// Writes a whole file: afterwards `path` holds either all of `bytes` or what it held before.
  package static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(FileError) {
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }

  /// Writes a whole file: afterwards `path` holds either all of `bytes` or what it held before.
  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      try write(UnsafeRawBufferPointer(buffer), to: path)
    }
  }

  /// Whether `name` is one of the hidden siblings, which only a killed process leaves behind.
  package static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(temporarySuffix)
  }
}
