import Foundation

/// An axis: the values it spans, with marks at round numbers.
struct Scale: Equatable {
  let lower: Double
  let upper: Double
  let ticks: [Double]
  private let decimals: Int
  /// Whether equal distances are equal factors.
  private var isLogarithmic = false

  /// A scale over all finite values, its ends on round numbers.
  ///
  /// - Parameters:
  ///   - values: What has to find room.
  ///   - marks: The number of marks wished for; there are up to twice as many or half as many.
  init(covering values: [Double], marks: Int = 5) {
    let (least, greatest) = Self.range(values)
    let step = Self.roundStep((greatest - least) / Double(marks))
    let first = (least / step).rounded(.down)
    let last = (greatest / step).rounded(.up)
    lower = first * step
    upper = last * step
    ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    decimals = max(0, -Int(Foundation.log10(step).rounded(.down)))
  }

  /// A scale over whole numbers, its marks on whole numbers and half a mark free at each end.
  init(counting values: [Double], marks: Int = 8) {
    let least = values.min() ?? 1
    let greatest = values.max() ?? 1
    let step = max(1, Self.roundStep((greatest - least) / Double(marks)))
    let margin = max(0.5, (greatest - least) * 0.04)
    lower = least - margin
    upper = greatest + margin
    // The first of the values is worth a mark, then the multiples of the step.
    let multiples = stride(from: (least / step).rounded(.up) * step, through: greatest, by: step)
    ticks = [least] + multiples.filter { $0 - least >= step * 0.5 }
    decimals = 0
  }

  /// A scale over the positive values on which equal distances are equal factors, its marks on powers of
  /// ten; nil where no value is positive.
  init?(logarithmic values: [Double]) {
    let positive = values.filter { $0.isFinite && $0 > 0 }
    guard let least = positive.min(), let greatest = positive.max() else { return nil }
    // Whole powers of ten where there are not two between the values.
    let (low, high) = (Foundation.log10(least) - 0.1, Foundation.log10(greatest) + 0.1)
    let isWide = high.rounded(.down) - low.rounded(.up) >= 1
    let (first, last) = isWide ? (low, high) : (low.rounded(.down), high.rounded(.up))
    lower = Foundation.pow(10, first)
    upper = Foundation.pow(10, last)
    let powers = Array(Int(first.rounded(.up))...Int(last.rounded(.down)))
    let step = max(1, (powers.count + 5) / 7)
    ticks = powers.filter { $0 % step == 0 || powers.count <= step }.map { Foundation.pow(10, Double($0)) }
    decimals = 0
    isLogarithmic = true
  }

  /// A scale for bars: from zero, or, where all are so close that their ends would look alike, from a round
  /// number below them.
  init(bars values: [Double], marks: Int = 5) {
    let finite = values.filter(\.isFinite)
    let (least, greatest) = (finite.min() ?? 0, finite.max() ?? 1)
    if least > 0, least > 0.6 * greatest {
      // As much room below the shortest bar as the bars differ, so that it still is a bar.
      let spread = max(greatest - least, greatest * 0.01)
      self.init(covering: [max(0, least - spread), greatest], marks: marks)
    } else {
      self.init(covering: [min(0, least), max(0, greatest)], marks: marks)
    }
  }

  /// The share (0 to 1) of the axis below a value.
  func share(of value: Double) -> Double {
    guard isLogarithmic else { return (value - lower) / (upper - lower) }
    guard value > 0 else { return .nan }
    return Foundation.log10(value / lower) / Foundation.log10(upper / lower)
  }

  func label(_ tick: Double) -> String {
    if isLogarithmic { return Self.powerOfTen(tick) }
    let text = String(format: "%.\(decimals)f", tick)
    return text.hasPrefix("-") && Double(text) == 0 ? String(text.dropFirst()) : text
  }

  /// `0.01`, `1000`, and `1e-5` where that is shorter.
  private static func powerOfTen(_ value: Double) -> String {
    let exponent = Int(Foundation.log10(value).rounded())
    return abs(exponent) > 3 ? "1e\(exponent)" : String(format: "%g", value)
  }

  private static func range(_ values: [Double]) -> (Double, Double) {
    let finite = values.filter(\.isFinite)
    guard let least = finite.min(), let greatest = finite.max() else { return (0, 1) }
    if greatest > least { return (least, greatest) }
    if least == 0 { return (0, 1) }
    let margin = max(abs(least) * 0.1, 1e-3)
    return (least - margin, greatest + margin)
  }

  /// The smallest of 1, 2 and 5 times a power of ten that is not below `step`.
  private static func roundStep(_ step: Double) -> Double {
    guard step > 0 else { return 1 }
    let power = Foundation.pow(10, Foundation.log10(step).rounded(.down))
    return power * ([1, 2, 5].first { $0 * power >= step * 0.999 } ?? 10)
  }
}
