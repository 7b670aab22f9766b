import Foundation
import MartletTensors

/// The folder of an experiment, owned by the process that runs it.
///
/// It holds `experiment.json` (the definition, written first), `trials/` with a run folder for each trial, and
/// at the end `results.json` with its tables and figures.
package final class ExperimentFolder {
  /// The path of the folder.
  package let path: String
  private let lock: RunLock

  /// Opens an experiment that was begun here with the same definition, else begins it.
  ///
  /// Members whose key is among `growing` may be arrays that have become longer.
  ///
  /// - Throws: Where the folder holds another definition, the first difference.
  package init(at path: String, definition: JSON, growing: [String] = []) throws(FileError) {
    self.path = path
    try Folder.create(path)
    lock = try RunLock(folder: path)
    try RunFolder.removeLeftovers(in: path)
    let file = path + "/" + ExperimentFile.definition
    if FileManager.default.fileExists(atPath: file) {
      let stored = try RunRecord.json(at: file)
      if let difference = stored.firstDifference(from: definition, growing: growing) {
        throw FileError(
          kind: .cannotWrite, path: path,
          description:
            "\(path) holds another experiment: \(difference); choose another folder with --output, "
            + "or take the change back")
      }
      if stored == definition { return }
    } else {
      if let stranger = try RunFolder.names(in: path).first(where: { $0 != RunFile.lock }) {
        throw FileError(
          kind: .cannotWrite, path: path,
          description: "\(path) is not empty (it holds \(stranger)); choose a new folder with --output")
      }
    }
    try AtomicFile.write(Array(definition.indentedText.utf8), to: file)
    try Folder.create(path + "/" + ExperimentFile.trials)
  }

  /// Where an experiment was begun.
  package static func exists(at path: String) -> Bool {
    FileManager.default.fileExists(atPath: path + "/" + ExperimentFile.definition)
  }

  /// The definition of the experiment that was begun at a path.
  package static func definition(at path: String) throws(FileError) -> JSON {
    try RunRecord.json(at: path + "/" + ExperimentFile.definition)
  }

  /// Waits until nobody owns a run folder any more, at most so many seconds.
  ///
  /// A killed experiment's trials end by themselves within a step; what is left of them must not stop the
  /// next attempt.
  package static func waitUntilFree(run: String, seconds: Double) {
    // Not by the time of day, which can be set.
    let deadline = ContinuousClock.now + .seconds(seconds)
    while RunLock.isTaken(folder: run), ContinuousClock.now < deadline { usleep(20_000) }
  }
}

/// The names in an experiment folder.
package enum ExperimentFile {
  package static let definition = "experiment.json"
  package static let results = "results.json"
  package static let trials = "trials"
  package static let logs = "logs"
}

extension JSON {
  /// In words, the first place where a definition differs from this one; nil where they are equal.
  ///
  /// Arrays below the keys `growing` may have become longer.
  package func firstDifference(from other: JSON, growing: [String] = []) -> String? {
    difference(from: other, at: "", growing: growing)
  }

  private func difference(from other: JSON, at place: String, growing: [String]) -> String? {
    if self == other { return nil }
    if let members, let others = other.members {
      for member in members {
        let path = place.isEmpty ? member.key : "\(place).\(member.key)"
        guard let value = other[member.key] else {
          return "\(path) is \(member.value.brief) there, nothing now"
        }
        if growing.contains(member.key), let old = member.value.arrayValue, let new = value.arrayValue,
          new.starts(with: old)
        {
          continue
        }
        if let difference = member.value.difference(from: value, at: path, growing: growing) {
          return difference
        }
      }
      guard let new = others.first(where: { self[$0.key] == nil }) else { return nil }
      return "\(place.isEmpty ? "" : place + ".")\(new.key) is nothing there, \(new.value.brief) now"
    }
    if let values = arrayValue, let others = other.arrayValue, values.count == others.count {
      for (index, (old, new)) in zip(values, others).enumerated() {
        let name = old["name"]?.stringValue.map { "[\($0)]" } ?? "[\(index)]"
        if let difference = old.difference(from: new, at: place + name, growing: growing) {
          return difference
        }
      }
      return nil
    }
    return "\(place) is \(brief) there, \(other.brief) now"
  }

  /// The text, or for what is long how many elements it has.
  private var brief: String {
    switch self {
    case .array(let values) where values.contains { $0.members != nil }: "\(values.count) entries"
    case .object(let members) where members.count > 3: "\(members.count) entries"
    default: text
    }
  }
}
