extension Explanation {
  /// The explanation as lines for a terminal.
  ///
  /// - Parameters:
  ///   - width: The columns; text is broken there, tables and drawings are as wide as they are.
  ///   - isStyled: Whether headings are bold, by the escape codes of terminals.
  package func text(width: Int, isStyled: Bool) -> String {
    func bold(_ text: String) -> String { isStyled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    var lines = [bold(title), String(repeating: "=", count: title.count)]
    lines += TextWrap.lines(summary, width: width)
    for (place, block) in blocks.enumerated() {
      if !block.follows(place > 0 ? blocks[place - 1] : nil) { lines.append("") }
      switch block {
      case .heading(let text): lines += [bold(text), String(repeating: "-", count: text.count)]
      case .paragraph(let text): lines += TextWrap.lines(text, width: width)
      case .formula(let text): lines.append("    \(text)")
      case .items(let items):
        lines += items.flatMap { TextWrap.lines($0, width: width, first: "- ", rest: "  ") }
      case .table(let table): lines += table.text.split(separator: "\n").map { "  \($0)" }
      case .drawing(let drawing): lines += drawing.map { "  \($0)" }
      }
    }
    if !seeAlso.isEmpty {
      lines += [""] + TextWrap.lines("See also: \(seeAlso.joined(separator: ", "))", width: width, rest: "  ")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Explanation.Block {
  /// Whether no blank line stands between this block and the one before.
  fileprivate func follows(_ other: Explanation.Block?) -> Bool {
    switch (other, self) {
    case (.heading, _), (.formula, .formula): true
    default: false
    }
  }
}
