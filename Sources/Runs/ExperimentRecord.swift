import Foundation
import MartletTensors

/// What an experiment folder tells: settings, trials, statistics, tables, figures and conclusions.
///
/// It is what `results.json` holds, with the runs of the trials beside it.
package struct ExperimentRecord: Sendable {
  /// The path of the folder.
  package var path: String
  /// The name, such as `learning-rate`.
  package var name: String
  package var title: String
  /// What is compared.
  package var metric: Metric
  /// The name of the setting the others are compared with; nil where nothing is.
  package var baseline: String?
  package var seeds: [Int]
  package var settings: [Setting]
  package var comparisons: [Comparison]
  package var tables: [ResultTable]
  package var figures: [FigureData]
  /// What follows from the figures, in sentences; the first says which setting is best.
  package var conclusions: [String]
  /// The folders of the experiments that a study consists of, below its own, in their order.
  package var parts: [String]

  package init(
    path: String, name: String, title: String, metric: Metric, baseline: String? = nil, seeds: [Int] = [],
    settings: [Setting] = [], comparisons: [Comparison] = [], tables: [ResultTable] = [],
    figures: [FigureData] = [], conclusions: [String] = [], parts: [String] = []
  ) {
    self.path = path
    self.name = name
    self.title = title
    self.metric = metric
    self.baseline = baseline
    self.seeds = seeds
    self.settings = settings
    self.comparisons = comparisons
    self.tables = tables
    self.figures = figures
    self.conclusions = conclusions
    self.parts = parts
  }

  /// A figure of a trial by which settings are compared.
  package struct Metric: Sendable, Equatable {
    /// The name in files, such as `validation_accuracy`.
    package var key: String
    /// The name for people, such as `Validation accuracy`.
    package var title: String
    /// Whether it is a share of 1, told in percent.
    package var isShare: Bool
    package var isBetterLower: Bool
    /// The name without that of the images: `Accuracy`.
    package var noun: String {
      guard let last = title.split(separator: " ").last else { return title }
      return last.withLargeFirstLetter
    }

    package init(key: String, title: String, isShare: Bool, isBetterLower: Bool) {
      self.key = key
      self.title = title
      self.isShare = isShare
      self.isBetterLower = isBetterLower
    }
  }

  /// One setting that was tried, with a trial for each seed.
  package struct Setting: Sendable {
    package var name: String
    /// The settings of one group (one data set for instance) are compared with each other; nil for one group.
    package var group: String?
    /// What this setting changes, as texts by key: `schedule`: `cosine:50`.
    package var changes: [Change]
    package var trials: [Trial]
    /// Over the trials that have the metric; nil where there are too few.
    package var mean: Double?
    package var deviation: Double?
    /// The ends of the 95 % confidence interval of the mean; nil for one seed, or where all agree.
    package var lower: Double?
    package var upper: Double?

    package init(name: String, group: String?, changes: [Change], trials: [Trial]) {
      self.name = name
      self.group = group
      self.changes = changes
      self.trials = trials
    }
  }

  /// A setting's key with its text.
  package struct Change: Sendable, Equatable {
    package var key: String
    package var text: String

    package init(key: String, text: String) {
      self.key = key
      self.text = text
    }
  }

  /// One training.
  package struct Trial: Sendable {
    /// The name of its folder below `trials/`.
    package var name: String
    package var seed: Int
    /// The metric's value; nil where the trial failed.
    package var value: Double?
    /// Why it came to no result; nil where it did.
    package var failure: String?
    /// The accuracy on the images that were trained on, after the training and in inference mode.
    package var trainedAccuracy: Double?
    package var parameters: Int?
    package var stepsPerEpoch: Int?
    /// The run; nil where its folder is gone or it has not begun.
    package var run: RunRecord?

    package init(name: String, seed: Int) {
      self.name = name
      self.seed = seed
    }
  }

  /// A setting beside another one.
  package struct Comparison: Sendable, Equatable {
    package var group: String?
    package var setting: String
    package var other: String
    /// The setting's mean minus the other's.
    package var difference: Double
    /// The ends of the 95 % confidence interval of the difference; nil for one seed, or where all agree.
    package var lower: Double?
    package var upper: Double?
    /// The two-sided p-value, and the same after Holm's correction for all comparisons; nil for one seed.
    package var p: Double?
    package var adjustedP: Double?
    /// Whether trials of the same seed were compared one by one.
    package var isPaired: Bool
    /// Whether both settings gave the same weights for each seed.
    package var isIdentical: Bool

    package init(
      group: String?, setting: String, other: String, difference: Double, lower: Double? = nil,
      upper: Double? = nil, p: Double? = nil, adjustedP: Double? = nil, isPaired: Bool, isIdentical: Bool
    ) {
      self.group = group
      self.setting = setting
      self.other = other
      self.difference = difference
      self.lower = lower
      self.upper = upper
      self.p = p
      self.adjustedP = adjustedP
      self.isPaired = isPaired
      self.isIdentical = isIdentical
    }

    /// Whether the difference is more than noise, at 5 % over all comparisons.
    package var isShown: Bool { !isIdentical && (adjustedP ?? 1) < 0.05 }
  }

  /// A table as it was shown.
  package struct ResultTable: Sendable, Equatable {
    package struct Column: Sendable, Equatable {
      package var title: String
      package var isNumeric: Bool

      package init(_ title: String, isNumeric: Bool = false) {
        self.title = title
        self.isNumeric = isNumeric
      }
    }
    /// The names of the tables that every experiment has; a page shows both as one.
    package static let statisticsFile = "statistics"
    package static let comparisonsFile = "comparisons"

    /// The name of its CSV file, without the ending.
    package var file: String
    package var title: String
    package var columns: [Column]
    package var rows: [[String]]

    package init(file: String, title: String, columns: [Column], rows: [[String]]) {
      self.file = file
      self.title = title
      self.columns = columns
      self.rows = rows
    }
  }
}
