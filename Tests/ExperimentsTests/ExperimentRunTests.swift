import Foundation
import MartletDatasets
import MartletExperiments
import MartletRuns
import MartletTensors
import MartletTestSupport
import MartletTraining
import Testing

/// Trials are run in order, several at a time, and none twice.
@Suite struct ExperimentRunTests {
  /// Ends trials as told and notes what it was asked.
  private final class Runner: TrialRunner {
    struct Failure: Error {}
    private let ends: [String: TrialEnd]
    private let broken: String?
    let asked = Guarded<[(name: String, threads: Int)]>([])

    init(ends: [String: TrialEnd] = [:], broken: String? = nil) {
      self.ends = ends
      self.broken = broken
    }

    func run(
      _ trial: Experiment.Trial, in experiment: String, threads: Int, stop: StopToken,
      tell: (TrialProgress) -> Void
    ) throws -> TrialEnd {
      asked.withLock { $0.append((trial.name, threads)) }
      if trial.name == broken { throw Failure() }
      let end = ends[trial.name] ?? .finished
      if end == .interrupted { stop.request() }
      return end
    }

    var names: [String] { asked.withLock { $0.map(\.name) } }
  }

  private func run(_ path: String, jobs: Int = 1, threads: Int = 1) throws -> ExperimentRun {
    var experiment = try Experiment.named("attention")
    experiment.seeds = [0, 1]
    var run = ExperimentRun(experiment, at: path)
    run.jobs = jobs
    run.threads = threads
    return run
  }

  @Test func everySettingComesBeforeTheNextSeed() throws {
    try withTemporaryFolder { path in
      let runner = Runner()
      let outcome = try run(path).perform(runner)
      #expect(try runner.names == run(path).experiment.trials.map(\.name))
      #expect(runner.names.prefix(4).allSatisfy { $0.hasSuffix("seed-0") })
      #expect(outcome.failures.isEmpty && !outcome.isInterrupted)
    }
  }

  @Test func jobsShareTheThreads() throws {
    try withTemporaryFolder { path in
      let runner = Runner()
      _ = try run(path, jobs: 3, threads: 8).perform(runner)
      #expect(Set(runner.names).count == 8 && runner.names.count == 8)
      #expect(runner.asked.withLock { $0.allSatisfy { $0.threads == 2 } })
    }
  }

  @Test func aFailedTrialDoesNotStopTheOthers() throws {
    try withTemporaryFolder { path in
      let runner = Runner(ends: ["no-attention-seed-0": .failed("not finite")])
      let outcome = try run(path).perform(runner)
      #expect(outcome.failures == ["no-attention-seed-0": "not finite"])
      #expect(runner.names.count == 8)
    }
  }

  @Test func anInterruptionEndsAll() throws {
    try withTemporaryFolder { path in
      let runner = Runner(ends: ["channel-only-seed-0": .interrupted])
      let outcome = try run(path).perform(runner)
      #expect(outcome.isInterrupted)
      #expect(runner.names == ["no-attention-seed-0", "channel-only-seed-0"])
    }
  }

  @Test func aMistakeIsThrown() throws {
    try withTemporaryFolder { path in
      let runner = Runner(broken: "channel-only-seed-0")
      let run = try run(path)
      #expect(throws: Runner.Failure.self) { try run.perform(runner) }
      #expect(runner.names.count == 2)
    }
  }

  /// The run of a trial as its process begins it, with as many epochs.
  private func begin(
    _ name: String, of run: ExperimentRun, epochs: Int? = nil
  ) throws -> RunFolder {
    var system = try #require(run.experiment.trials.first { $0.name == name }).system
    system.settings.epochs = epochs ?? system.settings.epochs
    let configuration = RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
    return try RunFolder.create(
      at: "\(run.path)/trials/\(name)", configuration: configuration.json,
      environment: RunEnvironment(martletVersion: "0", instructionSet: "none"), onProblem: { _ in })
  }

  @Test func whatIsFinishedIsNotTrainedAgain() throws {
    try withTemporaryFolder { path in
      let run = try run(path)
      try begin("spatial-only-seed-1", of: run).append(.result(ResultEvent()))
      _ = try begin("spatial-only-seed-0", of: run)
      let runner = Runner()
      _ = try run.perform(runner)
      #expect(!runner.names.contains("spatial-only-seed-1"))
      #expect(runner.names.contains("spatial-only-seed-0"))
    }
  }

  /// Somebody trained a trial's run further: its figures are no longer the trial's.
  @Test func aRunOfOtherSettingsIsRefusedByItsDifference() throws {
    try withTemporaryFolder { path in
      let run = try run(path)
      try begin("spatial-only-seed-1", of: run, epochs: 9).append(.result(ResultEvent()))
      let runner = Runner()
      let error = #expect(throws: SettingError.self) { try run.perform(runner) }
      #expect(error?.description.contains("trials/spatial-only-seed-1: expected the training of") == true)
      #expect(error?.description.contains("(epochs is 9 there, 5 now)") == true)
      #expect(runner.names.isEmpty)
    }
  }
}
