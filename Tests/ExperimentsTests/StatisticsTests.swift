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
  }

  @Test func welchsIntervalOfADifference() throws {
    let (a, b) = (Sample([0.9909, 0.9916, 0.9911, 0.9902]), Sample([0.9921, 0.9917, 0.9925]))
    let interval = try #require(a.difference(from: b))
    #expect(abs(interval.lowerBound + 0.002103372795498001) < 1e-13)
    #expect(abs(interval.upperBound + 0.00019662720450218992) < 1e-13)
    #expect(a.difference(from: Sample([0.99])) == nil)
    // Without any spread the difference itself is all there is.
    #expect(Sample([1, 1]).difference(from: Sample([3, 3])) == -2...(-2))
  }
}
