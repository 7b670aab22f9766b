import MartletRuns

/// Loss and accuracy against the epoch, from training and validation.
package func trainingCurves(_ record: RunRecord) -> Panels {
  let model = record.configuration["model"]?.stringValue
  let dataset = record.configuration["dataset"]?.stringValue
  let name = [model, dataset].compactMap(\.self).joined(separator: " on ")
  return trainingCurves(record.epochs, title: name.isEmpty ? "Training" : name)
}

/// Loss and accuracy against the epoch under a title.
func trainingCurves(_ epochs: [EpochEvent], title: String) -> Panels {
  func series(_ name: String, factor: Double = 1, _ value: (EpochEvent) -> Double?) -> LineChart.Series? {
    let points = epochs.map { Point(Double($0.epoch), (value($0) ?? .nan) * factor) }
    return points.contains { $0.y.isFinite } ? LineChart.Series(name: name, points: points) : nil
  }

  let losses = [series("train", \.loss), series("validation", \.validationLoss)]
  let accuracies = [
    series("train", factor: 100, \.accuracy), series("validation", factor: 100, \.validationAccuracy),
  ]
  let charts = [("Loss", "Loss", losses), ("Accuracy", "Accuracy (%)", accuracies)].compactMap {
    title, yLabel, series -> LineChart? in
    let series = series.compactMap(\.self)
    return series.isEmpty ? nil : LineChart(title: title, xLabel: "Epoch", yLabel: yLabel, series: series)
  }
  return Panels(title: title, charts: charts)
}
