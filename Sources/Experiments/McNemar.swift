#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// McNemar's exact test of two classifiers on the same images (McNemar 1947).
///
/// Asks whether the images that only one of them gets right are spread evenly over both.
package enum McNemar {
  /// The two-sided p-value; 1 where both are right on the same images.
  ///
  /// - Parameters:
  ///   - onlyFirst: The images that only the first classifies rightly.
  ///   - onlySecond: The images that only the second classifies rightly.
  package static func p(onlyFirst: Int, onlySecond: Int) -> Double {
    let (count, least) = (onlyFirst + onlySecond, min(onlyFirst, onlySecond))
    guard count > 0 else { return 1 }
    // Twice the lower tail of a binomial distribution with a half.
    let tail = (0...least).reduce(0.0) { sum, k in
      let ways: Double = lgamma(Double(count + 1)) - lgamma(Double(k + 1)) - lgamma(Double(count - k + 1))
      return sum + exp(ways - Double(count) * log(2))
    }
    return min(1, 2 * tail)
  }
}
