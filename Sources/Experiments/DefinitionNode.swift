/// A piece of an experiment's file with the line it stands on: a text, a list, or names with pieces.
///
/// The command makes it from YAML, so that nothing here depends on a format of files.
package struct DefinitionNode: Sendable {
  package enum Content: Sendable {
    case text(String)
    case list([DefinitionNode])
    case map([Entry])
  }
  package struct Entry: Sendable {
    package let key: String
    package let line: Int
    package let value: DefinitionNode

    package init(key: String, line: Int, value: DefinitionNode) {
      self.key = key
      self.line = line
      self.value = value
    }
  }
  package let content: Content
  /// Counted from 1.
  package let line: Int

  package init(_ content: Content, line: Int) {
    self.content = content
    self.line = line
  }

  /// What it is, in words.
  var kind: String {
    switch content {
    case .text(let text): text.isEmpty ? "nothing" : text
    case .list: "a list"
    case .map: "names with values"
    }
  }
}

/// Reads the pieces of an experiment's file; every mistake names file, line and key.
struct DefinitionReader {
  let file: String

  func mistake(_ line: Int, _ key: String, expected: String, received: String, hint: String) -> SettingError {
    SettingError(
      at: "\(file):\(line): \(key)", expected: expected, received: received, hint: hint, isInFile: true)
  }

  /// A mistake that was found without knowing the file.
  func located(_ error: any Error, _ line: Int, _ key: String) -> SettingError {
    if let error = error as? SettingError, error.isInFile { return error }
    let text = "\(error)"
    // The option's dashes mean nothing in a file.
    let plain = text.hasPrefix("--") ? String(text.dropFirst(2)) : text
    let words = plain.hasPrefix("\(key): ") ? plain : "\(key): \(text)"
    return SettingError("\(file):\(line): \(words)", isInFile: true)
  }

  func unknown(_ key: String, _ name: String, among names: [String], _ line: Int) -> SettingError {
    SettingError("\(file):\(line): \(SettingError.unknown(key, name, among: names))", isInFile: true)
  }

  func text(_ node: DefinitionNode, _ key: String) throws -> String {
    if case .text(let text) = node.content, !text.isEmpty { return text }
    throw mistake(
      node.line, key, expected: "one value", received: node.kind, hint: "write it behind the colon")
  }

  func count(_ node: DefinitionNode, _ key: String, in range: ClosedRange<Int>) throws -> Int {
    let text = try text(node, key)
    if let number = Int(text), range ~= number { return number }
    throw mistake(
      node.line, key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
      received: text, hint: "correct the number")
  }

  func number(_ node: DefinitionNode, _ key: String) throws -> Double {
    let text = try text(node, key)
    if let number = Double(text), number.isFinite { return number }
    throw mistake(node.line, key, expected: "a number", received: text, hint: "write it as 0.001 or 1e-3")
  }

  /// The entries of a map whose keys are all among those known.
  func entries(
    _ node: DefinitionNode, _ key: String, known: [String], alsoModelSettings: Bool = false
  ) throws -> [DefinitionNode.Entry] {
    guard case .map(let entries) = node.content else {
      throw mistake(
        node.line, key, expected: "names with values", received: node.kind,
        hint: "write one 'name: value' a line, indented")
    }
    for entry in entries where !known.contains(entry.key) {
      if alsoModelSettings, case .modelSetting = SettingKey(name: entry.key) { continue }
      throw unknown("\(key.isEmpty ? "" : key + ".")\(entry.key)", entry.key, among: known, entry.line)
    }
    return entries
  }
}
