import MartletReports
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

/// Long and many names leave a figure readable: they make it higher, smaller in letters, or are cut short.
@Suite struct LayoutTests {
  private static let longNames = (0..<10).map { "\($0)" + String(repeating: "n", count: 49) }

  private static func lines(_ count: Int, title: String = "t", yLabel: String = "y") -> LineChart {
    LineChart(
      title: title, xLabel: "x", yLabel: yLabel,
      series: (0..<count).map {
        .init(name: "series of a long name \($0)", points: [Point(1, 1), Point(2, 2)])
      })
  }

  private static func columns(_ names: [String]) -> ColumnChart {
    ColumnChart(
      title: "t", xLabel: "", yLabel: "y", groups: names,
      series: [.init(name: "a", values: names.map { _ in 1 }, texts: names.map { _ in "1" })])
  }

  /// The upper and lower ends of the plots of a figure, as the lines of their axes tell them.
  private static func plots(_ figure: any Figure) throws -> [(top: Double, bottom: Double)] {
    let axes = /<polyline points="[-0-9.]+,([-0-9.]+) [-0-9.]+,([-0-9.]+) [-0-9.]+,[-0-9.]+" fill="none"/
    return try figure.svg.matches(of: axes).map {
      (try #require(Double($0.1)), try #require(Double($0.2)))
    }
  }

  @Test func legendsAndNamesLeaveThePlotItsRoom() throws {
    let record = RobustnessRecord(
      accuracy: 0.9, images: 100, rows: [.init(change: "Noise", strength: 1, unit: "", accuracy: 0.5)])
    let runs = (0..<24).map { (name: "a run in a folder of a long name \($0)", record: record) }
    let figures: [any Figure] = [
      Self.lines(24), Panels(title: "p", charts: [Self.lines(24), Self.lines(1)]),
      RobustnessFigure(title: "r", runs: runs), Self.columns(Self.longNames),
      Self.columns(Self.longNames.map { String(repeating: $0, count: 100) }),
      Self.columns(Self.longNames.map { _ in String(repeating: "word ", count: 200) }),
      Panels(title: "p", charts: [Self.columns(Self.longNames)]),
    ]
    for figure in figures {
      let plots = try Self.plots(figure)
      #expect(!plots.isEmpty)
      for plot in plots {
        #expect(plot.top > 0 && plot.bottom - plot.top > 99 && plot.bottom < figure.size.height)
      }
      #expect(figure.size.height < 700)
    }
    #expect(Self.lines(3).size.height == 280 && Self.columns(["a"]).size.height == 300)
    #expect(Self.columns(Self.longNames).svg.contains(">\(Self.longNames[0])</text>"))
  }

  @Test func titlesGetSmallerAndThenAreCutShort() throws {
    let (short, long) = ("Title", String(repeating: "A long title. ", count: 5))
    let longest = String(repeating: long, count: 20)
    let panels = Panels(title: longest, charts: [Self.lines(1), Self.lines(1)])
    let figures = [short, long, longest].map { Self.lines(2, title: $0).svg }
    #expect(figures[0].contains("font-size=\"11\" fill=\"#222222\" font-weight=\"bold\">Title</text>"))
    let size = try #require(figures[1].firstMatch(of: /font-size="([0-9.]+)"[^>]*>A long title/)?.1)
    #expect(try (6..<11).contains(#require(Double(size))))
    #expect(figures[1].contains(">\(long)</text>"))
    for svg in [figures[2], panels.svg] {
      let title = try #require(svg.firstMatch(of: /font-size="6"[^>]*>(A long title[^<]*…)</)?.1)
      #expect(title.count < 250)
    }
    #expect(Self.lines(1, yLabel: longest).svg.contains(/font-size="6"[^>]*>A long title[^<]*…</))
  }

  /// Letters of East Asia are wider than Latin ones, and a legend leaves them their room.
  @Test func wideLettersGetTheirRoom() throws {
    func second(_ name: String) throws -> Double {
      var chart = Self.lines(2)
      chart.series[0].name = name
      chart.series[1].name = "second"
      return try #require(Double(chart.svg.firstMatch(of: /<text x="([0-9.]+)"[^>]*>second</)?.1 ?? ""))
    }
    #expect(try second("猫猫猫猫") - second("nnnn") > 12)
  }

  /// A thousand classes give a figure that an image can hold, of the cells that are not empty.
  @Test func aMatrixOfManyClassesStaysSmall() {
    let classes = (0..<1500).map { "class \($0)" }
    let none = [Int](repeating: 0, count: 1500)
    let counts = classes.indices.map { row in
      var counts = none
      counts[row] = 9
      return counts
    }
    let matrix = ConfusionMatrix(title: "t", classes: classes, counts: counts)
    #expect(matrix.size.width < 3000 && matrix.size.height < 3000)
    // Besides the paper and the key of 24 shades.
    #expect(matrix.svg.matches(of: /<rect/).count == 1500 + 25)
  }

  private struct Strip: Figure {
    var size: (width: Double, height: Double) { (20_000, 20) }
    func draw(on canvas: any Canvas) {}
  }

  /// Cairo's images have at most 32,767 dots on a side; the file says how large its dots are.
  @Test func anImageHasAsManyDotsAsItCan() throws {
    try withTemporaryFolder { folder in
      func words(_ figure: any Figure) throws -> [Int] {
        try figure.write(to: folder + "/a.png")
        let png = try InputFile.contents(of: folder + "/a.png", limit: 10_000_000)
        #expect(Array(png[37..<41]) == Array("pHYs".utf8))
        return [16, 20, 41, 45].map { png[$0..<$0 + 4].reduce(0) { $0 << 8 | Int($1) } }
      }
      #expect(try words(Strip()) == [32_767, 33, 4644, 4644])
      #expect(try Array(words(Sample.bars).suffix(2)) == [11_811, 11_811])
      // With the checksum that every reader of PNG asks for.
      let png = try InputFile.contents(of: folder + "/a.png", limit: 10_000_000)
      #expect(Array(png[33..<37]) == [0, 0, 0, 9] && Array(png[49..<54]) == [1, 0x78, 0xA5, 0x3F, 0x76])
    }
  }
}
