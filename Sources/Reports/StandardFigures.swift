import MartletRuns

/// The rate of each epoch, a line for each schedule.
///
/// `rates` hold the rate of the epochs 1, 2, 3 ... of each schedule.
package func scheduleCurves(
  title: String = "Learning rate schedules", rates: [(name: String, values: [Double])],
  isLogarithmic: Bool = true
) -> LineChart {
  LineChart(
    title: title, xLabel: "Epoch", yLabel: "Learning rate",
    series: rates.enumerated().map { index, schedule in
      LineChart.Series(
        name: schedule.name,
        points: schedule.values.enumerated().map { Point(Double($0 + 1), $1) }, isDashed: index % 2 == 1)
    }, isLogarithmic: isLogarithmic)
}

/// Precision, recall and F1 of each class in percent.
package func classScores(
  title: String = "Precision, recall and F1 of each class", _ scores: [ResultEvent.ClassScore]
) -> ColumnChart {
  func series(_ name: String, _ value: (ResultEvent.ClassScore) -> Double) -> ColumnChart.Series {
    ColumnChart.Series(
      name: name, values: scores.map { value($0) * 100 },
      texts: scores.map { String(Table.percent(value($0)).dropLast()) })
  }
  return ColumnChart(
    title: title, xLabel: "", yLabel: "Score (%)", groups: scores.map(\.name),
    series: [series("Precision", \.precision), series("Recall", \.recall), series("F1", \.f1)])
}

/// Training beside validation accuracy in percent, the difference of each pair in a box above it.
///
/// Accuracies are shares of 1.
package func accuracyGaps(
  title: String, xLabel: String = "", _ rows: [(name: String, train: Double, validation: Double)]
) -> ColumnChart {
  func series(_ name: String, _ values: [Double]) -> ColumnChart.Series {
    ColumnChart.Series(name: name, values: values.map { $0 * 100 }, texts: values.map(Table.percent))
  }
  return ColumnChart(
    title: title, xLabel: xLabel, yLabel: "Accuracy (%)", groups: rows.map(\.name),
    series: [series("Training", rows.map(\.train)), series("Validation", rows.map(\.validation))],
    notes: rows.map { "Gap: \(Table.percent($0.train - $0.validation))" })
}
