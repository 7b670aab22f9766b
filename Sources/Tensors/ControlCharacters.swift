extension Unicode.Scalar {
  /// Whether a terminal takes the character as a command instead of showing it.
  fileprivate var isControl: Bool { value < 0x20 || 0x7f..<0xa0 ~= value }
}

extension String {
  /// Whether the text would steer a terminal that shows it.
  package var hasControlCharacters: Bool { unicodeScalars.contains(where: \.isControl) }

  /// The text with characters that steer a terminal written out, as `\u{1b}`.
  ///
  /// Names in foreign files reach the terminal in errors and summaries.
  package var escapingControls: String {
    guard hasControlCharacters else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      if scalar.isControl {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }
}
