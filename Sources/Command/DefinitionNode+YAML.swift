import Foundation
import MartletExperiments
import Yams

extension DefinitionNode {
  /// Reads a file in YAML.
  ///
  /// - Throws: What is wrong, with the file and the line.
  static func reading(_ path: String) throws -> DefinitionNode {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw Failure(
        .badData, at: path, expected: "a file that can be read", received: "none", hint: "check the path")
    }
    guard let text = String(data: bytes, encoding: .utf8) else {
      throw Failure(
        .badData, at: path, expected: "text in UTF-8", received: "other bytes", hint: "save it as UTF-8")
    }
    do {
      if let node = try Yams.compose(yaml: text) { return try DefinitionNode(node, path) }
    } catch let error as YamlError {
      throw failure(error, path)
    }
    throw Failure(
      .badData, at: path, expected: "an experiment", received: "an empty file",
      hint: "see 'martlet experiment --help' for an example")
  }

  private init(_ node: Node, _ path: String) throws {
    let line = node.mark?.line ?? 1
    switch node {
    case .scalar(let scalar): self.init(.text(scalar.string), line: line)
    case .sequence(let nodes): self.init(.list(try nodes.map { try DefinitionNode($0, path) }), line: line)
    case .mapping(let pairs):
      let entries = try pairs.map { key, value in
        Entry(
          key: key.string ?? "", line: key.mark?.line ?? line, value: try DefinitionNode(value, path))
      }
      self.init(.map(entries), line: line)
    case .alias:
      throw Failure(
        .badData, at: "\(path):\(line)", expected: "a value", received: "an alias to nothing",
        hint: "write the value itself")
    }
  }

  /// Where the text is no YAML.
  private static func failure(_ error: YamlError, _ path: String) -> Failure {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return Failure(
        .badData, at: "\(path):\(mark.line)", expected: "proper YAML", received: "a mistake (\(problem))",
        hint: "look at the indentation, colons and quotes there")
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { "\($0)" }.joined(separator: ", ")
      return Failure(
        .badData, at: "\(path):\(context.mark.line)", expected: "each key once", received: "\(names) twice",
        hint: "keep one of them")
    default:
      return Failure(
        .badData, at: path, expected: "proper YAML", received: "\(error)", hint: "correct the file")
    }
  }
}
