import Foundation
import MartletReports
import MartletRuns

/// Every kind of figure and page, of the fixture runs where they have what it needs.
enum Gallery {
  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures"

  /// The runs with a folder of their own; `unfinished` is what a version that wrote no more left.
  static let runs = ["attention", "color", "unfinished"]

  /// An experiment of three seeds in which one setting differs, one may be noise, and one fails.
  static func experiment() throws -> ExperimentReport {
    ExperimentReport(try ExperimentRecord.load("\(fixtures)/rates"))
  }

  static func report(_ run: String) throws -> RunReport {
    var problems: [String] = []
    let report = try RunReport.load("\(fixtures)/\(run)") { problems.append($0) }
    precondition(problems.isEmpty, "\(run): \(problems)")
    return report
  }

  /// The pages by name; the first also shows what only some runs have.
  static func pages() throws -> [(name: String, page: Page)] {
    try reports().map { ($0.name, $0.report.page) } + [("experiment", try experiment().page)]
  }

  private static func reports() throws -> [(name: String, report: RunReport)] {
    try runs.map { name in
      var report = try report(name)
      if name == "attention" {
        report.material.robustness = robustness
        report.explanations = [
          Explanation(
            name: "Conv2D", group: .layer, title: "Convolution (layer)",
            summary: "A small window is moved over the image.",
            blocks: [.formula("y = Σ w · x + b"), .paragraph("Each window < image gives one number.")],
            seeAlso: [])
        ]
      }
      return (name, report)
    }
  }

  static func figures() throws -> [(name: String, figure: any Figure)] {
    let report = try report("attention")
    let result = report.record.result
    let classes = (report.record.configuration["class_names"]?.arrayValue ?? []).compactMap(\.stringValue)
    let counts = result?.confusion ?? []
    return [
      ("training-curves", trainingCurves(report.record)),
      ("learning_rate_schedules", schedules),
      ("learning_rate_comparison", comparison),
      ("batch_size_experiment", batchSizes),
      ("attention_type_comparison", attentionTypes),
      ("regularization_training_curves", fourPanels),
      ("regularization_accuracy_comparison", gaps),
      (
        "final_confusion_matrix", ConfusionMatrix(title: "Confusion matrix", classes: classes, counts: counts)
      ),
      (
        "confusion_matrix_normalized",
        ConfusionMatrix(title: "Confusion matrix", classes: classes, counts: counts, isNormalized: true)
      ),
      ("class_specific_metrics", classScores(result?.perClass ?? [])),
      ("horizontal_bars", Sample.bars),
      ("program_times", program),
      ("network", NetworkDrawing(nodes: report.material.details?.nodes ?? [])),
    ]
  }

  private static let program = ProgramFigure(
    title: "convnet, train, batch 64, 2 threads",
    steps: [
      .init(name: "pack weights", phase: 0, milliseconds: 0.05, arithmetic: 0, memory: 0),
      .init(
        name: "Conv1: conv 3x3+bias+relu+pool", phase: 1, milliseconds: 0.32, arithmetic: 0.12, memory: 0.2),
      .init(
        name: "Conv2: conv 3x3+bias+relu+pool", phase: 1, milliseconds: 0.96, arithmetic: 1.1, memory: 0.15),
      .init(name: "FC1: matmul_nn+bias+relu", phase: 2, milliseconds: 0.31, arithmetic: 0.22, memory: 0.07),
      .init(name: "guard", phase: 3, milliseconds: 0.002, arithmetic: 0, memory: 0),
      .init(name: "Logits/bias: pointwise[12]", phase: 4, milliseconds: 0.001, arithmetic: 0, memory: 0),
    ])

  private static let strategies = ["Constant", "Step Decay", "Cosine Annealing", "Linear Decay"]

  private static let schedules = scheduleCurves(rates: [
    (strategies[0], (0..<50).map { _ in 1e-3 }),
    (strategies[1], (0..<50).map { epoch in [15, 30, 45].reduce(1e-3) { epoch >= $1 ? $0 * 0.1 : $0 } }),
    (strategies[2], (0..<50).map { 0.5e-3 * (1 + cos(.pi * Double($0) / 50)) }),
    (strategies[3], (0..<50).map { 1e-3 * (1 - Double($0) / 50) }),
  ])

  private static let comparison = ColumnChart(
    title: "Final validation accuracy by schedule", xLabel: "", yLabel: "Validation accuracy (%)",
    groups: strategies,
    series: [
      .init(
        name: "accuracy", values: [89.15, 89.15, 89.9, 90.4], texts: ["89.2%", "89.2%", "89.9%", "90.4%"],
        intervals: [88.7...89.6, 88.7...89.6, 89.5...90.3, 90.1...90.7])
    ])

  private static let sizes = ["16", "32", "64", "128", "256"]

  private static func panel(_ title: String, _ label: String, _ values: [Double]) -> LineChart {
    LineChart(
      title: title, xLabel: "Batch size (images)", yLabel: label,
      series: [.init(name: title, points: values.enumerated().map { Point(Double($0), $1) })], xNames: sizes)
  }

  private static let batchSizes = Panels(
    title: "Batch size",
    charts: [
      panel("Training time", "Seconds per epoch", [61, 43, 31, 27, 25.5]),
      panel("Validation accuracy", "Accuracy (%)", [88.9, 88.7, 88.2, 86.9, 84.1]),
      panel("Memory", "Peak memory (MB)", [61, 72, 95, 141, 233]),
    ])

  private static func types(_ title: String, _ label: String, _ values: [Double], digits: Int) -> ColumnChart
  {
    ColumnChart(
      title: title, xLabel: "", yLabel: label,
      groups: ["No Attention", "Channel Only", "Spatial Only", "Channel + Spatial (AE-CNN)"],
      series: [
        .init(name: title, values: values, texts: values.map { String(format: "%.\(digits)f", $0) })
      ])
  }

  private static let attentionTypes = Panels(
    title: "Attention types",
    charts: [
      types("Validation accuracy", "Accuracy (%)", [89.1, 89.3, 89.0, 89.6], digits: 1),
      types("Parameters", "Parameters (thousands)", [176.362, 176.942, 176.461, 177.041], digits: 3),
    ])

  private static let fourPanels = Panels(
    title: "Regularization",
    charts: ["No Regularization", "Dropout Only", "L2 Only", "Dropout + L2"].enumerated().map { index, name in
      let epochs = (1...5).map(Double.init)
      return LineChart(
        title: name, xLabel: "Epoch", yLabel: "Accuracy (%)",
        series: [
          .init(name: "train", points: epochs.map { Point($0, 95 - 12 / $0 - Double(index)) }),
          .init(name: "validation", points: epochs.map { Point($0, 91 - 14 / $0) }, isDashed: true),
        ])
    }
  ).withOneScale

  private static let gaps = accuracyGaps(
    title: "Accuracy by regularization",
    [
      ("No Regularization", 0.942, 0.903), ("Dropout Only", 0.921, 0.908), ("L2 Only", 0.934, 0.904),
      ("Dropout + L2", 0.914, 0.906),
    ])

  private static let robustness = RobustnessRecord(
    accuracy: 0.81875, images: 160,
    rows: [
      .init(change: "noise", strength: 0.1, unit: "deviation", accuracy: 0.7875),
      .init(change: "noise", strength: 0.2, unit: "deviation", accuracy: 0.52),
      .init(change: "noise", strength: 0.4, unit: "deviation", accuracy: 0.31),
      .init(change: "rotation", strength: 10, unit: "degrees", accuracy: 0.66),
      .init(change: "rotation", strength: 20, unit: "degrees", accuracy: 0.49),
    ])
}
