import MartletDatasets
import MartletExperiments
import MartletRuns
import Testing

/// The registry of systems: sizes, references, comparison.
@Suite struct SystemTests {
  /// Parameters and the trainable ones among them, as published.
  private static let counts: [String: (Int, Int)] = [
    "custom-cnn-mnist": (242_442, 241_994), "custom-cnn-cifar10": (357_706, 357_258),
    "alexnet-mnist": (8_306_890, 8_306_890), "alexnet-cifar10": (10_012_554, 10_012_554),
    "conv5x5-mnist": (184_586, 184_586), "conv5x5-regularized-mnist": (184_586, 184_586),
    "dense-fashion": (12_786, 12_786), "conv-fashion": (74_514, 74_514),
    "dense-cifar100-coarse": (49_484, 49_484), "conv-cifar100-coarse": (102_252, 102_252),
    "convnet-mnist-type": (421_642, 421_642), "convnet-mnist-functional": (421_642, 421_642),
    "convnet-mnist-loop": (421_642, 421_642), "attention-fashion": (177_041, 176_081),
  ]

  @Test(arguments: TrainingSystem.ids)
  func parameters(id: String) throws {
    let system = try TrainingSystem.named(id)
    let card = try DatasetCatalog.card(system.dataset)
    let network = try system.network(imageShape: card.imageShape, classes: card.classNames.count)
    let summary = network.summary()
    let expected = try #require(Self.counts[id])
    #expect(summary.parameters == expected.0 && summary.trainableParameters == expected.1)
  }

  @Test func unknownNamesHaveAGuess() {
    let error = #expect(throws: SettingError.self) { try TrainingSystem.named("atention-fashion") }
    #expect(error?.description.contains("did you mean attention-fashion?") == true)
  }

  private func result(_ accuracy: Double) -> ResultEvent {
    var result = ResultEvent()
    result.testAccuracy = accuracy
    return result
  }

  @Test func theComparisonSaysWhatIsShown() throws {
    var system = try TrainingSystem.named("convnet-mnist-loop")
    system.reference.peer = .init(name: "PyTorch", testAccuracies: [0.991, 0.992, 0.993])
    let equal = ReferenceComparison(system, [0.9915, 0.9925, 0.9905].map(result))
    #expect(equal.reachesFloor == true)
    #expect(equal.conclusions.contains { $0.hasPrefix("No difference from PyTorch's") })
    #expect(equal.table.text.contains("99.15% ± 0.10 (3)"))
    let worse = ReferenceComparison(system, [0.9815, 0.9825, 0.9805].map(result))
    #expect(worse.reachesFloor == false)
    #expect(worse.conclusions.contains { $0.contains("differs from PyTorch's by -1.05 points [") })
    #expect(worse.conclusions.contains { $0.contains("misses the 98.80%") })
    let single = ReferenceComparison(system, [result(0.99)])
    #expect(single.conclusions.contains { $0.contains("one run shows no noise") })
  }

  /// At the cap of its epochs a training says what it reached.
  @Test func theLossThatEndsATrainingIsTold() throws {
    var system = try TrainingSystem.named("conv5x5-regularized-mnist")
    system.settings.epochs = 2
    var (reached, missed) = (result(0.98), result(0.97))
    reached.stopReason = "threshold"
    missed.stopReason = "finished"
    func line(_ results: [ResultEvent], _ losses: [Double]) -> String? {
      ReferenceComparison(system, results, lastLosses: losses).conclusions.first { $0.hasPrefix("A loss of") }
    }
    #expect(line([reached], [0.37]) == "A loss of 0.38 was reached within 2 epochs.")
    #expect(
      line([missed], [0.4012])
        == "A loss of 0.38 was not reached within 2 epochs; the last epoch's loss was 0.4012.")
    #expect(
      line([missed, reached], [0.4012, 0.38])
        == "A loss of 0.38 was not reached in 1 of 2 runs within 2 epochs; "
        + "the last epochs' losses were 0.4012, 0.3800.")
  }

  @Test func publishedCurvesStandBesideOurs() throws {
    let system = try TrainingSystem.named("convnet-mnist-type")
    let epochs = (1...6).map {
      EpochEvent(
        epoch: $0, loss: 0.5, accuracy: 0.9, validationLoss: 0.25, validationAccuracy: 0.95,
        learningRate: 0.001, seconds: 1)
    }
    let table = try #require(ReferenceComparison(system, []).curves(epochs))
    #expect(table.rows.count == 6)
    #expect(table.rows[0] == ["1", "90.00%", "82.20%", "0.2500", "0.1362", "95.00%", "95.78%"])
    #expect(table.rows[5] == ["6", "90.00%", "-", "0.2500", "-", "95.00%", "-"])
  }
}
