import Foundation
import MartletRuns
import MartletTensors
import MartletTraining

/// How a trial came to its end.
package enum TrialEnd: Sendable, Equatable {
  case finished
  /// It came to no result, for a reason that is its own: the others go on.
  case failed(String)
  /// It was stopped and can be resumed.
  case interrupted
}

/// What a trial tells while it runs.
package enum TrialProgress: Sendable {
  /// A step was made.
  case step(epoch: Int, of: Int, step: Int, steps: Int, loss: Double)
  case epoch(EpochEvent)
}

/// Trains one trial to its end, resuming what was begun; the command gives each a process of its own.
package protocol TrialRunner: Sendable {
  /// Blocks until the trial ends; a request of `stop` ends it at the next step.
  func run(
    _ trial: Experiment.Trial, in experiment: String, threads: Int, stop: StopToken,
    tell: (TrialProgress) -> Void
  ) throws -> TrialEnd
}

/// What an experiment tells while it runs; it may come from several threads.
package enum ExperimentEvent: Sendable {
  /// So many of all trials were finished before.
  case began(trials: Int, finished: Int)
  case trialBegan(Experiment.Trial)
  case trial(Experiment.Trial, TrialProgress)
  case trialEnded(Experiment.Trial, TrialEnd)
}

/// Runs the trials of an experiment that are not finished, several at a time.
package struct ExperimentRun: Sendable {
  package let experiment: Experiment
  /// The path of the experiment's folder.
  package let path: String
  package var jobs = 1
  /// The threads that the jobs share.
  package var threads = 1
  package var stop = StopToken()
  package var tell: @Sendable (ExperimentEvent) -> Void = { _ in }

  package init(_ experiment: Experiment, at path: String) {
    self.experiment = experiment
    self.path = path
  }

  /// What all workers know.
  private struct State: Sendable {
    var next = 0
    var failures: [String: String] = [:]
    var isInterrupted = false
    var error: (any Error)?
  }

  /// How the trials ended: why some failed, by name; and whether some were interrupted.
  package struct Outcome: Sendable {
    package let failures: [String: String]
    package let isInterrupted: Bool
  }

  /// Runs all trials that are not finished.
  ///
  /// - Throws: The first mistake that is not one trial's own, after the other jobs have stopped.
  package func perform(_ runner: some TrialRunner) throws -> Outcome {
    let trials = experiment.trials
    let waiting = try trials.filter { !(try isFinished($0)) }
    tell(.began(trials: trials.count, finished: trials.count - waiting.count))
    let workers = max(1, min(jobs, waiting.count))
    let share = max(1, threads / workers)
    let state = Guarded(State())
    let group = DispatchGroup()
    for _ in 0..<workers {
      group.enter()
      // A thread for each job: they only wait for processes.
      Thread.detachNewThread {
        defer { group.leave() }
        while let trial = state.withLock({ Self.take(from: waiting, &$0) }) {
          if stop.isRequested {
            state.withLock { $0.isInterrupted = true }
            return
          }
          work(on: trial, runner, threads: share, state)
        }
      }
    }
    group.wait()
    return try state.withLock { state in
      if let error = state.error { throw error }
      return Outcome(failures: state.failures, isInterrupted: state.isInterrupted)
    }
  }

  private static func take(from trials: [Experiment.Trial], _ state: inout State) -> Experiment.Trial? {
    guard state.next < trials.count, state.error == nil, !state.isInterrupted else { return nil }
    state.next += 1
    return trials[state.next - 1]
  }

  private func work(
    on trial: Experiment.Trial, _ runner: some TrialRunner, threads: Int, _ state: Guarded<State>
  ) {
    tell(.trialBegan(trial))
    do {
      let end = try runner.run(trial, in: path, threads: threads, stop: stop) { tell(.trial(trial, $0)) }
      tell(.trialEnded(trial, end))
      state.withLock { state in
        switch end {
        case .finished: break
        case .failed(let reason): state.failures[trial.name] = reason
        case .interrupted: state.isInterrupted = true
        }
      }
    } catch {
      state.withLock { $0.error = $0.error ?? error }
    }
  }

  /// Whether a trial's run has its result.
  ///
  /// - Throws: Where the run is not that of the trial, as after somebody trained it further.
  package func isFinished(_ trial: Experiment.Trial) throws -> Bool {
    let run = "\(path)/\(ExperimentFile.trials)/\(trial.name)"
    // What cannot be read is the trial's to tell, when it takes its run up.
    guard RunFolder.exists(at: run), let (configuration, record) = try? RunConfiguration.load(run: run) else {
      return false
    }
    let found = configuration.system.configuration
    if let difference = found.firstDifference(from: trial.system.configuration) {
      throw SettingError(
        at: run, expected: "the training of '\(trial.title)'", received: "another (\(difference))",
        hint: "remove the folder to train it again, or choose another with --output", isInFile: true)
    }
    return record.result != nil
  }
}
