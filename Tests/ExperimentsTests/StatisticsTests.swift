import MartletExperiments
import Testing

/// Intervals as SciPy 1.x computes them.
@Suite struct StatisticsTests {
  @Test(arguments: [
    (0.975, 1.0, 12.706204736174694), (0.975, 2, 4.302652729749462), (0.975, 4.7, 2.62072607535317),
    (0.995, 30, 2.7499956535672254), (0.95, 1e4, 1.645006018069243), (0.6, 3, 0.2766706623326898),
  ])
  func quantilesOfStudentsDistribution(share: Double, freedom: Double, expected: Double) {
    let quantile = StudentT.quantile(share, freedom: freedom)
    #expect(abs(quantile - expected) < 1e-10 * expected)
    #expect(abs(StudentT.cumulative(quantile, freedom: freedom) - share) < 1e-12)
  }

  @Test func theIntervalOfAMean() throws {
    let sample = Sample([0.9909, 0.9916, 0.9911, 0.9902])
    #expect(abs(sample.mean - 0.99095) < 1e-15)
    #expect(abs(try #require(sample.deviation) - 0.0005802298395176657) < 1e-15)
    #expect(abs(try #require(sample.margin()) - 0.000923275154494177) < 1e-13)
    #expect(Sample([1]).deviation == nil && Sample([1]).margin() == nil)
    #expect(Sample([0.9, 0.9, 0.9]).margin() == nil)
  }

  @Test func welchsIntervalOfADifference() throws {
    let (a, b) = (Sample([0.9909, 0.9916, 0.9911, 0.9902]), Sample([0.9921, 0.9917, 0.9925]))
    let interval = try #require(a.difference(from: b))
    #expect(abs(interval.lowerBound + 0.002103372795498001) < 1e-13)
    #expect(abs(interval.upperBound + 0.00019662720450218992) < 1e-13)
    #expect(a.difference(from: Sample([0.99])) == nil)
    // Without any spread there is nothing to make an interval of.
    #expect(Sample([1, 1]).difference(from: Sample([3, 3])) == nil)
  }

  @Test(arguments: [
    (0.3, 1.0, 0.8144528418445154), (2.5, 2, 0.12961172022151082), (4.2, 3.7, 0.016116786207065057),
    (12, 5, 7.089492517161522e-05), (60, 2, 0.00027766209059467876),
  ])
  func tailsOfStudentsDistribution(t: Double, freedom: Double, expected: Double) {
    #expect(abs(StudentT.twoSided(t, freedom: freedom) - expected) < 1e-10 * expected)
    #expect(StudentT.twoSided(-t, freedom: freedom) == StudentT.twoSided(t, freedom: freedom))
  }

  private static let first = Sample([0.9123, 0.9151, 0.9098, 0.9139])
  private static let second = Sample([0.9101, 0.9110, 0.9082, 0.9120])

  /// `scipy.stats.ttest_rel` and its confidence interval.
  @Test func pairedTest() throws {
    let test = try #require(Self.first.paired(with: Self.second))
    #expect(test.freedom == 3)
    #expect(abs(test.p - 0.022464985863768487) < 1e-10)
    #expect(abs(try #require(test.interval).lowerBound - 0.000656782577513451) < 1e-10)
    #expect(abs(try #require(test.interval).upperBound - 0.0042432174224865645) < 1e-10)
    #expect(Sample([1]).paired(with: Sample([2])) == nil)
    let equal = try #require(Sample([1, 2]).paired(with: Sample([1, 2])))
    #expect(equal.p == 1 && equal.interval == nil)
  }

  /// `scipy.stats.ttest_ind` with unequal variances.
  @Test func welchsTest() throws {
    let test = try #require(Self.first.welch(from: Sample(Array(Self.second.values.prefix(3)))))
    #expect(abs(test.freedom - 4.93013758369315) < 1e-9)
    #expect(abs(test.p - 0.08710694155084352) < 1e-10)
    #expect(abs(try #require(test.interval).lowerBound + 0.0006365411589775607) < 1e-10)
    #expect(abs(try #require(test.interval).upperBound - 0.006653207825644342) < 1e-10)
  }

  /// Accuracies are counts: a few seeds often differ by the same number of images, which is no proof.
  @Test func equalDifferencesProveNoMoreThanTheirSigns() throws {
    let (base, better) = ([0.90, 0.92, 0.94, 0.91, 0.93, 0.95], [0.91, 0.93, 0.95, 0.92, 0.94, 0.96])
    for (count, p) in [(2, 0.5), (3, 0.25), (6, 0.03125)] {
      let (first, second) = (Sample(Array(better.prefix(count))), Sample(Array(base.prefix(count))))
      let test = try #require(first.paired(with: second))
      #expect(test.p == p && test.interval == nil)
    }
    // 10 ways to choose two of five, of which one on either side is as extreme.
    let unpaired = try #require(Sample([0.9, 0.9, 0.9]).welch(from: Sample([0.8, 0.8])))
    #expect(abs(unpaired.p - 0.2) < 1e-12 && unpaired.interval == nil)
    #expect(Sample([0.9, 0.9]).welch(from: Sample([0.9, 0.9]))?.p == 1)
  }

  /// The steps are those of Holm's paper, counted by hand.
  @Test func holmsCorrection() {
    #expect(Holm.adjusted([0.01, 0.04, 0.03, 0.2]) == [0.04, 0.09, 0.09, 0.2])
    #expect(Holm.adjusted([0.6, 0.5]) == [1, 1])
    #expect(Holm.adjusted([]) == [])
  }
}
