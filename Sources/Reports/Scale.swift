import Foundation

/// An axis: the values it spans, with marks at round numbers.
struct Scale: Equatable {
  let lower: Double
  let upper: Double
  let ticks: [Double]
  private let decimals: Int

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

  /// The share (0 to 1) of the axis below a value.
  func share(of value: Double) -> Double { (value - lower) / (upper - lower) }

  func label(_ tick: Double) -> String {
    let text = String(format: "%.\(decimals)f", tick)
    return text.hasPrefix("-") && Double(text) == 0 ? String(text.dropFirst()) : text
  }

  private static func range(_ values: [Double]) -> (Double, Double) {
    let finite = values.filter(\.isFinite)
    guard let least = finite.min(), let greatest = finite.max() else { return (0, 1) }
    if greatest > least { return (least, greatest) }
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
