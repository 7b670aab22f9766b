import CMartletZlib
import MartletTensors

/// One gzip file, inflated piece by piece and never beyond a budget of output bytes.
///
/// Exactly one member is accepted: its header, CRC and length are checked, and nothing may follow it.
package final class GzipReader {
  private let path: String
  private let budget: Int
  private let file: InputFile
  /// Compressed bytes of the file that are not in `input` yet.
  private var unread: Int
  private let input: UnsafeMutableRawBufferPointer
  private let stream: UnsafeMutablePointer<z_stream>
  private var produced = 0
  private var isFinished = false

  package init(path: String, budget: Int) throws(DatasetError) {
    do { file = try InputFile(path: path) } catch { throw DatasetError(error) }
    self.path = path
    self.budget = budget
    unread = file.size
    input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = martlet_gzip_inflate_begin(stream)
    precondition(status == Z_OK, "zlib could not start: status \(status)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  /// Fills the buffer with the next bytes; fewer only at the end.
  package func read(into output: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
    var filled = 0
    while filled < output.count, !isFinished {
      try refill()
      let room = output.count - filled
      stream.pointee.next_out = output.baseAddress?.advanced(by: filled)
        .assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(clamping: room)
      let before = Int(stream.pointee.avail_out)
      let status = inflate(stream, Z_NO_FLUSH)
      let written = before - Int(stream.pointee.avail_out)
      filled += written
      produced += written
      guard produced <= budget else {
        throw malformed("at most \(budget) bytes after inflating", "more")
      }
      switch status {
      case Z_OK: break
      case Z_STREAM_END: try finish()
      case Z_BUF_ERROR where unread == 0 && stream.pointee.avail_in == 0:
        throw malformed(
          "a complete gzip file", "the end of the file in the middle of it", hint: "copy or fetch it again")
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)"
        throw malformed("gzip data", "damaged data (\(reason))", hint: "copy or fetch it again")
      }
    }
    return filled
  }

  /// All bytes of a gzip file.
  package static func contents(of path: String, budget: Int) throws(DatasetError) -> [UInt8] {
    let reader = try GzipReader(path: path, budget: budget)
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { chunk.deallocate() }
    var bytes: [UInt8] = []
    while true {
      let count = try reader.read(into: chunk)
      bytes.append(contentsOf: chunk[..<count])
      if count < chunk.count { return bytes }
    }
  }

  private func refill() throws(DatasetError) {
    guard stream.pointee.avail_in == 0, unread > 0 else { return }
    let count = min(unread, input.count)
    do { try file.read(into: UnsafeMutableRawBufferPointer(rebasing: input[..<count])) } catch {
      throw DatasetError(error)
    }
    unread -= count
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(count)
  }

  private func finish() throws(DatasetError) {
    isFinished = true
    let rest = unread + Int(stream.pointee.avail_in)
    guard rest == 0 else {
      throw malformed("the end of the file after the gzip member", "\(rest) more bytes")
    }
  }

  private func malformed(_ expected: String, _ received: String, hint: String? = nil) -> DatasetError {
    .malformed(
      path, offset: file.size - unread - Int(stream.pointee.avail_in), expected: expected,
      received: received, hint: hint)
  }
}
