/// Something that hears how a training goes and may change its rate or stop it.
///
/// ```swift
/// try trainer.fit(
///   train, epochs: 50, validation: .last(0.2), callbacks: [.earlyStopping(patience: 5), .checkpoint(.best)])
/// ```
///
/// Callbacks hear in the order of the list. Each call of `fit` makes them anew; what they count is saved in
/// checkpoints and taken up again on resuming.
public struct Callback: Sendable {
  /// The name in messages and checkpoints, in snake case.
  public let name: String
  /// What it does to the training's result; a checkpoint is resumed only under the same.
  let settings: String?
  /// What its counters are called in checkpoints, whatever its place in the list.
  let key: String
  package let makeHandler: @Sendable () -> any CallbackHandler

  /// Creates a callback of one's own.
  ///
  /// - Parameters:
  ///   - name: The name in messages and checkpoints, in snake case.
  ///   - settings: Whatever decides how it changes the training, as text: resuming under other settings is
  ///     refused. Nil where it only watches.
  ///   - makeHandler: Makes what hears one call of `fit`.
  public init(
    name: String, settings: String? = nil, _ makeHandler: @escaping @Sendable () -> any CallbackHandler
  ) {
    self.init(name: name, key: name, settings: settings, makeHandler)
  }

  init(
    name: String, key: String, settings: String? = nil,
    _ makeHandler: @escaping @Sendable () -> any CallbackHandler
  ) {
    self.name = name
    self.key = key
    self.settings = settings
    self.makeHandler = makeHandler
  }
}

/// What hears one call of `fit`; every function may be left out.
public protocol CallbackHandler: AnyObject {
  /// What is saved in checkpoints and set again on resuming, such as counters; empty by default.
  var state: [String: Double] { get set }
  /// The training begins or is resumed; on resuming the state is set already.
  func trainingBegan(_ plan: TrainingPlan, _ control: TrainingControl) throws
  /// An epoch, counted from 1, begins; not heard again where it is resumed halfway.
  func epochBegan(_ epoch: Int, _ control: TrainingControl) throws
  /// A training step was made.
  func stepEnded(_ progress: StepProgress, _ control: TrainingControl) throws
  /// A step's numbers were not finite, and nothing was changed; `fit` throws unless the training is stopped.
  func stepFailed(_ error: TrainingError, _ control: TrainingControl) throws
  /// An epoch and its validation are done.
  func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws
  /// The training ended, interrupted or not; the best weights are in place where they are restored.
  func trainingEnded(_ history: History, _ control: TrainingControl) throws
}

extension CallbackHandler {
  /// Nothing is saved.
  public var state: [String: Double] {
    get { [:] }
    set {}
  }
  /// Does nothing.
  public func trainingBegan(_ plan: TrainingPlan, _ control: TrainingControl) throws {}
  /// Does nothing.
  public func epochBegan(_ epoch: Int, _ control: TrainingControl) throws {}
  /// Does nothing.
  public func stepEnded(_ progress: StepProgress, _ control: TrainingControl) throws {}
  /// Does nothing.
  public func stepFailed(_ error: TrainingError, _ control: TrainingControl) throws {}
  /// Does nothing.
  public func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws {}
  /// Does nothing.
  public func trainingEnded(_ history: History, _ control: TrainingControl) throws {}
}
