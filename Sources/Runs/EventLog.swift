import Foundation
import MartletTensors

/// The event log of a run: one JSON object a line, only ever appended.
///
/// Losing it must not stop a training, so that appending reports a problem instead of throwing.
final class EventLog {
  private let path: String
  private let descriptor: Int32
  private let onProblem: (String) -> Void
  private var isFailing = false

  init(path: String, onProblem: @escaping (String) -> Void) throws(FileError) {
    self.path = path
    self.onProblem = onProblem
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw .cannotWrite(path, bytes: 0, errno: errno) }
  }

  deinit { close(descriptor) }

  /// Appends a line with one system call; a line that does not fit is taken back whole.
  func append(_ json: JSON) {
    let line = Array((json.text + "\n").utf8)
    let size = lseek(descriptor, 0, SEEK_END)
    let written = write(descriptor, line, line.count)
    if written == line.count {
      isFailing = false
      return
    }
    let code = written < 0 ? errno : ENOSPC
    if written > 0 { ftruncate(descriptor, size) }
    report(.cannotWrite(path, bytes: line.count, errno: code))
  }

  /// Makes the lines durable.
  func sync() {
    if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
      report(.cannotWrite(path, bytes: 0, errno: errno))
    }
  }

  /// Drops everything that happened after `epoch`, and a line that was torn.
  func rewind(toEndOf epoch: Int) throws(FileError) {
    var kept = 0
    reading: for line in try Self.lines(of: path) {
      guard let json = line.json else { break }
      switch RunEvent(json) {
      case .epoch(let event) where event.epoch > epoch: break reading
      case .result: break reading
      case .epoch, nil: kept = line.end
      }
    }
    if ftruncate(descriptor, off_t(kept)) != 0 { throw .cannotWrite(path, bytes: kept, errno: errno) }
    sync()
  }

  /// Says the first of several failures only.
  private func report(_ error: FileError) {
    if !isFailing { onProblem("\(error); training goes on, its history has a gap") }
    isFailing = true
  }

  /// A line of a log: its JSON, nil where it is damaged, and the offset behind its end.
  private struct Line {
    let json: JSON?
    let end: Int
  }

  private static func lines(of path: String) throws(FileError) -> [Line] {
    let bytes = try InputFile.contents(of: path, limit: 1 << 30)
    var lines: [Line] = []
    var start = 0
    while start < bytes.count {
      let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
      // What has no end was torn by a crash, even if it happens to be JSON so far.
      let json = newline.flatMap { try? JSON(parsing: Array(bytes[start..<$0])) }
      start = newline.map { $0 + 1 } ?? bytes.count
      lines.append(Line(json: json, end: start))
    }
    return lines
  }

  /// Reads the events of a log; a torn last line is left out, a damaged line before it is an error.
  static func events(at path: String) throws(FileError) -> [RunEvent] {
    var events: [RunEvent] = []
    let lines = try lines(of: path)
    for (index, line) in lines.enumerated() {
      if let event = line.json.flatMap({ RunEvent($0) }) {
        events.append(event)
      } else if line.json == nil, index < lines.count - 1 {
        throw .badData(path, "line \(index + 1) is not a JSON object; repair or remove the line")
      }
    }
    return events
  }
}
