import MartletReports
import Testing

@Suite struct ChartTests {
  private func columns(_ values: [Double], notes: [String?] = []) -> ColumnChart {
    ColumnChart(
      title: "t", xLabel: "", yLabel: "Accuracy (%)", groups: values.indices.map { "g\($0)" },
      series: [.init(name: "a", values: values, texts: values.map { "\($0)%" })], notes: notes)
  }

  /// Bars begin at zero unless nobody could tell them apart then, and the figure says where they begin.
  @Test func theAxisOfBarsAdaptsAndSaysSo() {
    #expect(!columns([10, 50, 90]).svg.contains("Axis from"))
    #expect(columns([10, 50, 90]).svg.contains(">0</text>"))
    #expect(columns([89.1, 89.6, 90.4]).svg.contains(">Axis from 87</text>"))
    let zeros = columns([0, 0, 0]).svg
    #expect(!zeros.contains("nan") && zeros.contains(">1.0</text>") && !zeros.contains(">0.00"))
    #expect(!columns([.nan, 1, 2]).svg.contains("nan\""))
  }

  @Test func valuesAndNotesAreWritten() {
    let svg = columns([90, 80], notes: ["Gap: 1.9%", nil]).svg
    #expect(svg.contains(">90.0%</text>") && svg.contains(">80.0%</text>"))
    #expect(svg.components(separatedBy: "Gap").count == 2)
  }

  @Test func aLogarithmicAxisHasPowersOfTen() {
    let chart = LineChart(
      title: "t", xLabel: "Epoch", yLabel: "Rate",
      series: [.init(name: "a", points: [Point(1, 1e-3), Point(2, 1e-4), Point(3, 0), Point(4, 1e-6)])],
      isLogarithmic: true)
    for label in ["0.001", "1e-4", "1e-5", "1e-6"] { #expect(chart.svg.contains(">\(label)</text>")) }
    // What has no logarithm leaves a gap.
    #expect(!chart.svg.contains("nan") && !chart.svg.contains("inf"))
    #expect(chart.svg.components(separatedBy: "<circle").count == 5)
  }

  @Test func placesCanHaveNames() {
    let chart = LineChart(
      title: "t", xLabel: "Batch size", yLabel: "s",
      series: [.init(name: "a", points: [Point(0, 3), Point(1, 2)], intervals: [2.5...3.5, nil])],
      xNames: ["16", "256"])
    #expect(chart.svg.contains(">16</text>") && chart.svg.contains(">256</text>"))
    // The axis reaches over the interval.
    #expect(
      chart.svg.contains(">3.6</text>") || chart.svg.contains(">3.5</text>") || chart.svg.contains(">4"))
  }

  /// The upright lines at values are named, where there are any.
  @Test func intervalsAreNamed() {
    let points = [Point(0, 3), Point(1, 2)]
    func line(_ intervals: [ClosedRange<Double>?]) -> LineChart {
      LineChart(
        title: "t", xLabel: "x", yLabel: "y",
        series: [.init(name: "a", points: points, intervals: intervals)])
    }
    #expect(line([2.5...3.5, nil]).svg.contains(">95% interval</text>"))
    #expect(!line([nil, nil]).svg.contains("interval") && !line([]).svg.contains("interval"))
    var bars = columns([89.1, 89.6])
    #expect(!bars.svg.contains("interval"))
    bars.series[0].intervals = [88.7...89.5, nil]
    #expect(bars.svg.contains(">95% interval</text>"))
  }

  @Test func panelsStandInRows() {
    let chart = LineChart(title: "t", xLabel: "x", yLabel: "y", series: [])
    #expect(Panels(title: "p", charts: [chart, chart, chart]).size.width > 3 * 299)
    let four = Panels(title: "p", charts: [chart, chart, chart, chart]).size
    #expect(four.width < 3 * 300 && four.height > 2 * 230)

    func line(_ value: Double) -> LineChart {
      LineChart(
        title: "t", xLabel: "x", yLabel: "y",
        series: [.init(name: "a", points: [Point(1, 0), Point(2, value)])])
    }
    let different = Panels(title: "p", charts: [line(10), line(100)])
    #expect(different.svg.contains(">10</text>"))
    #expect(!different.withOneScale.svg.contains(">10</text>"))
    #expect(different.withOneScale.svg.components(separatedBy: ">100</text>").count == 3)
  }

  @Test func aNormalizedMatrixShowsShares() {
    let matrix = ConfusionMatrix(
      title: "", classes: ["a", "b"], counts: [[3, 1], [0, 4]], isNormalized: true)
    #expect(matrix.svg.contains(">75.0</text>") && matrix.svg.contains(">25.0</text>"))
    #expect(!matrix.svg.contains(">3</text>"))
  }
}
