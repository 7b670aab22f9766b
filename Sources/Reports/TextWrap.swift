/// Breaks paragraphs into lines.
package enum TextWrap {
  /// The lines of a text, broken between words; a word that is too long stands alone.
  ///
  /// - Parameters:
  ///   - width: The columns of a line.
  ///   - first: What the first line begins with.
  ///   - rest: What the other lines begin with.
  package static func lines(
    _ text: String, width: Int, first: String = "", rest: String = ""
  ) -> [String] {
    var lines: [String] = []
    var (line, isEmpty) = (first, true)
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        (line, isEmpty) = (rest, true)
      }
      line += isEmpty ? String(word) : " \(word)"
      isEmpty = false
    }
    return lines + [line]
  }
}
