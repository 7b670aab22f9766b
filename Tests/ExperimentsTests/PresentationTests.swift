import MartletExperiments
import MartletRuns
import Testing

/// Figures show what there is, and say of how many seeds.
@Suite struct PresentationTests {
  private func run(epochs: Int, result: ResultEvent?) -> RunRecord {
    RunRecord(
      path: "r", configuration: [:],
      epochs: (1...epochs).map {
        EpochEvent(
          epoch: $0, loss: 1, validationLoss: 1, validationAccuracy: 0.5, learningRate: 0.001, seconds: 1)
      }, result: result)
  }

  /// After a seed has stopped early, its line is the mean of the others.
  @Test func linesOfUnequalLengthSayOfHowManySeedsTheyAre() throws {
    var record = ExperimentRecord.trained([("A", [0.5, 0.5, 0.5])])
    func label() throws -> String? {
      let figures = Presentation.general.figures(record, try .named("attention"))
      return figures.first { $0.file == "training_curves" }?.panels.first?.yLabel
    }
    for trial in 0..<3 { record.settings[0].trials[trial].run = run(epochs: 4, result: ResultEvent()) }
    #expect(try label() == "Accuracy (%), mean of 3 seeds")
    record.settings[0].trials[2].run = run(epochs: 2, result: ResultEvent())
    #expect(try label() == "Accuracy (%), mean of up to 3 seeds")
  }

  /// The figures of the final training are those of the first seed that came to a result.
  @Test func aSeedWithoutResultIsPassedOver() throws {
    let final = try #require(try Study.attention(.init()).parts.last)
    var record = ExperimentRecord.trained([("AE-CNN", [0.9, 0.91])])
    let score = ResultEvent.ClassScore(name: "c", precision: 1, recall: 1, f1: 1, support: 5)
    var result = ResultEvent()
    result.perClass = [score, score]
    result.confusion = [[5, 0], [0, 5]]
    record.settings[0].trials[0].run = run(epochs: 1, result: nil)
    record.settings[0].trials[1].run = run(epochs: 2, result: result)
    let figures = final.presentation.figures(record, final)
    #expect(
      figures.map(\.file) == ["final_confusion_matrix", "final_training_history", "class_specific_metrics"])
    #expect(figures.allSatisfy { $0.title.hasSuffix(", seed 1") })
  }
}
