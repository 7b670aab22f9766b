import Foundation
import MartletTensors

/// A line chart of a page: values under the pointer, lines that can be hidden, a logarithmic scale.
///
/// The page's script draws it; without scripts the static figure stands in its place.
package struct PageChart: Sendable {
  package var chart: LineChart
  /// Whether the reader can switch between a linear and a logarithmic scale.
  package var canSwitchScale: Bool

  package init(_ chart: LineChart, canSwitchScale: Bool = true) {
    self.chart = chart
    self.canSwitchScale = canSwitchScale
  }

  package var html: HTML {
    let lines = chart.series.map(\.name).joined(separator: ", ")
    return """
      <figure class="chart" aria-label="\(chart.title): \(lines)">
      <figcaption>\(chart.title)</figcaption>
      \(HTML.data(json))
      <noscript>\(Page.figure(chart, alternative: "\(chart.title): \(lines)"))</noscript>
      </figure>
      """
  }

  private var json: JSON {
    let isLogarithmic = chart.isLogarithmic
    return [
      "x": .string(chart.xLabel), "y": .string(chart.yLabel), "log": .bool(isLogarithmic),
      "switch": .bool(canSwitchScale),
      "names": chart.xNames.map { .array($0.map(JSON.string)) } ?? .null,
      "lines": .array(
        chart.series.enumerated().map { index, line in
          [
            "name": .string(line.name), "color": .string(Color.series(index).hex),
            "dashed": .bool(line.isDashed),
            "points": .array(line.points.map { [.number(rounded($0.x)), .number(rounded($0.y))] }),
            "intervals": .array(
              line.intervals.map {
                $0.map { [.number(rounded($0.lowerBound)), .number(rounded($0.upperBound))] } ?? .null
              }),
          ]
        }),
    ]
  }

  /// Six figures are more than anyone can see, and keep the page small.
  private func rounded(_ value: Double) -> Double {
    value.isFinite ? Double(String(format: "%.6g", value)) ?? value : value
  }
}

extension Page {
  /// Charts in as many columns as there is room for.
  package static func grid(_ charts: [PageChart]) -> HTML {
    "<div class=\"grid\">\(charts.map(\.html).joined())</div>"
  }

  /// A number with at most three decimals and no needless zeros, for style sheets.
  static func number(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

extension Color {
  /// As style sheets write it.
  var hex: String { String(format: "#%02x%02x%02x", red, green, blue) }
}
