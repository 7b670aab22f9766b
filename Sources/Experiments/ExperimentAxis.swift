import Foundation

/// One setting that an experiment varies: its values, or a range of them.
struct ExperimentAxis {
  /// One value, with a name of its own where it has one.
  struct Value {
    var name: String?
    var text: String
    var line: Int
  }
  /// Numbers between two ends.
  struct Range {
    var from: Double
    var to: Double
    /// How it is walked through; nil where points are drawn from it.
    var walk: Walk?
    var isLogarithmic: Bool
  }
  enum Walk {
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
    case .map: content = .range(try Self.range(node, key, reader))
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

  private static func range(
    _ node: DefinitionNode, _ key: SettingKey, _ reader: DefinitionReader
  ) throws -> Range {
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
    return Range(from: from, to: to, walk: walks.first, isLogarithmic: scale == "log")
  }

  /// The values of a grid.
  func gridValues(_ reader: DefinitionReader) throws -> [Value] {
    switch content {
    case .values(let values): return values
    case .range(let range):
      guard let walk = range.walk else {
        throw reader.mistake(
          line, "vary.\(key.name)", expected: "a step, a factor or a count for the range",
          received: "from and to alone", hint: "add for instance count: 5, or 'search: {trials: 20}'")
      }
      return numbers(range, walk).map { Value(text: text($0), line: line) }
    }
  }

  private func numbers(_ range: Range, _ walk: Walk) -> [Double] {
    // A little more than the end, so that rounding does not drop it.
    let end = range.to * (range.to > 0 ? 1 + 1e-9 : 1 - 1e-9)
    switch walk {
    case .step(let step):
      return (0..<10_000).lazy.map { range.from + Double($0) * step }.prefix { $0 <= end }.map { $0 }
    case .factor(let factor):
      return (0..<10_000).lazy.map { range.from * pow(factor, Double($0)) }.prefix { $0 <= end }.map { $0 }
    case .count(let count): return (0..<count).map { point(range, Double($0) / Double(count - 1)) }
    }
  }

  /// The point at a share (0 to 1) of the way.
  private func point(_ range: Range, _ share: Double) -> Double {
    range.isLogarithmic
      ? range.from * pow(range.to / range.from, share) : range.from + (range.to - range.from) * share
  }

  /// The value that a random number (0 to below 1) stands for.
  func drawn(_ share: Double) -> Value {
    switch content {
    case .values(let values): return values[min(values.count - 1, Int(share * Double(values.count)))]
    case .range(let range):
      if let walk = range.walk {
        let values = numbers(range, walk)
        return Value(text: text(values[min(values.count - 1, Int(share * Double(values.count)))]), line: line)
      }
      return Value(text: text(point(range, share)), line: line)
    }
  }

  /// What a setting is called after a value: `dropout 0.5`, or the text alone where it says what it is.
  func name(of text: String) -> String {
    let short = key.name.split(separator: ".").last.map(String.init) ?? key.name
    return Double(text) != nil || ["yes", "no"].contains(text) ? "\(short) \(text)" : text
  }

  private func text(_ number: Double) -> String {
    key.isWhole ? "\(Int(number.rounded()))" : String(format: "%.4g", number)
  }
}
