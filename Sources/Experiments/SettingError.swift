import MartletTensors

/// A setting that cannot be used: a wrong name, number or text.
package struct SettingError: Error, CustomStringConvertible {
  /// Whether it was written in a file instead of an option.
  package let isInFile: Bool
  /// One line: where, what was expected, what was received, what to do.
  package let description: String

  package init(_ text: String, isInFile: Bool = false) {
    description = text
    self.isInFile = isInFile
  }

  package init(at place: String, expected: String, received: String, hint: String, isInFile: Bool = false) {
    self.init(
      "\(place): expected \(expected), received \(received); \(hint)", isInFile: isInFile)
  }

  /// A name that is not among those there are.
  package static func unknown(
    _ kind: String, _ name: String, among names: [String], hint: String? = nil
  ) -> SettingError {
    let near = nearestName(to: name, among: names).map { "did you mean \($0)?" }
    return SettingError(
      at: kind, expected: "one of \(names.joined(separator: ", "))", received: name,
      hint: near ?? hint ?? "choose one of them")
  }
}
