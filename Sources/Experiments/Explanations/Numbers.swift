import Foundation

/// A number with so many decimals.
func fixed(_ value: Double, _ decimals: Int) -> String {
  let text = String(format: "%.\(decimals)f", value)
  return text.hasPrefix("-") && Double(text) == 0 ? String(text.dropFirst()) : text
}

extension String {
  /// The text up to its last character that is no blank.
  var withoutBlanksAtEnd: String {
    var text = Substring(self)
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

/// A number as short as it can be told: `0.001`, `1e-07`, `16`.
func short(_ value: Double) -> String { String(format: "%g", value) }
