import MartletRuns

extension RunReport {
  /// Precision, recall and F1 of each class.
  var classes: Page.Section? {
    guard let scores = record.result?.perClass, !scores.isEmpty else { return nil }
    let table = PageTable(
      [
        .init("Class"), .init("Precision", isNumeric: true), .init("Recall", isNumeric: true),
        .init("F1", isNumeric: true), .init("Images", isNumeric: true), .init("Most often taken for"),
      ], caption: "Scores of each class",
      rows: scores.enumerated().map { index, score in
        func cell(_ value: Double) -> PageTable.Cell { .init(Table.percent(value), key: value, bar: value) }
        return [
          .init(score.name), cell(score.precision), cell(score.recall), cell(score.f1),
          .init(Table.grouped(score.support), key: Double(score.support)), .init(mistaken(index)),
        ]
      })
    // Bars of more classes than this could not be told apart.
    let figure: HTML =
      scores.count <= 20
      ? Page.details(
        "The same as bars",
        Page.figure(classScores(title: "", scores), alternative: "Bars of precision, recall and F1")) : ""
    return Page.Section(
      id: "classes", title: "Class by class", label: "Classes",
      lead: """
        Precision: how often the network is right when it names the class. Recall: how many of the class's \
        images it finds. F1: their harmonic mean.
        """, body: "\(table.html)\(figure)")
  }

  /// For what the class is taken most often, and how often.
  private func mistaken(_ index: Int) -> String {
    guard let confusion = record.result?.confusion, confusion.indices.contains(index) else { return "" }
    let others = confusion[index].enumerated().filter { $0.offset != index && $0.element > 0 }
    guard let most = others.max(by: { $0.element < $1.element }) else { return "-" }
    return "\(className(most.offset)) (\(Table.grouped(most.element)))"
  }

  /// The accuracy on changed test images.
  var robustness: Page.Section? {
    guard let robustness = material.robustness, !robustness.rows.isEmpty else { return nil }
    let charts = robustness.changes.map { change -> PageChart in
      let rows = robustness.rows.filter { $0.change == change }.sorted { $0.strength < $1.strength }
      let unit = rows.first.map(\.unit).flatMap { $0.isEmpty ? nil : " (\($0))" } ?? ""
      // The unchanged images are the strength 0 of every change.
      let points = [Point(0, robustness.accuracy * 100)] + rows.map { Point($0.strength, $0.accuracy * 100) }
      let names = points.map { Self.strength($0.x) }
      return PageChart(
        LineChart(
          title: change.withLargeFirstLetter, xLabel: "Strength\(unit)",
          yLabel: "Accuracy (%)",
          series: [
            .init(name: change, points: points.enumerated().map { Point(Double($0), $1.y) })
          ], xNames: names), canSwitchScale: false)
    }
    return Page.Section(
      id: "robustness", title: "Changed images", label: "Robustness",
      lead: "Accuracy on \(Table.grouped(robustness.images)) test images that were changed; 0 is unchanged.",
      body: Page.grid(charts))
  }

  private static func strength(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : "\(value)"
  }

  private var robustnessWorst: RobustnessRecord.Row? {
    material.robustness?.rows.min { $0.accuracy < $1.accuracy }
  }

  /// Which change of the images hurts most; nil where none hurts.
  var robustnessSentence: String? {
    guard let robustness = material.robustness, let worst = robustnessWorst else { return nil }
    let (changed, clean) = (Table.percent(worst.accuracy), Table.percent(robustness.accuracy))
    guard worst.accuracy < robustness.accuracy, changed != clean else { return nil }
    let unit = worst.unit.isEmpty ? "" : " \(worst.unit)"
    return """
      Of the changes tried, \(worst.change) at \(Self.strength(worst.strength))\(unit) hurts most: \
      \(changed) instead of \(clean).
      """
  }
}
