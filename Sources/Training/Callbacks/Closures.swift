extension Callback {
  /// Calls a function after each epoch and its validation.
  public static func onEpochEnd(
    _ function: @escaping @Sendable (_ record: EpochRecord, _ control: TrainingControl) throws -> Void
  ) -> Callback {
    Callback(name: "on_epoch_end") { ClosureHandler(epoch: function) }
  }

  /// Calls a function after each training step.
  public static func onStepEnd(
    _ function: @escaping @Sendable (_ progress: StepProgress, _ control: TrainingControl) throws -> Void
  ) -> Callback {
    Callback(name: "on_step_end") { ClosureHandler(step: function) }
  }

  /// Calls a function when the training has ended, interrupted or not.
  public static func onTrainingEnd(
    _ function: @escaping @Sendable (_ history: History) throws -> Void
  ) -> Callback {
    Callback(name: "on_training_end") { ClosureHandler(end: function) }
  }

  /// Tells the mean loss of every so many batches, begun anew at each epoch; counted on when resumed.
  ///
  /// - Parameters:
  ///   - batches: How many batches make a mean, at least 1.
  ///   - tell: Hears the epoch and the batch within it, both from 1, and the unweighted mean of the last
  ///     batches' losses.
  public static func runningLoss(
    every batches: Int, _ tell: @escaping @Sendable (_ epoch: Int, _ batch: Int, _ loss: Double) -> Void
  ) -> Callback {
    Callback(name: "running_loss") { RunningLoss(every: batches, tell) }
  }
}

/// Hears by functions of one's own.
final class ClosureHandler: CallbackHandler {
  private let step: ((StepProgress, TrainingControl) throws -> Void)?
  private let epoch: ((EpochRecord, TrainingControl) throws -> Void)?
  private let end: ((History) throws -> Void)?

  init(
    step: ((StepProgress, TrainingControl) throws -> Void)? = nil,
    epoch: ((EpochRecord, TrainingControl) throws -> Void)? = nil, end: ((History) throws -> Void)? = nil
  ) {
    self.step = step
    self.epoch = epoch
    self.end = end
  }

  func stepEnded(_ progress: StepProgress, _ control: TrainingControl) throws {
    try step?(progress, control)
  }

  func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws { try epoch?(record, control) }

  func trainingEnded(_ history: History, _ control: TrainingControl) throws { try end?(history) }
}

/// The mean loss of the last batches.
final class RunningLoss: PreparedHandler {
  private let every: Int
  private let tell: (Int, Int, Double) -> Void
  private var mean: RunningMean

  init(every: Int, _ tell: @escaping (Int, Int, Double) -> Void) {
    self.every = every
    self.tell = tell
    // A bad number is refused by `prepare`, before anything is added.
    mean = RunningMean(every: max(1, every))
  }

  var state: [String: Double] {
    get { ["count": Double(mean.count), "sum": mean.sum] }
    set {
      mean = RunningMean(every: mean.every, count: Int(newValue["count"] ?? 0), sum: newValue["sum"] ?? 0)
    }
  }

  func prepare(_ context: CallbackContext) throws(TrainingError) {
    guard every >= 1 else {
      throw .badSetting("running_loss", "every", expected: "at least 1 batch", received: every)
    }
  }

  func epochBegan(_ epoch: Int, _ control: TrainingControl) throws { mean.reset() }

  func stepEnded(_ progress: StepProgress, _ control: TrainingControl) throws {
    if let loss = mean.add(progress.batchLoss) { tell(progress.epoch, progress.step, loss) }
  }
}
