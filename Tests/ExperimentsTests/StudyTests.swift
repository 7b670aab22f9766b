import MartletDatasets
import MartletExperiments
import MartletRuns
import MartletTensors
import Testing

/// A study's summary says what its experiments showed, and not more.
@Suite struct StudyTests {
  private func summary(_ experiments: [ExperimentRecord]) throws -> ExperimentRecord {
    let study = try Study.attention(Experiment.Options())
    var final = ExperimentRecord.trained([("AE-CNN", [0.91, 0.92])])
    final.title = "Final training"
    return study.record(at: "s", experiments + [final])
  }

  @Test func noiseIsCalledNoise() throws {
    var rates = ExperimentRecord.trained(
      [("Constant", [0.90, 0.91]), ("Cosine", [0.93, 0.90])], key: "model")
    rates.title = "Dropout and L2"
    let record = try summary([rates, rates])
    #expect(record.conclusions.count == 6)
    #expect(
      record.conclusions[0].hasPrefix(
        "Dropout and L2: The highest mean validation accuracy is that of Cosine"))
    #expect(record.conclusions[2].hasPrefix("Final training: AE-CNN reaches a validation accuracy of 91.50%"))
    #expect(
      record.conclusions.last
        == "None of the 2 comparisons shows a difference: the order of the settings may be noise.")
    // Equal weights in two experiments are one training under two names.
    #expect(
      record.conclusions.contains(
        "The same trainings, with the same weights: Cosine (learning-rate), Cosine (batch-size)."))
    let rows = try #require(record.tables.first).rows
    #expect(rows.contains(["Best: dropout and L2", "Cosine (91.5%), no difference from Constant shown"]))
    #expect(rows.contains(["Settings of the final training", "given, not chosen by the results above"]))
    #expect(rows.contains(["Test accuracy", "91.5%, deviation 0.71 over 2 seeds"]))
    #expect(
      rows.contains(["Architecture", "AE-CNN: 5 Conv2D, 1 ChannelAttention, 1 SpatialAttention, 2 Dense"]))
  }

  @Test func aDifferenceIsTold() throws {
    let rates = ExperimentRecord.trained([
      ("Constant", [0.90, 0.91, 0.92]), ("Cosine", [0.95, 0.961, 0.97]), ("Step", [0.91, 0.905, 0.92]),
    ])
    let record = try summary([rates, rates])
    #expect(record.conclusions.count { $0.hasPrefix("Test: Cosine over Constant: +") } == 2)
    #expect(!record.conclusions.contains { $0.contains("no difference from") })
    #expect(record.conclusions.last == "4 of the 6 comparisons show a difference; the others may be noise.")
    #expect(record.parts == ["learning-rate", "batch-size", "attention", "regularization", "final"])
  }

  /// No card says how large the pictures of a folder are; the runs do.
  @Test func aFolderOfPicturesHasASummaryToo() throws {
    let study = try Study.attention(.init(changes: [.init(.dataset, "folder:pictures/pets")]))
    #expect(study.title == "A network with attention on pets")
    #expect(
      try Study.attention(.init(changes: [.init(.dataset, "cifar10")])).title
        == "A network with attention on CIFAR-10")
    var final = ExperimentRecord.trained([("AE-CNN", [0.91])])
    let unknown = study.record(at: "s", [final])
    #expect(unknown.tables.first?.rows.first == ["Architecture", "AE-CNN"])
    let configuration = RunConfiguration(
      system: study.parts[4].variants[0].system,
      preparation: DataPreparation(dataset: "pets", imageShape: [16, 16, 3], classNames: ["cat", "dog"]))
    final.settings[0].trials[0].run = RunRecord(path: "r", configuration: configuration.json, epochs: [])
    #expect(study.record(at: "s", [final]).tables.first?.rows.first?[1].hasPrefix("AE-CNN: 5 Conv2D") == true)
  }
}
