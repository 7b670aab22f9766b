import Foundation
import MartletRuns

extension FigureData {
  /// The figure as it is drawn on paper; nil where there is nothing to draw.
  package var drawing: (any Figure)? {
    if panels.count == 1, let panel = panels.first, panel.kind == .matrix {
      return ConfusionMatrix(
        title: title, classes: panel.categories, counts: panel.series.map { $0.y.map { Int($0) } })
    }
    let charts = charts
    guard charts.count == panels.count, let first = charts.first else { return nil }
    if charts.count == 1 { return first.titled(title) }
    let all = Panels(title: title, charts: charts)
    // Panels of one quantity compare only on one scale.
    return Set(panels.map(\.yLabel)).count == 1 ? all.withOneScale : all
  }

  /// The panels that are charts.
  package var charts: [any Chart] {
    panels.compactMap { panel in
      switch panel.kind {
      case .lines: panel.lines
      case .bars: panel.columns
      case .matrix: nil
      }
    }
  }

  /// For a page, whose heading says the title already.
  var untitled: FigureData {
    var figure = self
    figure.title = ""
    return figure
  }
}

extension FigureData.Panel {
  fileprivate var lines: LineChart {
    // Numbers that double stand at equal distances, by their names.
    let places = isXLogarithmic ? Array(Set(series.flatMap(\.x))).sorted() : []
    return LineChart(
      title: title, xLabel: xLabel, yLabel: yLabel,
      series: series.map { line in
        let points = zip(line.x, line.y).map { x, y in
          Point(isXLogarithmic ? Double(places.firstIndex(of: x) ?? 0) : x, y)
        }
        return LineChart.Series(
          name: line.name, points: points, intervals: line.intervals(points.count, isPercentage: isPercentage)
        )
      }, xNames: isXLogarithmic ? places.map { String(format: "%g", $0) } : nil)
  }

  fileprivate var columns: ColumnChart {
    ColumnChart(
      title: title, xLabel: xLabel, yLabel: yLabel, groups: categories,
      series: series.map { bars in
        let texts = bars.texts.count == bars.y.count ? bars.texts : bars.y.map { String(format: "%.4g", $0) }
        return ColumnChart.Series(
          name: bars.name, values: bars.y, texts: texts,
          intervals: bars.intervals(bars.y.count, isPercentage: isPercentage))
      }, notes: boxes)
  }
}

extension FigureData.Series {
  /// The intervals around the values; none where no margins, or not as many, were recorded.
  fileprivate func intervals(_ count: Int, isPercentage: Bool) -> [ClosedRange<Double>?] {
    guard margins.count == count, y.count == count else { return [] }
    return zip(y, margins).map { value, margin in
      guard value.isFinite, margin.isFinite, margin >= 0 else { return nil }
      let interval = value - margin...value + margin
      return isPercentage ? interval.clamped(to: 0...100) : interval
    }
  }
}

extension Chart {
  /// The chart under another title.
  fileprivate func titled(_ title: String) -> any Chart {
    if var lines = self as? LineChart {
      lines.title = title
      return lines
    }
    if var columns = self as? ColumnChart {
      columns.title = title
      return columns
    }
    return self
  }
}
