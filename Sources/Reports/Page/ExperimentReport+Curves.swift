import MartletRuns

extension ExperimentReport {
  /// The course of every setting, the mean over its seeds.
  var curves: Page.Section? {
    func chart(_ title: String, _ label: String, _ value: (EpochEvent) -> Double?) -> PageChart? {
      let lines = record.settings.compactMap { setting -> LineChart.Series? in
        let runs = setting.trials.compactMap { $0.run?.epochs }
        let epochs = runs.map(\.count).min() ?? 0
        let points = (0..<epochs).compactMap { epoch -> Point? in
          let values = runs.compactMap { value($0[epoch]) }
          guard values.count == runs.count, !values.isEmpty else { return nil }
          return Point(Double(epoch + 1), values.reduce(0, +) / Double(values.count))
        }
        let name = [setting.group, setting.name].compactMap(\.self).joined(separator: ", ")
        return points.isEmpty ? nil : LineChart.Series(name: name, points: points)
      }
      // More lines than colors could not be told apart.
      guard !lines.isEmpty, lines.count <= Color.series.count else { return nil }
      return PageChart(LineChart(title: title, xLabel: "Epoch", yLabel: label, series: lines))
    }
    let rates = chart("Learning rate", "Learning rate", \.learningRate)
    // One rate for all of them needs no picture.
    let rateCount = Set(rates?.chart.series.flatMap { $0.points.map(\.y) } ?? []).count
    let charts = [
      chart("Validation accuracy", "Accuracy (%)") { $0.validationAccuracy.map { $0 * 100 } },
      chart("Validation loss", "Loss", \.validationLoss),
      chart("Training accuracy", "Accuracy (%)") { $0.accuracy.map { $0 * 100 } },
      rateCount > 1 ? rates : nil,
    ].compactMap(\.self)
    guard !charts.isEmpty else { return nil }
    return Page.Section(
      id: "courses", title: "How the trainings went", label: "Training",
      lead: """
        Means over the seeds, up to the epoch that all of them reached; names above a chart hide and show its \
        lines.\(Self.covered(charts[0].chart.series))
        """, body: Page.grid(charts))
  }

  /// Which lines cannot be seen because a later one went the same way.
  private static func covered(_ lines: [LineChart.Series]) -> String {
    let covers = lines.enumerated().compactMap { index, line in
      lines[(index + 1)...].last { $0.points == line.points }.map { "\(line.name) lies below \($0.name)" }
    }
    return covers.isEmpty ? "" : " \(covers.joined(separator: ", ")): they went the same way."
  }
}
