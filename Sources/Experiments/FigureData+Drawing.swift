import MartletReports
import MartletRuns

extension FigureData {
  /// The figure as it is drawn on paper; nil where there is nothing to draw.
  package var drawing: (any Figure)? {
    if panels.allSatisfy({ $0.kind == .lines }) {
      let charts = panels.map(\.chart)
      return charts.count == 1 ? charts[0].titled(title) : Panels(title: title, charts: charts)
    }
    guard panels.count == 1, let panel = panels.first else { return nil }
    switch panel.kind {
    case .matrix:
      return ConfusionMatrix(
        title: title, classes: panel.categories, counts: panel.series.map { $0.y.map { Int($0) } })
    case .bars where panel.series.count == 1:
      return BarChart(
        title: title,
        bars: panel.categories.indices.compactMap { index in
          let (value, text) = (panel.series[0].y[index], panel.series[0].texts[index])
          return value.isFinite ? BarChart.Bar(name: panel.categories[index], value: value, text: text) : nil
        })
    case .bars, .lines: return nil
    }
  }
}

extension FigureData.Panel {
  fileprivate var chart: LineChart {
    LineChart(
      title: title, xLabel: xLabel, yLabel: yLabel,
      series: series.map { line in
        LineChart.Series(name: line.name, points: zip(line.x, line.y).map { Point($0, $1) })
      })
  }
}

extension LineChart {
  fileprivate func titled(_ title: String) -> LineChart {
    var chart = self
    chart.title = title
    return chart
  }
}
