/// The difference of two means, with what noise makes of it.
package struct MeanDifference: Sendable, Equatable {
  /// The first mean minus the second.
  package let difference: Double
  /// Nil where the values show no spread that an interval could be made of.
  package let interval: ClosedRange<Double>?
  /// The share of such differences that chance alone would bring forth, on either side.
  package let p: Double
  /// Student's degrees of freedom.
  package let freedom: Double
}

extension Sample {
  /// Welch's test of this mean against another, for unequal variances (Welch 1947); nil where either has fewer
  /// than two values.
  ///
  /// Where neither has any spread, the p-value is the least that a permutation of so few values can have.
  package func welch(from other: Sample, confidence: Double = 0.95) -> MeanDifference? {
    guard let own = deviation, let others = other.deviation else { return nil }
    guard max(own, others) > Self.rounding else {
      return .withoutSpread(
        mean - other.mean, least: 2 / Self.choices(of: count, from: count + other.count),
        freedom: Double(count + other.count - 2))
    }
    let (a, b) = (own * own / Double(count), others * others / Double(other.count))
    // Welch and Satterthwaite's degrees of freedom.
    let freedom = (a + b) * (a + b) / (a * a / Double(count - 1) + b * b / Double(other.count - 1))
    return MeanDifference(
      mean - other.mean, error: (a + b).squareRoot(), freedom: freedom, confidence: confidence)
  }

  /// Student's test of values taken in pairs with those of another sample, as of the same seeds; nil for fewer
  /// than two pairs.
  ///
  /// Where all differences are equal, the p-value is the sign test's.
  package func paired(with other: Sample, confidence: Double = 0.95) -> MeanDifference? {
    precondition(count == other.count, "\(count) values paired with \(other.count)")
    let differences = Sample(zip(values, other.values).map { $0 - $1 })
    guard let deviation = differences.deviation else { return nil }
    guard deviation > Self.rounding else {
      return .withoutSpread(
        differences.mean, least: (1..<count).reduce(1) { least, _ in least / 2 }, freedom: Double(count - 1))
    }
    return MeanDifference(
      differences.mean, error: deviation / Double(count).squareRoot(), freedom: Double(count - 1),
      confidence: confidence)
  }

  /// How many ways there are to choose some of so many values.
  private static func choices(of chosen: Int, from all: Int) -> Double {
    (0..<chosen).reduce(1) { $0 * Double(all - $1) / Double($1 + 1) }
  }
}

extension MeanDifference {
  /// A difference of values without spread, which Student's test would take for certain.
  ///
  /// - Parameter least: The least p-value that so few values can have.
  fileprivate static func withoutSpread(_ difference: Double, least: Double, freedom: Double) -> Self {
    Self(
      difference: difference, interval: nil, p: abs(difference) <= Sample.rounding ? 1 : min(1, least),
      freedom: freedom)
  }

  /// A difference with its standard error.
  fileprivate init(_ difference: Double, error: Double, freedom: Double, confidence: Double) {
    self.difference = difference
    self.freedom = freedom
    let margin = StudentT.quantile((1 + confidence) / 2, freedom: freedom) * error
    interval = difference - margin...difference + margin
    p = StudentT.twoSided(difference / error, freedom: freedom)
  }
}

/// Holm's correction: with many comparisons some look like more than noise by chance alone (Holm 1979).
package enum Holm {
  /// The p-values, raised so that the chance of one or more false finds among them stays what each says.
  package static func adjusted(_ p: [Double]) -> [Double] {
    var adjusted = p
    var greatest = 0.0
    for (rank, index) in p.indices.sorted(by: { p[$0] < p[$1] }).enumerated() {
      greatest = max(greatest, min(1, Double(p.count - rank) * p[index]))
      adjusted[index] = greatest
    }
    return adjusted
  }
}
