import Foundation
import MartletExperiments
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

/// Conclusions are computed from the values, and say no more than they show.
@Suite struct ResultTextTests {
  @Test func aDifferenceIsShownWhereItIsMoreThanNoise() throws {
    let record = ExperimentRecord.trained([
      ("Constant", [0.901, 0.903, 0.902]), ("Cosine", [0.906, 0.9079, 0.9071]),
      ("Step", [0.899, 0.9041, 0.9030]),
    ])
    let comparison = try #require(record.comparisons.first)
    #expect(comparison.isPaired && comparison.isShown && comparison.setting == "Cosine")
    let lines = ResultText(record).conclusions
    #expect(lines[0].hasPrefix("The highest mean validation accuracy is that of Cosine: 90.70% ["))
    #expect(lines.contains { $0.hasPrefix("Cosine over Constant: +0.50 points [+0.") })
    #expect(
      lines.contains {
        $0.hasPrefix("Step: no difference from Constant shown (0.00 points [")
          || $0.hasPrefix("Step: no difference from Constant shown (+0.00 points [")
      })
    #expect(lines.last?.contains("Holm's correction for 3 comparisons") == true)
  }

  /// Steps, times, memory and a validation that lags behind the training are told from what was measured.
  @Test func whatElseDiffersIsTold() throws {
    var record = ExperimentRecord.trained([("16", [0.90, 0.91]), ("256", [0.2, 0.21])], key: "batch-size")
    for (setting, (steps, seconds, megabytes)) in [(3125, 20.0, 30), (196, 10.0, 110)].enumerated() {
      for trial in record.settings[setting].trials.indices {
        let value = record.settings[setting].trials[trial].value
        var result = ResultEvent()
        result.secondsPerEpoch = seconds
        result.peakMemoryBytes = megabytes * 1_048_576
        result.threads = setting + 1
        let epochs = [value, setting == 1 ? 0.8 : 0.9].enumerated().map { index, validation in
          EpochEvent(
            epoch: index + 1, loss: 1, accuracy: 0.87, validationAccuracy: validation, learningRate: 0.001,
            seconds: seconds)
        }
        record.settings[setting].trials[trial].stepsPerEpoch = steps
        record.settings[setting].trials[trial].run = RunRecord(
          path: "r", configuration: [:], epochs: epochs, result: result)
      }
    }
    let lines = ResultText(record, tellsCosts: true).conclusions
    #expect(lines.contains("Steps an epoch differ (batch-size 16: 3,125; batch-size 256: 196)."))
    #expect(lines.contains("An epoch takes from 10.0 s (batch-size 256) to 20.0 s (batch-size 16)."))
    #expect(
      lines.contains(
        "The peak of a trial's memory, without its images, goes from 30.0 MB (batch-size 16) to 110.0 MB (batch-size 256)."
      ))
    #expect(lines.contains("Times were measured with 1 and 2 threads, which do not compare."))
    #expect(lines[0].hasPrefix("The highest mean validation accuracy is that of batch-size 16: 90.50%"))
    #expect(lines[0].contains("over the next, batch-size 256,"))
    #expect(
      lines.contains {
        $0.hasPrefix("batch-size 256: after epoch 1 the validation accuracy lay 66 points below")
      })
    #expect(!lines.contains { $0.hasPrefix("batch-size 16: after epoch") })
    #expect(!ResultText(record).conclusions.contains { $0.hasPrefix("An epoch takes") })
    // A gap that stays at the end is overfitting, and not told as a lag.
    for trial in record.settings[1].trials.indices {
      let run = try #require(record.settings[1].trials[trial].run)
      record.settings[1].trials[trial].run = RunRecord(
        path: "r", configuration: [:], epochs: run.epochs.reversed(), result: run.result)
    }
    #expect(!ResultText(record).conclusions.contains { $0.contains(": after epoch") })
  }

  @Test func guessingIsTold() {
    var record = ExperimentRecord.trained([("A", [0.1, 0.108]), ("B", [0.1, 0.9]), ("C", [0.113, 0.1])])
    #expect(!ResultText(record).conclusions.contains { $0.contains("learned nothing") })
    let score = ResultEvent.ClassScore(name: "c", precision: 0, recall: 0, f1: 0, support: 500)
    for setting in record.settings.indices {
      record.settings[setting].trials = record.settings[setting].trials.map { trial in
        var trial = trial
        var result = trial.run?.result
        result?.perClass = Array(repeating: score, count: 10)
        trial.run = RunRecord(path: "r", configuration: [:], epochs: [], result: result)
        return trial
      }
    }
    let lines = ResultText(record).conclusions.filter { $0.contains("learned nothing") }
    #expect(
      lines == [
        "A learned nothing with any seed: 10.0% of the test images is what guessing one of 10 classes gives."
      ])
    #expect(ResultText(record).keyFindings.contains(lines[0]))
  }

  @Test func theBestMayBeNoise() {
    let lines = ResultText(
      ExperimentRecord.trained([("A", [0.90, 0.92, 0.91]), ("B", [0.91, 0.915, 0.913])])
    ).conclusions
    #expect(lines[0].contains("over the next, A, +0.27 points ["))
    #expect(lines[0].hasSuffix("no difference shown, it may be noise."))
  }

  @Test func equalDifferencesAreNoProof() throws {
    let record = ExperimentRecord.trained([("A", [0.90, 0.91]), ("B", [0.92, 0.93])])
    let comparison = try #require(record.comparisons.first)
    #expect(!comparison.isShown && comparison.p == 0.5 && comparison.lower == nil)
    let lines = ResultText(record).conclusions
    #expect(lines[0].contains("over the next, A, +2.00 points with every seed: no difference shown"))
    #expect(lines.contains("B: no difference from A shown (+2.00 points with every seed)."))
    #expect(lines.last?.contains("where all seeds agree there is none") == true)
  }

  @Test func theBestIsComparedWithoutABaselineToo() throws {
    let record = ExperimentRecord.trained(
      [("A", []), ("B", [0.90, 0.91, 0.92]), ("C", [0.96, 0.97, 0.985]), ("D", [0.5, 0.51, 0.53])])
    #expect(record.comparisons.map { [$0.setting, $0.other] } == [["C", "B"]])
    #expect(ResultText(record).conclusions[0].contains("over the next, B, +6.17 points ["))
  }

  @Test func oneSeedShowsNoNoise() {
    let lines = ResultText(ExperimentRecord.trained([("A", [0.90]), ("B", [0.95])])).conclusions
    #expect(lines[0].contains("one seed cannot show whether that is noise"))
    #expect(lines.contains("B over A: +5.00 points with one seed, which shows no noise; give --seeds 3."))
  }

  @Test func theCorrectionCanTakeADifferenceBack() throws {
    // Alone the second would be shown at 5 %; among four it is not.
    let base = [0.900, 0.902, 0.904, 0.901]
    let record = ExperimentRecord.trained([
      ("A", base), ("B", [0.9035, 0.9031, 0.9065, 0.9052]), ("C", [0.9, 0.903, 0.903, 0.902]),
      ("D", [0.901, 0.901, 0.904, 0.901]), ("E", [0.900, 0.902, 0.9045, 0.9005]),
    ])
    let comparison = try #require(record.comparisons.first)
    let p = try #require(comparison.p)
    #expect(p < 0.05 && (comparison.adjustedP ?? 0) > 0.05 && !comparison.isShown)
    #expect(ResultText(record).verdict(comparison).contains("does not let stand"))
  }

  @Test func unequalSeedsAreComparedUnpaired() throws {
    let record = ExperimentRecord.trained([("A", [0.90, 0.91, 0.92]), ("B", [0.95, 0.96])])
    let comparison = try #require(record.comparisons.first)
    #expect(!comparison.isPaired)
    let welch = try #require(Sample([0.95, 0.96]).welch(from: Sample([0.90, 0.91, 0.92])))
    #expect(comparison.p == welch.p && comparison.lower == welch.interval?.lowerBound)
  }

  @Test func schedulesThatNeverFiredAreTold() {
    let lines = ResultText(
      ExperimentRecord.trained(
        [("Constant", [0.9, 0.91]), ("Step Decay", [0.9, 0.91]), ("Cosine", [0.9, 0.905])],
        rates: [
          "Constant": [1e-3, 1e-3, 1e-3], "Step Decay": [1e-3, 1e-3, 1e-3],
          "Cosine": [1e-3, 0.999e-3, 0.996e-3],
        ])
    ).conclusions
    #expect(
      lines.contains(
        "Too few epochs to differ: Step Decay had the same rate as Constant in all 3 epochs."))
    #expect(
      lines.contains { $0.hasPrefix("Cosine had lowered its rate by only 0.4 % when the training ended") })
  }

  @Test func equalWeightsAreTold() {
    var record = ExperimentRecord.trained([("A", [0.9, 0.91]), ("B", [0.9, 0.91])])
    for index in record.settings[1].trials.indices {
      record.settings[1].trials[index].run = record.settings[0].trials[index].run
    }
    record.computeStatistics()
    #expect(record.comparisons[0].isIdentical && record.comparisons[0].p == nil)
    #expect(ResultText(record).conclusions.contains("B and A ended with the same weights for every seed."))
  }

  @Test func groupsAreComparedApart() {
    var record = ExperimentRecord.trained(
      [("A", [0.9, 0.91, 0.92]), ("B", [0.5, 0.51, 0.53])], group: "one")
    let other = ExperimentRecord.trained(
      [("A", [0.3, 0.31, 0.33]), ("B", [0.7, 0.71, 0.74])], group: "two")
    record.settings += other.settings
    record.computeStatistics()
    #expect(record.comparisons.map(\.group) == ["one", "two"])
    #expect(record.comparisons.map { $0.difference > 0 } == [false, true])
    #expect(
      ResultText(record).conclusions[1].hasPrefix("two: The highest mean validation accuracy is that of B"))
  }

  @Test func theIntervalOfAShareEndsWhereSharesEnd() throws {
    let record = ExperimentRecord.trained([("A", [0.97, 0.999, 0.9]), ("B", [0.01, 0.2, 0.05])])
    let (high, low) = (record.settings[0], record.settings[1])
    #expect(high.upper == 1 && low.lower == 0)
    #expect(high.lower ?? 1 < 0.9 && low.upper ?? 0 > 0.2)
    // A bar keeps the whole width on the side that is not cut.
    let margins = Presentation.margins(record.settings, factor: 1)
    #expect(margins[0] == high.mean.map { $0 - (high.lower ?? .nan) })
    #expect(margins[1] == low.mean.map { (low.upper ?? .nan) - $0 })
    // A setting without an interval takes none from the others.
    let mixed = ExperimentRecord.trained([("A", [0.9, 0.92]), ("B", [0.5]), ("C", [0.7, 0.7])])
    let known = Presentation.margins(mixed.settings, factor: 1).map(\.isFinite)
    #expect(known == [true, false, false] && mixed.settings[2].lower == nil)
  }

  @Test func oneReasonIsToldOnceForAllItsSeeds() {
    var record = ExperimentRecord.trained([("A", [0.9, 0.91, 0.92])])
    record.settings[0].trials[0].failure = "step 2"
    record.settings[0].trials[1].failure = "disk full"
    record.settings[0].trials[2].failure = "step 2"
    let lines = ResultText(record).conclusions.filter { $0.contains("failed") }
    #expect(lines == ["A, seeds 0, 2, failed: step 2", "A, seed 1, failed: disk full"])
  }

  @Test func aRecordIsReadAsItWasWritten() throws {
    try withTemporaryFolder { path in
      var record = ExperimentRecord.trained([("A", [0.9, 0.91]), ("B", [0.95, 0.96])])
      record.tables = ResultText(record).tables
      record.conclusions = ["x"]
      record.figures = [
        FigureData(
          file: "f", title: "F",
          panels: [
            .init(
              .lines, title: "p", xLabel: "x", yLabel: "y",
              series: [.init(name: "s", x: [1, 2], y: [0.5, .nan], margins: [0.25, 0.5])],
              isXLogarithmic: true, boxes: ["b"])
          ])
      ]
      try record.write(to: path)
      let read = try ExperimentRecord.load(path)
      // As text: what is no number does not equal itself.
      #expect(read.json.text == record.json.text)
      #expect(read.figures[0].panels[0].series[0].y[1].isNaN)
      #expect(read.comparisons == record.comparisons && read.tables == record.tables)
      let csv = try String(contentsOfFile: path + "/results.csv", encoding: .utf8).split(separator: "\n")
      #expect(csv.count == 5 && csv[0].hasPrefix("group,setting,seed,schedule,parameters"))
      #expect(FileManager.default.fileExists(atPath: path + "/f.svg"))
    }
  }
}
