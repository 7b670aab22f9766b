import Foundation

/// One setting that an experiment varies: its values, or a range of them.
struct ExperimentAxis {
  /// One value, with a name of its own where it has one.
  struct Value {
    var name: String?
    var text: String
    var line: Int
  }
  /// Numbers between two ends, from which points are drawn.
  private struct Range {
    var from: Double
    var to: Double
    var isLogarithmic: Bool

    /// The point at a share (0 to 1) of the way.
    func point(_ share: Double) -> Double {
      isLogarithmic ? from * pow(to / from, share) : from + (to - from) * share
    }
  }
  /// How a range is walked through.
  private enum Walk {
    case step(Double)
    case factor(Double)
    case count(Int)
  }
  private enum Content {
    case values([Value])
    case range(Range)
  }

  let key: SettingKey
  let line: Int
  private let content: Content

  init(_ key: SettingKey, _ node: DefinitionNode, _ reader: DefinitionReader) throws {
    self.key = key
    line = node.line
    switch node.content {
    case .list(let items) where !items.isEmpty:
      content = .values(try items.map { try Self.value($0, key, reader) })
    case .map: content = try Self.range(node, key, reader)
    case .list, .text:
      throw reader.mistake(
        node.line, "vary.\(key.name)",
        expected: "a list such as [a, b], or a range such as {from: 1, to: 9, step: 2}",
        received: node.kind, hint: "a setting with one value belongs below 'base:'")
    }
  }

  private static func value(
    _ node: DefinitionNode, _ key: SettingKey, _ reader: DefinitionReader
  ) throws -> Value {
    guard case .map(let entries) = node.content else {
      return Value(text: try reader.text(node, "vary.\(key.name)"), line: node.line)
    }
    guard entries.count == 1 else {
      throw reader.mistake(
        node.line, "vary.\(key.name)", expected: "a value, or one name with its value",
        received: "\(entries.count) names", hint: "settings that change together belong below 'variants:'")
    }
    return Value(
      name: entries[0].key, text: try reader.text(entries[0].value, "vary.\(key.name)"), line: node.line)
  }

  /// The values of a range that is walked through, or the range itself.
  private static func range(
    _ node: DefinitionNode, _ key: SettingKey, _ reader: DefinitionReader
  ) throws -> Content {
    let place = "vary.\(key.name)"
    let entries = try reader.entries(node, place, known: ["from", "to", "step", "factor", "count", "scale"])
    func number(_ name: String) throws -> Double? {
      try entries.first { $0.key == name }.map { try reader.number($0.value, "\(place).\(name)") }
    }
    guard let from = try number("from"), let to = try number("to"), from < to else {
      throw reader.mistake(
        node.line, place, expected: "from and to, the first the smaller", received: "other ends",
        hint: "write for instance {from: 16, to: 256, factor: 2}")
    }
    let greatest = Double(SettingLimit.count)
    guard !key.isWhole || (abs(from) <= greatest && abs(to) <= greatest) else {
      throw reader.mistake(
        node.line, place, expected: "ends of at most \(SettingLimit.count) for whole numbers",
        received: "\(from) and \(to)", hint: "choose ends nearer to 0")
    }
    var walks: [Walk] = []
    if let step = try number("step"), step > 0 { walks.append(.step(step)) }
    if let factor = try number("factor"), factor > 1, from > 0 { walks.append(.factor(factor)) }
    if let count = entries.first(where: { $0.key == "count" }) {
      walks.append(.count(try reader.count(count.value, "\(place).count", in: 2...SettingLimit.trials)))
    }
    let given = entries.filter { ["step", "factor", "count"].contains($0.key) }
    guard walks.count == given.count, walks.count <= 1 else {
      throw reader.mistake(
        node.line, place, expected: "one of a step above 0, a factor above 1 (from above 0) or a count",
        received: given.map(\.key).joined(separator: " and "), hint: "keep one of them")
    }
    let scale = try entries.first { $0.key == "scale" }.map { try reader.text($0.value, "\(place).scale") }
    guard scale == nil || scale == "linear" || (scale == "log" && from > 0) else {
      throw reader.mistake(
        node.line, "\(place).scale", expected: "linear, or log with a from above 0",
        received: scale ?? "", hint: "rates are best drawn with scale: log")
    }
    let range = Range(from: from, to: to, isLogarithmic: scale == "log")
    guard let walk = walks.first else { return .range(range) }
    guard let numbers = numbers(range, walk) else {
      throw reader.mistake(
        node.line, place, expected: "at most \(SettingLimit.trials) values",
        received: "more from \(from) to \(to)",
        hint: "take larger steps, or leave them out and draw with 'search: {trials: 20}'")
    }
    return .values(numbers.map { Value(text: text($0, of: key), line: node.line) })
  }

  /// The values of a grid.
  func gridValues(_ reader: DefinitionReader) throws -> [Value] {
    switch content {
    case .values(let values): return values
    case .range:
      throw reader.mistake(
        line, "vary.\(key.name)", expected: "a step, a factor or a count for the range",
        received: "from and to alone", hint: "add for instance count: 5, or 'search: {trials: 20}'")
    }
  }

  /// The numbers of a walk; nil where they are too many to list.
  private static func numbers(_ range: Range, _ walk: Walk) -> [Double]? {
    // A little more than the end, so that rounding does not drop it.
    let end = range.to * (range.to > 0 ? 1 + 1e-9 : 1 - 1e-9)
    let number: (Int) -> Double
    switch walk {
    case .step(let step): number = { range.from + Double($0) * step }
    case .factor(let factor): number = { range.from * pow(factor, Double($0)) }
    case .count(let count): return (0..<count).map { range.point(Double($0) / Double(count - 1)) }
    }
    guard number(SettingLimit.trials) > end else { return nil }
    return (0..<SettingLimit.trials).lazy.map(number).prefix { $0 <= end }.map { $0 }
  }

  /// The value that a random number (0 to below 1) stands for.
  func drawn(_ share: Double) -> Value {
    switch content {
    case .values(let values): values[min(values.count - 1, Int(share * Double(values.count)))]
    case .range(let range): Value(text: Self.text(range.point(share), of: key), line: line)
    }
  }

  /// What a setting is called after a value: `dropout 0.5`, or the text alone where it says what it is.
  func name(of text: String) -> String {
    let short = key.name.split(separator: ".").last.map(String.init) ?? key.name
    return Double(text) != nil || ["yes", "no"].contains(text) ? "\(short) \(text)" : text
  }

  private static func text(_ number: Double, of key: SettingKey) -> String {
    key.isWhole ? "\(Int(number.rounded()))" : String(format: "%.4g", number)
  }
}
