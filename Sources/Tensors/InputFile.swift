#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A regular file opened for reading, whose size is known before anything is allocated for it.
package struct InputFile: ~Copyable {
  /// The path, as errors name it.
  package let path: String
  /// The bytes in the file.
  package let size: Int
  private let descriptor: Int32

  /// Opens a file; a folder, a device or a pipe is refused.
  package init(path: String) throws(FileError) {
    // A pipe without a writer would be waited for; of a regular file the flag changes nothing.
    let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard opened >= 0 else { throw .cannotRead(path, errno: errno) }
    var status = stat()
    guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(opened)
      throw .badData(path, "expected a file, found something else; check the path")
    }
    self.path = path
    size = Int(status.st_size)
    descriptor = opened
  }

  deinit { close(descriptor) }

  /// Fills the whole buffer with the next bytes of the file.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      #if canImport(Darwin)
        let received = Darwin.read(descriptor, rest.baseAddress, rest.count)
      #elseif canImport(Musl)
        let received = Musl.read(descriptor, rest.baseAddress, rest.count)
      #else
        let received = Glibc.read(descriptor, rest.baseAddress, rest.count)
      #endif
      if received < 0 {
        if errno == EINTR { continue }
        throw .cannotRead(path, errno: errno)
      }
      if received == 0 {
        throw .badData(path, "ended while it was read; is another program writing it?")
      }
      filled += received
    }
  }

  /// The next `count` bytes of the file.
  package func read(count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes
  }

  /// All bytes of a file that is at most `limit` bytes long.
  package static func contents(of path: String, limit: Int) throws(FileError) -> [UInt8] {
    let file = try InputFile(path: path)
    guard file.size <= limit else {
      throw .badData(path, "expected at most \(limit) bytes, found \(file.size)")
    }
    return try file.read(count: file.size)
  }
}

extension SHA256 {
  /// The digest of a file's contents as 64 hexadecimal digits.
  public static func hexDigest(ofFile path: String) throws(FileError) -> String {
    let file = try InputFile(path: path)
    var digest = SHA256()
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var rest = file.size
    while rest > 0 {
      let count = min(rest, chunk.count)
      try chunk.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
        let part = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
        try file.read(into: part)
        digest.update(UnsafeRawBufferPointer(part))
      }
      rest -= count
    }
    return digest.hexDigest()
  }
}
