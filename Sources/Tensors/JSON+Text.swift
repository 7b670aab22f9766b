extension JSON {
  /// The value on one line; numbers that are not finite become null, as JSON has no word for them.
  package var text: String {
    var output = ""
    write(to: &output, indentation: nil)
    return output
  }

  /// The value with a line for each member and element, for files that people read.
  package var indentedText: String {
    var output = ""
    write(to: &output, indentation: 0)
    return output + "\n"
  }

  private func write(to output: inout String, indentation: Int?) {
    switch self {
    case .null: output += "null"
    case .bool(let value): output += value ? "true" : "false"
    case .integer(let value): output += String(value)
    case .number(let value): output += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(string: value, to: &output)
    case .array(let values):
      Self.write(values, between: "[", "]", to: &output, indentation) { value, output, deeper in
        value.write(to: &output, indentation: deeper)
      }
    case .object(let members):
      Self.write(members, between: "{", "}", to: &output, indentation) { member, output, deeper in
        Self.write(string: member.key, to: &output)
        output += deeper == nil ? ":" : ": "
        member.value.write(to: &output, indentation: deeper)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], between open: String, _ close: String, to output: inout String,
    _ indentation: Int?, _ each: (Element, inout String, Int?) -> Void
  ) {
    output += open
    let deeper = indentation.map { $0 + 2 }
    for (index, element) in elements.enumerated() {
      if index > 0 { output += "," }
      if let deeper { output += "\n" + String(repeating: " ", count: deeper) }
      each(element, &output, deeper)
    }
    if let indentation, !elements.isEmpty { output += "\n" + String(repeating: " ", count: indentation) }
    output += close
  }

  private static func write(string: String, to output: inout String) {
    output += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: output.unicodeScalars.append(scalar)
      }
    }
    output += "\""
  }
}
