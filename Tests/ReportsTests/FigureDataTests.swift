import MartletReports
import MartletRuns
import MartletTensors
import Testing

/// Figures kept as data become charts without loss.
@Suite struct FigureDataTests {
  private func panel(_ kind: FigureData.Panel.Kind, isPercentage: Bool) -> FigureData.Panel {
    .init(
      kind, title: "Accuracy", xLabel: "Setting", yLabel: "Accuracy (%)", categories: ["a", "b"],
      series: [.init(name: "s", x: [1, 2], y: [95, 2], margins: [10, 4], texts: ["95%", "2%"])],
      isPercentage: isPercentage)
  }

  /// No share lies below 0 or above 100 %, whatever Student's interval says.
  @Test func intervalsOfPercentagesEndAtTheirEnds() throws {
    let bars = FigureData(file: "f", title: "F", panels: [panel(.bars, isPercentage: true)])
    let column = try #require(bars.charts.first as? ColumnChart)
    #expect(column.series[0].intervals == [85...100, 0...6])
    let lines = FigureData(file: "f", title: "F", panels: [panel(.lines, isPercentage: true)])
    #expect(try #require(lines.charts.first as? LineChart).series[0].intervals == [85...100, 0...6])
    let free = FigureData(file: "f", title: "F", panels: [panel(.bars, isPercentage: false)])
    #expect(try #require(free.charts.first as? ColumnChart).series[0].intervals == [85...105, -2...6])
  }

  @Test(arguments: [true, false])
  func aFigureIsReadAsItWasWritten(isPercentage: Bool) throws {
    let figure = FigureData(file: "f", title: "F", panels: [panel(.bars, isPercentage: isPercentage)])
    #expect(try FigureData(JSON(parsing: figure.json.indentedText)) == figure)
  }
}
