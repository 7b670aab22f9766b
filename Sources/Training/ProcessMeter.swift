import Foundation

/// What the system knows of this process.
package enum ProcessMeter {
  /// Resident anonymous memory in bytes: without mapped files, hence without the data set and the
  /// program's code; nil where the system does not tell.
  package static var anonymousBytes: Int? {
    // The files of /proc have no size and are read whole.
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
    return kilobytes.flatMap { Int($0) }.map { $0 * 1024 }
  }

  /// The seconds since the process was started, to a hundredth; nil where the system does not tell.
  package static var secondsSinceStart: Double? {
    guard let uptime = try? String(contentsOfFile: "/proc/uptime", encoding: .utf8),
      let now = uptime.split(separator: " ").first.flatMap({ Double($0) }),
      let status = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      // The process's name stands in brackets and may hold spaces.
      let rest = status.split(separator: ")").last
    else { return nil }
    let fields = rest.split(separator: " ")
    guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
    return now - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}

/// The greatest value of the process's memory at the moments it was looked at.
struct MemoryPeak {
  private(set) var bytes: Int?

  mutating func look() {
    guard let now = ProcessMeter.anonymousBytes else { return }
    bytes = max(bytes ?? 0, now)
  }
}
