import MartletTensors

extension Augmentation: CustomStringConvertible {
  /// Reads steps as commands and run folders write them, separated by commas; `none` for no step.
  ///
  /// Each is a name with numbers after colons, and for those that look beyond an edge a border at the end:
  /// `reflect`, `nearest` or `fill` with a value, such as `fill128`.
  ///
  ///     flip, flip:vertical, flip:both    crop:4, crop:4:reflect       translate:0.1, translate:0.1:0.2
  ///     rotate:10, rotate:10:fill0        zoom:0.2, zoom:0.2:0.1       brightness:0.2, contrast:0.2
  ///     erase:0.25, erase:0.25:0.02..0.33, erase:0.25:0.02..0.33:0.3..3.3:fill128
  ///
  /// - Parameter text: The steps, such as `flip,crop:4`.
  /// - Throws: `DatasetError` that says what is allowed.
  public init(parsing text: String) throws(DatasetError) {
    steps = []
    let words = text.filter { $0 != " " }
    if words.isEmpty || words == "none" { return }
    for word in words.split(separator: ",", omittingEmptySubsequences: false) {
      let step = try Step(parsing: String(word))
      try step.check()
      steps.append(step)
    }
  }

  /// The text that `init(parsing:)` reads.
  public var description: String {
    steps.isEmpty ? "none" : steps.map(\.description).joined(separator: ",")
  }
}

extension Augmentation.Step: CustomStringConvertible {
  private enum Name: String, CaseIterable {
    case flip, crop, translate, rotate, zoom, erase, brightness, contrast

    var form: String {
      switch self {
      case .flip: "flip[:horizontal|vertical|both]"
      case .crop: "crop[:PIXELS][:BORDER]"
      case .translate: "translate:FRACTION[:FRACTION][:BORDER]"
      case .rotate: "rotate:DEGREES[:BORDER]"
      case .zoom: "zoom:FACTOR[:FACTOR][:BORDER]"
      case .erase: "erase[:PROBABILITY[:AREA..AREA[:ASPECT..ASPECT]]][:fillVALUE]"
      case .brightness: "brightness:FACTOR"
      case .contrast: "contrast:FACTOR"
      }
    }
  }

  init(parsing text: String) throws(DatasetError) {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let word = parts.removeFirst()
    guard let name = Name(rawValue: word) else {
      let names = Name.allCases.map(\.rawValue)
      throw DatasetError(
        .badArgument, at: "augmentation \"\(text)\"",
        expected: "steps out of " + names.joined(separator: ", "),
        received: word.isEmpty ? "nothing" : "\"\(word)\"",
        hint: nearestName(to: word, among: names).map { "did you mean \($0)?" })
    }
    guard let step = Self.read(name, parts) else {
      throw DatasetError(
        .badArgument, at: "augmentation \"\(text)\"", expected: name.form, received: "\"\(text)\"",
        hint: name.form.contains("BORDER")
          ? "a border is reflect, nearest or fill with a byte, as fill0" : nil)
    }
    self = step
  }

  /// The step of a name with the texts between its colons; nil where they do not suit it.
  private static func read(_ name: Name, _ texts: [String]) -> Self? {
    var texts = texts
    let border = texts.last.flatMap { Augmentation.Border(parsing: $0) }
    if border != nil { texts.removeLast() }
    let numbers = texts.compactMap { Double($0) }
    let areNumbers = numbers.count == texts.count
    switch name {
    case .flip:
      guard border == nil, texts.count <= 1 else { return nil }
      if texts.isEmpty { return .randomFlip() }
      return Augmentation.Direction(rawValue: texts[0]).map { .randomFlip($0) }
    case .crop:
      guard texts.count <= 1 else { return nil }
      let padding = texts.isEmpty ? 4 : Int(texts[0])
      return padding.map { .randomCrop(padding: $0, border: border ?? .constant(0)) }
    case .translate:
      guard areNumbers, 1...2 ~= numbers.count else { return nil }
      return .randomTranslation(
        height: numbers[0], width: numbers[numbers.count - 1], border: border ?? .reflect)
    case .rotate:
      guard areNumbers, numbers.count == 1 else { return nil }
      return .randomRotation(degrees: numbers[0], border: border ?? .reflect)
    case .zoom:
      guard areNumbers, 1...2 ~= numbers.count else { return nil }
      return .randomZoom(
        height: numbers[0], width: numbers.count == 2 ? numbers[1] : nil, border: border ?? .reflect)
    case .erase:
      return erasing(texts, border)
    case .brightness:
      return areNumbers && numbers.count == 1 && border == nil ? .randomBrightness(numbers[0]) : nil
    case .contrast:
      return areNumbers && numbers.count == 1 && border == nil ? .randomContrast(numbers[0]) : nil
    }
  }

  private static func erasing(_ texts: [String], _ border: Augmentation.Border?) -> Self? {
    guard texts.count <= 3, let probability = texts.isEmpty ? 0.5 : Double(texts[0]),
      let area = texts.count < 2 ? standardArea : range(texts[1]),
      let aspect = texts.count < 3 ? standardAspect : range(texts[2])
    else { return nil }
    switch border {
    case nil: return .randomErasing(probability: probability, area: area, aspect: aspect)
    case .constant(let fill):
      return .randomErasing(probability: probability, area: area, aspect: aspect, fill: fill)
    case .nearest, .reflect: return nil
    }
  }

  private static let standardArea = 0.02...0.33
  private static let standardAspect = 0.3...3.3

  private static func range(_ text: String) -> ClosedRange<Double>? {
    guard let dots = text.firstRange(of: ".."), let low = Double(text[..<dots.lowerBound]),
      let high = Double(text[dots.upperBound...]), low <= high
    else { return nil }
    return low...high
  }

  /// The text that `Augmentation.init(parsing:)` reads; what is usual is left out.
  public var description: String {
    switch self {
    case .randomFlip(.horizontal): return "flip"
    case .randomFlip(let direction): return "flip:\(direction.rawValue)"
    case .randomCrop(let padding, let border): return "crop:\(padding)" + border.text(unless: .constant(0))
    case .randomTranslation(let height, let width, let border):
      let second = height == width ? "" : ":\(Self.text(width))"
      return "translate:\(Self.text(height))\(second)" + border.text(unless: .reflect)
    case .randomRotation(let degrees, let border):
      return "rotate:\(Self.text(degrees))" + border.text(unless: .reflect)
    case .randomZoom(let height, let width, let border):
      let second = width.map { ":\(Self.text($0))" } ?? ""
      return "zoom:\(Self.text(height))\(second)" + border.text(unless: .reflect)
    case .randomErasing(let probability, let area, let aspect, let fill):
      let isUsual = area == Self.standardArea && aspect == Self.standardAspect
      let ranges = isUsual ? "" : ":\(Self.text(area))" + ":\(Self.text(aspect))"
      return "erase:\(Self.text(probability))\(ranges)"
        + Augmentation.Border.constant(fill).text(unless: .constant(0))
    case .randomBrightness(let factor): return "brightness:\(Self.text(factor))"
    case .randomContrast(let factor): return "contrast:\(Self.text(factor))"
    }
  }

  private static func text(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e6 ? "\(Int(number))" : "\(number)"
  }

  private static func text(_ range: ClosedRange<Double>) -> String {
    "\(text(range.lowerBound))..\(text(range.upperBound))"
  }
}

extension Augmentation.Border {
  fileprivate init?(parsing text: String) {
    switch text {
    case "reflect": self = .reflect
    case "nearest": self = .nearest
    case _ where text.hasPrefix("fill"):
      guard let value = UInt8(text.dropFirst(4)) else { return nil }
      self = .constant(value)
    default: return nil
    }
  }

  fileprivate func text(unless usual: Self) -> String {
    if self == usual { return "" }
    switch self {
    case .constant(let value): return ":fill\(value)"
    case .nearest: return ":nearest"
    case .reflect: return ":reflect"
    }
  }
}
