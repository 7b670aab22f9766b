import MartletTensors

/// A piece of an HTML page; texts put into it by interpolation are escaped.
///
/// ```swift
/// let cell: HTML = "<td>\(name)</td>"
/// ```
package struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
  package let text: String

  package init(stringLiteral value: String) { text = value }

  /// Text that is markup already, such as an SVG image.
  package init(markup: String) { text = markup }

  package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    package mutating func appendLiteral(_ literal: String) { text += literal }
    package mutating func appendInterpolation(_ value: String) { text += value.escaped }
    package mutating func appendInterpolation(_ value: Int) { text += "\(value)" }
    package mutating func appendInterpolation(_ value: HTML) { text += value.text }
  }

  /// Data for the page's script, which no end tag within it can cut short.
  package static func data(_ json: JSON, attributes: HTML = "") -> HTML {
    // By bytes: a letter before it can make one character of itself and the `<`.
    let text = json.text.utf8.split(separator: UInt8(ascii: "<"), omittingEmptySubsequences: false)
      .map { String(Substring($0)) }.joined(separator: "\\u003c")
    return HTML(markup: "<script type=\"application/json\"\(attributes.text)>\(text)</script>")
  }
}

extension [HTML] {
  /// The pieces one after another.
  package func joined(_ separator: String = "\n") -> HTML {
    HTML(markup: map(\.text).joined(separator: separator))
  }
}
