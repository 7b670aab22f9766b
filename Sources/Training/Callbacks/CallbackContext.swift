import MartletNetworks
import MartletRuns
import MartletTensors

/// What callbacks are told before the training begins, so that they can refuse it.
struct CallbackContext {
  let run: RunFolder?
  let hasValidation: Bool
  let metrics: [String]
  let schedule: RateSchedule
  /// Figures that the training alone has.
  var trainingFigures: [String] = []

  /// The names of an epoch's figures besides loss, accuracy, rate and time.
  var metricNames: [String] {
    metrics + trainingFigures + (hasValidation ? metrics.map { "validation_\($0)" } : [])
  }

  /// Refuses to watch what the epochs will not have.
  func require(_ monitor: Monitor, for callback: String) throws(TrainingError) {
    let validation: [Monitor] = hasValidation ? [.validationLoss, .validationAccuracy] : []
    let known = [.loss, .accuracy] + validation + metricNames.map { .metric($0) }
    guard !known.contains(monitor) else { return }
    let near = nearestName(to: monitor.name, among: known.map(\.name)).map { "did you mean \($0)? " } ?? ""
    throw TrainingError(
      .badArgument, at: callback, expected: "one of \(known.map(\.name).joined(separator: ", ")) to watch",
      received: monitor.name,
      hint: hasValidation
        ? near + "metrics are given to the trainer" : near + "validation figures need fit(validation:)")
  }
}

/// A handler that checks its settings before anything is changed.
protocol PreparedHandler: CallbackHandler {
  func prepare(_ context: CallbackContext) throws(TrainingError)
}

/// A handler that knows the best epoch.
package protocol BestEpochHolder: CallbackHandler {
  var bestEpoch: Int? { get }
}

/// A handler that may keep the best epoch's weights in memory, to put them in place at the end.
protocol BestWeightsKeeper: BestEpochHolder {
  /// Whether it does so.
  var restoresBest: Bool { get }
  var bestWeights: TensorFile? { get set }
}

/// A handler that writes everything a resumed training needs, after all have heard of an epoch.
protocol StateSaver: CallbackHandler {
  /// - Parameters:
  ///   - epoch: The whole epochs done.
  ///   - isWhole: Whether the training stands at the end of an epoch.
  ///   - state: Gives the file.
  func save(epoch: Int, isWhole: Bool, _ state: () -> TensorFile) throws(FileError)
}

extension TrainingError {
  /// A callback's setting that is out of range.
  static func badSetting(
    _ callback: String, _ setting: String, expected: String, received: some CustomStringConvertible
  ) -> TrainingError {
    TrainingError(.badArgument, at: "\(callback), \(setting)", expected: expected, received: "\(received)")
  }
}
