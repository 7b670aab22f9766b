import Foundation
import MartletReports
import MartletRuns

/// The tables and figures of the experiments on the attention network.
extension Presentation {
  static let learningRate = Presentation(
    tables: { record, texts in
      [
        table(
          "table", "Strategies of the learning rate",
          [
            .init("Strategy"), .init("Final Val Accuracy", isNumeric: true),
            .init("Initial LR", isNumeric: true),
          ],
          record
        ) { setting in
          let rate = setting.trials.compactMap { $0.run?.epochs.first?.learningRate }.first
          return [setting.name, texts.value(setting.mean), rate.map { String(format: "%.4f", $0) } ?? "-"]
        },
        recordedRates(record),
      ]
    },
    figures: { record, experiment in
      [
        schedules(experiment),
        comparisonBars(
          record, nil, file: "learning_rate_comparison", title: "Learning-rate strategies",
          label: "Strategy"),
        trainingCurves(record, nil, file: FigureData.coursesFile),
      ].compactMap(\.self)
    })

  /// The rate at the start of each epoch that was trained.
  private static func recordedRates(_ record: ExperimentRecord) -> ExperimentRecord.ResultTable {
    let rates = record.settings.map { setting in epochMeans(setting) { $0.learningRate } }
    let epochs = rates.map(\.count).max() ?? 0
    return .init(
      file: "learning_rates", title: "Rate at the start of each epoch",
      columns: [.init("Epoch", isNumeric: true)] + record.settings.map { .init($0.name, isNumeric: true) },
      rows: (0..<epochs).map { epoch in
        ["\(epoch + 1)"] + rates.map { epoch < $0.count ? String(format: "%.3e", $0[epoch]) : "-" }
      })
  }

  /// All schedules over 50 epochs, however long was trained.
  private static func schedules(_ experiment: Experiment) -> FigureData {
    let series = experiment.variants.map { variant in
      let settings = variant.system.settings
      let schedule = settings.schedule.schedule(learningRate: settings.learningRate)
      return FigureData.Series(
        name: variant.name, x: (1...50).map(Double.init),
        y: (0..<50).map { schedule.rate(initial: settings.learningRate, epoch: $0) })
    }
    let trained = experiment.variants.map(\.system.settings.epochs).max() ?? 50
    let note = trained < 50 ? ", of which \(trained) were trained" : ""
    return FigureData(
      file: "learning_rate_schedules", title: "Schedules of the learning rate over 50 epochs\(note)",
      panels: [.init(.lines, title: "", xLabel: "Epoch", yLabel: "Learning rate", series: series)])
  }

  static let batchSize = Presentation(
    showsCosts: true,
    tables: { record, texts in
      [
        table(
          "table", "Batch sizes",
          [
            .init("Batch Size", isNumeric: true), .init("Training Time (s/epoch)", isNumeric: true),
            .init("Validation Accuracy", isNumeric: true), .init("Memory Usage (MB)", isNumeric: true),
            .init("Planned Arena (MB)", isNumeric: true),
          ], record
        ) { setting in
          [
            setting.name, decimal(setting.mean { $0.run?.result?.secondsPerEpoch }, 2),
            texts.value(setting.mean), decimal(setting.mean { $0.run?.result?.peakMegabytes }, 1),
            decimal(setting.mean { $0.run?.result?.arenaMegabytes }, 1),
          ]
        }
      ]
    },
    figures: { record, experiment in
      let sizes = experiment.variants.map { Double($0.system.settings.batchSize) }
      func panel(
        _ title: String, _ label: String, _ name: String, _ values: [Double?], _ margins: [Double] = [],
        isPercentage: Bool = false
      ) -> FigureData.Panel {
        .init(
          .lines, title: title, xLabel: "Batch size (images)", yLabel: label,
          series: [.init(name: name, x: sizes, y: values.map { $0 ?? .nan }, margins: margins)],
          isXLogarithmic: true, isPercentage: isPercentage)
      }
      return [
        FigureData(
          file: "batch_size_experiment", title: averaged("What the batch size changes", record.settings),
          panels: [
            panel(
              "Training time", "Seconds an epoch", "time",
              record.settings.map { $0.mean { $0.run?.result?.secondsPerEpoch } },
              margins(record.settings.map { $0.margin { $0.run?.result?.secondsPerEpoch } })),
            panel(
              "Validation accuracy", "Accuracy (%)", "accuracy",
              record.settings.map { $0.mean.map { $0 * 100 } }, margins(record.settings, factor: 100),
              isPercentage: true),
            panel(
              "Memory", "Peak without images (MB)", "memory",
              record.settings.map { $0.mean { $0.run?.result?.peakMegabytes } }),
          ])
      ]
    })

  static let attention = Presentation(
    tables: { record, texts in
      [
        table(
          "table", "Kinds of attention",
          [
            .init("Attention Type"), .init("Parameters", isNumeric: true),
            .init("Validation Accuracy", isNumeric: true),
          ], record
        ) { [$0.name, parameters($0), texts.value($0.mean)] }
      ]
    },
    figures: { record, _ in
      let counts = record.settings.map { $0.trials.compactMap(\.parameters).first }
      return [
        FigureData(
          file: "attention_type_comparison", title: "Kinds of attention",
          panels: [
            metricBars(record, record.settings, title: "Validation accuracy", label: "Attention"),
            .init(
              .bars, title: "Parameters", xLabel: "Attention", yLabel: "Parameters (thousands)",
              categories: record.settings.map(\.name),
              series: [
                .init(
                  name: "Parameters", y: counts.map { $0.map { Double($0) / 1000 } ?? .nan },
                  texts: counts.map { $0.map { String(format: "%.1f", Double($0) / 1000) } ?? "-" })
              ]),
          ])
      ]
    })

  static let regularization = Presentation(
    tables: { record, texts in
      [
        table(
          "table", "Ways of regularization, measured after the training",
          [
            .init("Dropout Config"), .init("L2 Reg"), .init("Val Accuracy", isNumeric: true),
            .init("Train Accuracy", isNumeric: true), .init("Accuracy Gap", isNumeric: true),
          ], record
        ) { setting in
          let hasDropout = setting.text(of: "model.dropout") != "no"
          return [
            hasDropout ? "0.25/0.5" : "None", setting.text(of: "model.l2") ?? "None",
            texts.value(setting.mean), Table.percent(setting.trained), Table.percent(setting.gap),
          ]
        }
      ]
    },
    figures: { record, _ in
      let members = record.settings
      let fourPanels = FigureData(
        file: "regularization_training_curves", title: "Ways of regularization, measured while training",
        panels: members.map { setting in
          let accuracies = [
            ("training", epochMeans(setting) { $0.accuracy }),
            ("validation", epochMeans(setting) { $0.validationAccuracy }),
          ]
          return .init(
            .lines, title: setting.name, xLabel: "Epoch", yLabel: averagedByEpoch("Accuracy (%)", [setting]),
            series: accuracies.map { name, means in
              .init(name: name, x: means.indices.map { Double($0 + 1) }, y: means.map { $0 * 100 })
            })
        })
      let pairs = [
        ("Training", members.map(\.trained), margins(members.map { $0.margin(\.trainedAccuracy) })),
        ("Validation", members.map(\.mean), margins(members, factor: 1)),
      ]
      let bars = FigureData(
        file: "regularization_accuracy_comparison", title: "Accuracy after the training",
        panels: [
          .init(
            .bars, title: "", xLabel: "Regularization", yLabel: averaged("Accuracy (%)", members),
            categories: members.map(\.name),
            series: pairs.map { name, values, margins in
              .init(
                name: name, y: values.map { ($0 ?? .nan) * 100 },
                margins: margins.count == values.count ? margins.map { $0 * 100 } : [],
                texts: values.map { Table.percent($0) })
            },
            boxes: members.map { setting in
              setting.gap.map { "Gap: \(Table.percent($0))" } ?? ""
            }, isPercentage: true)
        ])
      return [fourPanels, bars]
    })

  private static func decimal(_ value: Double?, _ decimals: Int) -> String {
    value.map { String(format: "%.\(decimals)f", $0) } ?? "-"
  }
}

extension ExperimentRecord.Setting {
  /// The text of one of the changes.
  package func text(of key: String) -> String? { changes.first { $0.key == key }?.text }

  /// The mean accuracy on the images trained on.
  var trained: Double? { mean(\.trainedAccuracy) }

  /// The mean accuracy on the images trained on minus that on the validation images.
  var gap: Double? {
    mean { trial in
      guard let trained = trial.trainedAccuracy, let held = trial.run?.epochs.last?.validationAccuracy else {
        return nil
      }
      return trained - held
    }
  }
}
