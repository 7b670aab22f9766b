import Foundation
import MartletTensors

/// What a run was made with and on.
package struct RunEnvironment: Equatable, Sendable {
  /// When the run began, as `2026-01-31T12:00:00Z`; nil where it is not known.
  package var started: String?
  package var martletVersion: String
  package var swiftVersion: String
  package var operatingSystem: String
  package var processor: String
  /// The cores this process may use.
  package var cores: Int
  package var memoryBytes: Int
  /// The instruction set of the kernels in use.
  package var instructionSet: String

  /// Describes this process on this machine.
  package init(started: Date? = Date(), martletVersion: String, instructionSet: String) {
    self.started = started.map { ISO8601DateFormatter().string(from: $0) }
    self.martletVersion = martletVersion
    self.instructionSet = instructionSet
    swiftVersion = Self.compilerVersion
    operatingSystem = ProcessInfo.processInfo.operatingSystemVersionString
    processor = Self.processorName
    cores = ProcessInfo.processInfo.activeProcessorCount
    memoryBytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
  }

  package var json: JSON {
    [
      "started": .optional(started),
      "martlet_version": .string(martletVersion),
      "swift_version": .string(swiftVersion),
      "operating_system": .string(operatingSystem),
      "processor": .string(processor),
      "cores": .integer(cores),
      "memory_bytes": .integer(memoryBytes),
      "instruction_set": .string(instructionSet),
    ]
  }

  package init?(_ json: JSON) {
    guard let version = json["martlet_version"]?.stringValue else { return nil }
    martletVersion = version
    started = json["started"]?.stringValue
    swiftVersion = json["swift_version"]?.stringValue ?? "unknown"
    operatingSystem = json["operating_system"]?.stringValue ?? "unknown"
    processor = json["processor"]?.stringValue ?? "unknown"
    cores = json["cores"]?.intValue ?? 0
    memoryBytes = json["memory_bytes"]?.intValue ?? 0
    instructionSet = json["instruction_set"]?.stringValue ?? "unknown"
  }

  private static var compilerVersion: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #else
      "6.1"
    #endif
  }

  private static var processorName: String {
    #if os(Linux)
      // The files of /proc have no size, so that `InputFile` does not fit.
      let description = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      let line = description.split(separator: "\n").first { $0.hasPrefix("model name") }
      return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    #else
      var name = [UInt8](repeating: 0, count: 256)
      var count = name.count
      guard sysctlbyname("machdep.cpu.brand_string", &name, &count, nil, 0) == 0 else { return "unknown" }
      return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    #endif
  }
}
