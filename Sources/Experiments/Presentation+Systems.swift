import Foundation
import MartletReports
import MartletRuns

/// The tables and figures of the other experiments on published systems.
extension Presentation {
  static let customNetwork = Presentation(
    tables: { record, _ in
      // Numbered within each data set, in the order of the grid.
      var numbers: [String: Int] = [:]
      return [
        table(
          "table", "Custom networks",
          [
            .init("Dataset"), .init("Model #", isNumeric: true), .init("Params", isNumeric: true),
            .init("Test Accuracy", isNumeric: true), .init("Test Loss", isNumeric: true), .init("Settings"),
          ], record
        ) { setting in
          numbers[setting.group ?? "", default: 0] += 1
          return [
            setting.group ?? "", "\(numbers[setting.group ?? ""] ?? 0)", parameters(setting),
            Table.percent(setting.mean { $0.run?.result?.testAccuracy }),
            setting.mean { $0.run?.result?.testLoss }.map { String(format: "%.4f", $0) } ?? "-", setting.name,
          ]
        }
      ]
    },
    figures: { record, _ in
      record.groups.compactMap { group in
        trainingCurves(
          record, group, file: "training_results_\(Experiment.slug(group ?? ""))",
          title: "Training Results for \(group ?? "")")
      }
    })

  static let denseOrConvolutional = Presentation(
    tables: { record, texts in
      [
        table(
          "table", record.title,
          [
            .init("Network"), .init("Parameters", isNumeric: true), .init("Steps an epoch", isNumeric: true),
            .init("Test Accuracy", isNumeric: true), .init("Test Loss", isNumeric: true),
          ], record
        ) { setting in
          [
            setting.name, parameters(setting),
            setting.trials.compactMap(\.stepsPerEpoch).first.map { Table.grouped($0) } ?? "-",
            texts.value(setting.mean),
            setting.mean { $0.run?.result?.testLoss }.map { String(format: "%.4f", $0) } ?? "-",
          ]
        }
      ]
    },
    figures: { record, _ in
      [
        comparisonBars(record, nil, file: "dense_or_conv_comparison", label: "Network"),
        trainingCurves(record, nil, file: "dense_or_conv_training"),
      ].compactMap(\.self)
    })

  /// The final training of the attention study: the figures are those of the first seed with a result.
  static let finalTraining = Presentation(
    tables: { record, _ in
      guard let setting = record.settings.first else { return [] }
      let scores = setting.trials.compactMap { $0.run?.result?.perClass }
      let names = scores.first?.map(\.name) ?? []
      func percent(_ index: Int, _ value: (ResultEvent.ClassScore) -> Double) -> String {
        Table.percent(Sample(scores.filter { index < $0.count }.map { value($0[index]) }).mean)
      }
      return [
        .init(
          file: "table", title: averaged("Test scores", [setting]),
          columns: [
            .init("Test accuracy", isNumeric: true), .init("Precision", isNumeric: true),
            .init("Recall", isNumeric: true), .init("F1", isNumeric: true),
          ],
          rows: [
            [
              Table.percent(setting.mean { $0.run?.result?.testAccuracy }),
              Table.percent(setting.mean { $0.run?.result?.precision }),
              Table.percent(setting.mean { $0.run?.result?.recall }),
              Table.percent(setting.mean { $0.run?.result?.f1 }),
            ]
          ]),
        .init(
          file: "classes", title: averaged("Scores of each class", [setting]),
          columns: [
            .init("Class"), .init("Precision", isNumeric: true), .init("Recall", isNumeric: true),
            .init("F1-Score", isNumeric: true),
          ],
          rows: names.indices.map { index in
            [
              names[index], percent(index, \.precision), percent(index, \.recall), percent(index, \.f1),
            ]
          }),
      ]
    },
    figures: { record, _ in
      guard let setting = record.settings.first,
        let trial = setting.trials.first(where: { $0.run?.result != nil }), let run = trial.run,
        let result = run.result
      else { return [] }
      let figures = [confusion(result), history(run), classes(result)].compactMap(\.self)
      guard setting.trials.count > 1 else { return figures }
      return figures.map { figure in
        var named = figure
        named.title += ", seed \(trial.seed)"
        return named
      }
    })

  private static func confusion(_ result: ResultEvent) -> FigureData? {
    guard let counts = result.confusion, let names = result.perClass?.map(\.name), counts.count == names.count
    else { return nil }
    return FigureData(
      file: "final_confusion_matrix", title: "Confusion matrix of the test images",
      panels: [
        .init(
          .matrix, title: "", xLabel: "Predicted class", yLabel: "True class", categories: names,
          series: zip(names, counts).map { .init(name: $0, y: $1.map(Double.init)) })
      ])
  }

  private static func history(_ run: RunRecord) -> FigureData {
    func panel(
      _ title: String, _ label: String, _ lines: [(String, (EpochEvent) -> Double?)], factor: Double = 1
    ) -> FigureData.Panel {
      .init(
        .lines, title: title, xLabel: "Epoch", yLabel: label,
        series: lines.map { name, value in
          .init(
            name: name, x: run.epochs.map { Double($0.epoch) },
            y: run.epochs.map { (value($0) ?? .nan) * factor })
        })
    }
    return FigureData(
      file: "final_training_history", title: "Final training",
      panels: [
        panel(
          "Accuracy", "Accuracy (%)",
          [("training", { $0.accuracy }), ("validation", { $0.validationAccuracy })],
          factor: 100),
        panel("Loss", "Loss", [("training", { $0.loss }), ("validation", { $0.validationLoss })]),
      ])
  }

  private static func classes(_ result: ResultEvent) -> FigureData? {
    guard let scores = result.perClass else { return nil }
    let kinds: [(String, (ResultEvent.ClassScore) -> Double)] = [
      ("Precision", \.precision), ("Recall", \.recall), ("F1-Score", \.f1),
    ]
    return FigureData(
      file: "class_specific_metrics", title: "Precision, recall and F1 of each class",
      panels: [
        .init(
          .bars, title: "", xLabel: "Class", yLabel: "Score (%)", categories: scores.map(\.name),
          series: kinds.map { name, value in
            .init(
              name: name, y: scores.map { value($0) * 100 },
              texts: scores.map { String(format: "%.1f", value($0) * 100) })
          })
      ])
  }
}
