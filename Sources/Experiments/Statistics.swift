#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Mean and spread of a few repeated measurements.
package struct Sample: Sendable, Equatable {
  package let values: [Double]

  package init(_ values: [Double]) { self.values = values }

  package var count: Int { values.count }
  package var mean: Double { values.reduce(0, +) / Double(values.count) }

  /// The standard deviation with n - 1 in the denominator; nil for fewer than two values.
  package var deviation: Double? {
    guard count > 1 else { return nil }
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
  }

  /// Up to here numbers are equal but for rounding, as accuracies, being counts, often are.
  static let rounding = 1e-9

  /// Half the width of Student's confidence interval of the mean; nil for fewer than two values, or where equal
  /// ones would make the mean look certain.
  package func margin(confidence: Double = 0.95) -> Double? {
    guard let deviation, deviation > Self.rounding else { return nil }
    return StudentT.quantile((1 + confidence) / 2, freedom: Double(count - 1)) * deviation
      / Double(count).squareRoot()
  }

  /// Welch's confidence interval of this mean minus another, for unequal variances; nil where either has
  /// fewer than two values, or neither any spread.
  package func difference(from other: Sample, confidence: Double = 0.95) -> ClosedRange<Double>? {
    welch(from: other, confidence: confidence)?.interval
  }
}

/// Student's t distribution.
package enum StudentT {
  /// The t below which a share of the distribution lies, for 0.5 <= share < 1.
  package static func quantile(_ share: Double, freedom: Double) -> Double {
    precondition(share >= 0.5 && share < 1 && freedom > 0, "the quantile \(share) for \(freedom) freedoms")
    var (low, high) = (0.0, 1.0)
    while cumulative(high, freedom: freedom) < share, high < 1e12 { high *= 2 }
    // Halving ends at neighboring numbers.
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { break }
      if cumulative(middle, freedom: freedom) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The share of the distribution below t >= 0.
  package static func cumulative(_ t: Double, freedom: Double) -> Double {
    1 - 0.5 * incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
  }

  /// The share of the distribution farther from 0 than t on both sides: the two-sided p-value of t.
  package static func twoSided(_ t: Double, freedom: Double) -> Double {
    precondition(freedom > 0, "the tail for \(freedom) degrees of freedom")
    return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
  }

  /// The regularized incomplete beta function, by its continued fraction (Numerical Recipes 6.4, with
  /// Lentz's method).
  private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    guard x <= (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
    let logBeta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
    let front: Double = exp(a * log(x) + b * log(1 - x) - logBeta) / a
    let tiny = 1e-300
    var c = 1.0
    var d: Double = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var fraction = d
    for m in 1...10_000 {
      let k = Double(m)
      let even: Double = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
      let odd: Double = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
      for term in [even, odd] {
        d = 1 + term * d
        d = 1 / (abs(d) < tiny ? tiny : d)
        c = 1 + term / c
        if abs(c) < tiny { c = tiny }
        fraction *= c * d
      }
      if abs(c * d - 1) < 1e-16 { break }
    }
    return front * fraction
  }
}
