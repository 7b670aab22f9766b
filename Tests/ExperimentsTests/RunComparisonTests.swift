import MartletExperiments
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

/// Runs beside each other, from their folders.
@Suite struct RunComparisonTests {
  private func finish(_ run: String, seed: Int, threads: Int) throws {
    let folder = try RunFolder.create(
      at: run, configuration: ["model": "dense", "seed": .integer(seed)],
      environment: RunEnvironment(martletVersion: "0", instructionSet: "none"), onProblem: { _ in })
    var result = ResultEvent()
    result.testAccuracy = 0.5
    result.threads = threads
    folder.append(.epoch(EpochEvent(epoch: 1, loss: 1, learningRate: 0.1, seconds: 1)))
    folder.append(.result(result))
  }

  @Test func aMetricThatARunHasNotIsRefused() throws {
    try withTemporaryFolder { path in
      try finish("\(path)/a", seed: 0, threads: 1)
      #expect(try RunComparison(["\(path)/a"]).record.metric.key == "test_accuracy")
      let error = #expect(throws: SettingError.self) {
        try RunComparison(["\(path)/a"], metric: .validationAccuracy)
      }
      #expect(error?.isInFile == false)
      #expect(error?.description.contains("received validation accuracy, without which \(path)/a") == true)
    }
  }

  @Test func timesOfUnequalThreadsAreTold() throws {
    try withTemporaryFolder { path in
      for seed in 0...1 { try finish("\(path)/\(seed)", seed: seed, threads: 2 * seed + 1) }
      let conclusions = try RunComparison(["\(path)/0", "\(path)/1"]).record.conclusions
      #expect(conclusions.contains("Times were measured with 1 and 3 threads, which do not compare."))
    }
  }
}
