import MartletRuns

extension RunReport {
  /// How the training went, epoch by epoch.
  var curves: Page.Section? {
    guard !record.epochs.isEmpty else { return nil }
    return Page.Section(
      id: "training", title: "How the training went", label: "Training",
      lead: """
        Values appear under the pointer, or with the arrow keys; names above a chart hide and show its lines.
        """,
      body: "\(Page.grid(charts))\(Page.details("All values as a table", epochTable.html))")
  }

  private var charts: [PageChart] {
    let curves = trainingCurves(record).charts.compactMap { $0 as? LineChart }
    var charts = curves.reversed().map { PageChart($0) }
    func series(_ name: String, _ value: (EpochEvent) -> Double?) -> LineChart.Series {
      .init(name: name, points: record.epochs.map { Point(Double($0.epoch), value($0) ?? .nan) })
    }
    if knows(\.learningRate) {
      charts.append(
        PageChart(
          LineChart(
            title: "Learning rate", xLabel: "Epoch", yLabel: "Learning rate",
            series: [series("rate", \.learningRate)])))
    }
    for name in metricNames {
      charts.append(
        PageChart(
          LineChart(
            title: name, xLabel: "Epoch", yLabel: name, series: [series("train") { $0.metrics[name] }])))
    }
    if knows(\.seconds) {
      charts.append(
        PageChart(
          LineChart(
            title: "Time", xLabel: "Epoch", yLabel: "Seconds", series: [series("seconds", \.seconds)]),
          canSwitchScale: false))
    }
    return charts
  }

  /// Whether an epoch has such a figure: a loop of one's own may tell neither rates nor times.
  private func knows(_ figure: (EpochEvent) -> Double) -> Bool {
    record.epochs.contains { figure($0).isFinite }
  }

  private var metricNames: [String] { Set(record.epochs.flatMap(\.metrics.keys)).sorted() }

  private var epochTable: PageTable {
    let figures: [(title: String, value: (EpochEvent) -> Double?, text: (Double) -> String)] = [
      ("Loss", \.loss, { Self.decimals($0) }), ("Accuracy", \.accuracy, Self.percent),
      ("Validation loss", \.validationLoss, { Self.decimals($0) }),
      ("Validation accuracy", \.validationAccuracy, Self.percent),
      ("Learning rate", { knows(\.learningRate) ? $0.learningRate : nil }, { "\($0)" }),
      ("Seconds", { knows(\.seconds) ? $0.seconds : nil }, { Self.decimals($0, 1) }),
    ]
    let columns = figures.filter { column in record.epochs.contains { column.value($0) != nil } }
    return PageTable(
      [.init("Epoch", isNumeric: true)] + columns.map { .init($0.title, isNumeric: true) },
      caption: "The values of each epoch",
      rows: record.epochs.map { epoch in
        [PageTable.Cell("\(epoch.epoch)", key: Double(epoch.epoch))]
          + columns.map { column in
            guard let value = column.value(epoch) else { return PageTable.Cell("-") }
            return PageTable.Cell(column.text(value), key: value.isFinite ? value : nil)
          }
      })
  }
}
