import Foundation
import MartletReports
import MartletRuns

/// Which tables and figures an experiment leaves, besides the statistics that all have.
package struct Presentation: Sendable {
  package let tables: @Sendable (ExperimentRecord, ResultText) -> [ExperimentRecord.ResultTable]
  package let figures: @Sendable (ExperimentRecord, Experiment) -> [FigureData]
  /// Whether time and memory are among what is shown, so that trials should not disturb each other.
  package let showsCosts: Bool

  package init(
    showsCosts: Bool = false,
    tables: @escaping @Sendable (ExperimentRecord, ResultText) -> [ExperimentRecord.ResultTable],
    figures: @escaping @Sendable (ExperimentRecord, Experiment) -> [FigureData]
  ) {
    self.showsCosts = showsCosts
    self.tables = tables
    self.figures = figures
  }

  /// For any experiment: a row for each setting, bars of the metric, the course of the training.
  package static let general = Presentation(
    tables: { record, texts in [generalTable(record, texts)] },
    figures: { record, _ in
      record.groups.flatMap { group in
        let ending = record.groups.count > 1 ? "_" + Experiment.slug(group ?? "") : ""
        return [
          comparisonBars(record, group, file: "comparison\(ending)", label: "Setting"),
          trainingCurves(record, group, file: FigureData.coursesFile + ending),
        ].compactMap(\.self)
      }
    })

  private static func generalTable(
    _ record: ExperimentRecord, _ texts: ResultText
  ) -> ExperimentRecord.ResultTable {
    let isTest = record.metric.key == ExperimentMetric.testAccuracy.rawValue
    let grouped = record.groups.count > 1
    var columns: [ExperimentRecord.ResultTable.Column] = grouped ? [.init("Data set")] : []
    columns += [
      .init("Setting"), .init("Parameters", isNumeric: true), .init(record.metric.title, isNumeric: true),
    ]
    if !isTest { columns.append(.init("Test accuracy", isNumeric: true)) }
    return table("table", record.title, columns, record) { setting in
      (grouped ? [setting.group ?? ""] : []) + [setting.name, parameters(setting), texts.value(setting.mean)]
        + (isTest ? [] : [Table.percent(setting.mean { $0.run?.result?.testAccuracy })])
    }
  }

  // MARK: Parts of tables

  /// A table with a row for each setting.
  static func table(
    _ file: String, _ title: String, _ columns: [ExperimentRecord.ResultTable.Column],
    _ record: ExperimentRecord, row: (ExperimentRecord.Setting) -> [String]
  ) -> ExperimentRecord.ResultTable {
    .init(file: file, title: title, columns: columns, rows: record.settings.map(row))
  }

  static func parameters(_ setting: ExperimentRecord.Setting) -> String {
    setting.trials.compactMap(\.parameters).first.map { Table.grouped($0) } ?? "-"
  }

  // MARK: Parts of figures

  /// A bar for each setting of a group, with its value and its interval.
  static func comparisonBars(
    _ record: ExperimentRecord, _ group: String?, file: String, title: String? = nil, label: String
  ) -> FigureData? {
    let members = record.settings.filter { $0.group == group && $0.mean != nil }
    guard !members.isEmpty else { return nil }
    let heading = title ?? record.title
    let name = record.groups.count > 1 ? "\(heading): \(group ?? "")" : heading
    return FigureData(
      file: file, title: name, panels: [metricBars(record, members, title: "", label: label)])
  }

  /// A label or title that says where its values are means.
  static func averaged(_ label: String, _ members: [ExperimentRecord.Setting]) -> String {
    averaged(label, counts: Set(members.map { setting in setting.trials.count { $0.run?.result != nil } }))
  }

  /// The same for lines over the epochs, of which not every seed may have as many.
  static func averagedByEpoch(_ label: String, _ members: [ExperimentRecord.Setting]) -> String {
    let lengths = members.map { setting in setting.trials.compactMap { $0.run?.epochs.count } }
    let counts = lengths.flatMap { lengths in
      (0..<(lengths.max() ?? 0)).map { epoch in lengths.count { $0 > epoch } }
    }
    return averaged(label, counts: Set(counts))
  }

  /// - Parameter counts: Of how many seeds each value is the mean.
  private static func averaged(_ label: String, counts: Set<Int>) -> String {
    guard let most = counts.max(), most > 1 else { return label }
    return "\(label), mean of \(counts.count > 1 ? "up to " : "")\(most) seeds"
  }

  /// A panel with the metric of settings as bars.
  static func metricBars(
    _ record: ExperimentRecord, _ members: [ExperimentRecord.Setting], title: String, label: String
  ) -> FigureData.Panel {
    let factor = record.metric.isShare ? 100.0 : 1
    let texts = ResultText(record)
    // Below a title that names it whole, the axis needs one word.
    let quantity = title.isEmpty ? record.metric.title : record.metric.noun
    return FigureData.Panel(
      .bars, title: title, xLabel: label,
      yLabel: averaged(quantity + (record.metric.isShare ? " (%)" : ""), members),
      categories: members.map(\.name),
      series: [
        .init(
          name: record.metric.title, y: members.map { ($0.mean ?? .nan) * factor },
          margins: margins(members, factor: factor), texts: members.map { texts.value($0.mean) })
      ], isPercentage: record.metric.isShare)
  }

  /// Half the widths of the settings' intervals, NaN for a setting without; none where no setting has one.
  package static func margins(_ members: [ExperimentRecord.Setting], factor: Double) -> [Double] {
    margins(
      members.map { setting in
        guard let mean = setting.mean, let lower = setting.lower, let upper = setting.upper
        else { return nil }
        // Where one end is cut at 0 or 1, the other has the whole width.
        return max(upper - mean, mean - lower) * factor
      })
  }

  /// Margins as a figure holds them.
  static func margins(_ values: [Double?]) -> [Double] {
    values.contains { $0 != nil } ? values.map { $0 ?? .nan } : []
  }

  /// Validation accuracy and loss against the epoch, in the mean over the seeds, a line for each setting.
  static func trainingCurves(
    _ record: ExperimentRecord, _ group: String?, file: String, title: String? = nil
  ) -> FigureData? {
    let members = record.settings.filter { $0.group == group }
    let isValidated = members.contains { $0.trials.contains { $0.run?.epochs.first?.validationLoss != nil } }
    let panels: [FigureData.Panel] =
      isValidated
      ? [
        lines(members, "Validation accuracy", "Accuracy (%)", factor: 100) { $0.validationAccuracy },
        lines(members, "Validation loss", "Loss") { $0.validationLoss },
      ]
      : [
        lines(members, "Training accuracy", "Accuracy (%)", factor: 100) { $0.accuracy },
        lines(members, "Training loss", "Loss") { $0.loss },
      ]
    guard panels.contains(where: { !$0.series.isEmpty }) else { return nil }
    let name = title ?? "\(record.title): training"
    return FigureData(
      file: file, title: record.groups.count > 1 && title == nil ? "\(name): \(group ?? "")" : name,
      panels: panels)
  }

  /// A panel with a line for each setting over the epochs.
  static func lines(
    _ members: [ExperimentRecord.Setting], _ title: String, _ yLabel: String, factor: Double = 1,
    _ value: (EpochEvent) -> Double?
  ) -> FigureData.Panel {
    let series = members.compactMap { setting -> FigureData.Series? in
      let means = epochMeans(setting, value)
      guard means.contains(where: \.isFinite) else { return nil }
      return .init(
        name: setting.name, x: means.indices.map { Double($0 + 1) }, y: means.map { $0 * factor })
    }
    return FigureData.Panel(
      .lines, title: title, xLabel: "Epoch", yLabel: averagedByEpoch(yLabel, members), series: series)
  }

  /// The mean over the seeds of a figure of each epoch; NaN where no seed has it.
  static func epochMeans(
    _ setting: ExperimentRecord.Setting, _ value: (EpochEvent) -> Double?
  ) -> [Double] {
    let runs = setting.trials.compactMap { $0.run?.epochs }
    return (0..<(runs.map(\.count).max() ?? 0)).map { epoch in
      let values = runs.compactMap { epoch < $0.count ? value($0[epoch]) : nil }
      return values.isEmpty ? .nan : Sample(values).mean
    }
  }
}
