extension JSON {
  /// Why a text is not JSON, and at which byte.
  package struct SyntaxError: Error, Equatable, CustomStringConvertible {
    package let offset: Int
    package let reason: String

    package var description: String { "\(reason) at byte \(offset)" }
  }

  /// The nesting beyond which a text is refused instead of filling the stack.
  package static let maximumDepth = 64

  /// Reads one JSON value; stricter than the standard only in refusing an object that repeats a key.
  package init(parsing bytes: [UInt8]) throws(SyntaxError) {
    self = try bytes.withUnsafeBufferPointer { (buffer) throws(SyntaxError) in
      var parser = Parser(bytes: buffer)
      return try parser.document()
    }
  }

  /// Reads one JSON value; stricter than the standard only in refusing an object that repeats a key.
  package init(parsing text: String) throws(SyntaxError) {
    try self.init(parsing: Array(text.utf8))
  }

  private struct Parser {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) {
      self.bytes = bytes
    }

    mutating func document() throws(SyntaxError) -> JSON {
      let value = try self.value(depth: 0)
      skipSpace()
      guard position == bytes.count else { throw fault("unexpected text after the value") }
      return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var isDigit: Bool { next.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false }

    private func fault(_ reason: String) -> SyntaxError {
      SyntaxError(offset: position, reason: reason)
    }

    private mutating func skipSpace() {
      while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    private mutating func value(depth: Int) throws(SyntaxError) -> JSON {
      guard depth < JSON.maximumDepth else { throw fault("nested deeper than \(JSON.maximumDepth)") }
      skipSpace()
      switch next {
      case UInt8(ascii: "{"): return try object(depth: depth)
      case UInt8(ascii: "["): return try array(depth: depth)
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): return try word("true", .bool(true))
      case UInt8(ascii: "f"): return try word("false", .bool(false))
      case UInt8(ascii: "n"): return try word("null", .null)
      case UInt8(ascii: "-"): return try number()
      case _ where isDigit: return try number()
      case nil: throw fault("the text ends where a value is expected")
      default: throw fault("expected a value")
      }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(SyntaxError) -> JSON {
      let length = word.utf8CodeUnitCount
      let spelled = UnsafeBufferPointer(start: word.utf8Start, count: length)
      guard bytes.count - position >= length, bytes[position..<position + length].elementsEqual(spelled)
      else { throw fault("expected \(word)") }
      position += length
      return value
    }

    private mutating func array(depth: Int) throws(SyntaxError) -> JSON {
      position += 1
      var values: [JSON] = []
      skipSpace()
      if take("]") { return .array(values) }
      while true {
        values.append(try value(depth: depth + 1))
        skipSpace()
        if take("]") { return .array(values) }
        guard take(",") else { throw fault("expected ',' or ']'") }
      }
    }

    private mutating func object(depth: Int) throws(SyntaxError) -> JSON {
      position += 1
      var members: [Member] = []
      var keys: Set<String> = []
      skipSpace()
      if take("}") { return .object(members) }
      while true {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
        let start = position
        let key = try string()
        guard keys.insert(key).inserted else {
          throw SyntaxError(offset: start, reason: "the key \"\(key)\" appears twice")
        }
        skipSpace()
        guard take(":") else { throw fault("expected ':'") }
        members.append(Member(key, try value(depth: depth + 1)))
        skipSpace()
        if take("}") { return .object(members) }
        guard take(",") else { throw fault("expected ',' or '}'") }
      }
    }

    private mutating func digits() -> Int {
      let start = position
      while isDigit { position += 1 }
      return position - start
    }

    private mutating func number() throws(SyntaxError) -> JSON {
      let start = position
      _ = take("-")
      let leadingZero = next == UInt8(ascii: "0")
      let whole = digits()
      guard whole > 0 else { throw fault("expected a digit") }
      guard whole == 1 || !leadingZero else { throw fault("a number starts with a needless zero") }
      var isInteger = true
      if take(".") {
        isInteger = false
        guard digits() > 0 else { throw fault("expected a digit after the point") }
      }
      if take("e") || take("E") {
        isInteger = false
        if !take("+") { _ = take("-") }
        guard digits() > 0 else { throw fault("expected a digit in the exponent") }
      }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      if isInteger, let value = Int(text) { return .integer(value) }
      guard let value = Double(text), value.isFinite else {
        throw SyntaxError(offset: start, reason: "the number is too large")
      }
      return .number(value)
    }

    private mutating func string() throws(SyntaxError) -> String {
      let opening = position
      position += 1
      var content: [UInt8] = []
      while let byte = next {
        switch byte {
        case UInt8(ascii: "\""):
          position += 1
          guard let text = String(validating: content, as: UTF8.self) else {
            throw SyntaxError(offset: opening, reason: "a string is not valid UTF-8")
          }
          return text
        case UInt8(ascii: "\\"):
          position += 1
          content.append(contentsOf: String(try escaped()).utf8)
        case 0..<0x20: throw fault("a control character in a string must be escaped")
        default:
          content.append(byte)
          position += 1
        }
      }
      throw SyntaxError(offset: opening, reason: "a string does not end")
    }

    private mutating func escaped() throws(SyntaxError) -> Unicode.Scalar {
      guard let letter = next else { throw fault("the text ends inside an escape") }
      position += 1
      switch letter {
      case UInt8(ascii: "\""): return "\""
      case UInt8(ascii: "\\"): return "\\"
      case UInt8(ascii: "/"): return "/"
      case UInt8(ascii: "b"): return "\u{8}"
      case UInt8(ascii: "f"): return "\u{C}"
      case UInt8(ascii: "n"): return "\n"
      case UInt8(ascii: "r"): return "\r"
      case UInt8(ascii: "t"): return "\t"
      case UInt8(ascii: "u"):
        let first = try codeUnit()
        guard UTF16.isSurrogate(first) else { return Unicode.Scalar(UInt32(first)) ?? "\u{FFFD}" }
        guard UTF16.isLeadSurrogate(first), take("\\"), take("u") else {
          throw fault("half of a surrogate pair")
        }
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second) else { throw fault("half of a surrogate pair") }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
      default: throw fault("an unknown escape")
      }
    }

    private mutating func codeUnit() throws(SyntaxError) -> UInt16 {
      guard bytes.count - position >= 4 else { throw fault("the text ends inside an escape") }
      let text = String(decoding: bytes[position..<position + 4], as: UTF8.self)
      guard text.utf8.allSatisfy({ UInt8(ascii: "+") != $0 }), let unit = UInt16(text, radix: 16) else {
        throw fault("expected four hexadecimal digits")
      }
      position += 4
      return unit
    }
  }
}
