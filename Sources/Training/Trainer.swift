import MartletDatasets
import MartletGraphs
import MartletNetworks
import MartletTensors

/// Trains a classifier on images, evaluates it and predicts with it.
///
/// ```swift
/// let trainer = try Trainer(model, loss: .sparseCategoricalCrossEntropy(fromLogits: true))
/// let history = try trainer.fit(train, epochs: 5, batchSize: 64, validation: .last(0.2))
/// print(try trainer.evaluate(test).accuracy)
/// ```
public final class Trainer {
  /// What is trained.
  public let network: any Network
  /// The rule of the update, with the network's preset.
  public let optimizer: any Optimizer
  /// What is made small.
  public let loss: Loss
  /// The figures reported besides loss and accuracy.
  public let metrics: [Metric]
  /// How the learning rate changes from epoch to epoch.
  public let schedule: RateSchedule
  /// Decides initial weights, orders and what is dropped.
  public let seed: UInt64
  /// Stops a training at the next boundary between two steps.
  public let stopToken: StopToken
  /// The number of whole epochs trained.
  public internal(set) var completedEpochs = 0
  /// The rates of the last step; at first the optimizer's.
  var rates: TrainingRates
  package let step: TrainingStep
  let objective: Objective
  let frozen: Set<String>
  let evaluation: InferenceProgram
  let prediction: InferenceProgram
  let classes: Int
  private let gradients: ((Gradients) -> Gradients)?
  private var weighted: (step: TrainingStep, evaluation: InferenceProgram)?
  let events: ((TrainingEvent) -> Void)?

  /// Creates a trainer with initial weights and checks network and loss by tracing them.
  ///
  /// - Parameters:
  ///   - network: What is trained; puts out one score for each class.
  ///   - optimizer: The rule of the update.
  ///   - loss: What is made small.
  ///   - metrics: Figures reported besides loss and accuracy; weights do not change them.
  ///   - penalties: Terms over all trained tensors that are added to the loss, in evaluation too.
  ///   - classWeights: How much the loss of each class's images counts in training, one number for each
  ///     class; nil counts all the same. Keras's preset divides by the number of images, PyTorch's by the
  ///     sum of their weights.
  ///   - gradients: Changes the gradients before the optimizer sees them, for instance
  ///     `{ $0.clipped(norm: 1) }`.
  ///   - schedule: How the learning rate changes from epoch to epoch.
  ///   - seed: Decides initial weights, orders and what is dropped.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - exact: The convolutions that keep to direct sums where a faster algorithm rounds otherwise.
  ///   - parameters: A store to train; nil makes one with initial values.
  ///   - frozen: Paths of layers or parameters that are left alone.
  ///   - stopToken: Stops a training at the next boundary between two steps.
  ///   - events: Hears what happens, for every call of `fit`.
  /// - Throws: The first mistake of network, loss or metrics, with its layer's path and place;
  ///   `TrainingError` where class weights or metrics do not fit.
  public init(
    _ network: some Network, optimizer: some Optimizer = Adam(), loss: Loss, metrics: [Metric] = [],
    penalties: [Penalty] = [], classWeights: [Double]? = nil,
    gradients: ((Gradients) -> Gradients)? = nil, schedule: RateSchedule = .constant, seed: UInt64 = 0,
    threads: Int? = nil, exact: ExactLayers = false, parameters: Parameters? = nil, frozen: Set<String> = [],
    stopToken: StopToken = StopToken(), events: ((TrainingEvent) -> Void)? = nil
  ) throws {
    guard let classes = try BatchInput(network).classes else {
      throw ModelError(
        path: "outputs", expected: "one score for each class, [batch, classes]", received: "another rank",
        hint: "End the network with Flatten() and Dense(classes), or write a TrainingStep of your own.")
    }
    try schedule.validate()
    let objective = Objective(
      loss: loss, metrics: metrics, penalties: penalties, classWeights: classWeights)
    try objective.check(classes: classes)
    let engine = try Engine(threads: threads, exact: exact)
    let resolved = optimizer.resolved(for: network.preset)
    self.network = network
    self.optimizer = resolved
    self.loss = loss
    self.metrics = metrics
    self.objective = objective
    self.schedule = schedule
    self.seed = seed
    self.frozen = frozen
    self.gradients = gradients
    self.stopToken = stopToken
    self.events = events
    self.classes = classes
    rates = TrainingRates(scheduled: resolved.learningRate)
    step = try TrainingStep(
      StepRecipe(
        network: network, optimizer: resolved, frozen: frozen, gradients: gradients,
        loss: objective.trainingLoss),
      seed: seed, parameters: parameters, engine: engine)
    evaluation = InferenceProgram(
      network, .evaluation(objective, frozen: frozen), step.parameters, step.input, engine)
    prediction = InferenceProgram(network, .prediction(.probabilities), step.parameters, step.input, engine)
  }

  /// A step like this trainer's with initial values and an engine of its own, to be tried without consequence.
  func freshStep() throws -> TrainingStep {
    try TrainingStep(
      recipe(objective), seed: seed, parameters: nil,
      engine: try Engine(threads: threads, exact: step.engine.exact))
  }

  /// How a step is made for an objective.
  private func recipe(_ objective: Objective) -> StepRecipe {
    StepRecipe(
      network: network, optimizer: optimizer, frozen: frozen, gradients: gradients,
      loss: objective.trainingLoss)
  }

  /// A step and an evaluation that take a weight for each image, on the same tensors.
  func weightedPrograms() throws -> (step: TrainingStep, evaluation: InferenceProgram) {
    if let weighted { return weighted }
    var objective = objective
    objective.takesSampleWeights = true
    let step = try TrainingStep(
      recipe(objective), seed: seed, parameters: parameters, engine: self.step.engine)
    let programs = (step, evaluationProgram(objective))
    weighted = programs
    return programs
  }

  /// A program that evaluates by an objective.
  func evaluationProgram(_ objective: Objective) -> InferenceProgram {
    InferenceProgram(
      network, .evaluation(objective, frozen: frozen), parameters, step.input, step.engine)
  }

  /// The weights, statistics and optimizer's state.
  public var parameters: Parameters { step.parameters }

  /// The number of threads.
  public var threads: Int { step.threads }

  /// Asks `fit` to stop at the next boundary between two steps; holds until `stopToken.reset()`.
  public func stop() { stopToken.request() }

  /// The network's layers, sizes and costs.
  public func summary(batchSize: Int = 64) -> Summary {
    network.summary(batchSize: batchSize, optimizer: optimizer)
  }

  /// The bytes that a training step on a batch needs for intermediate results.
  public func stepMemory(batchSize: Int) throws -> Int {
    guard batchSize > 0 else {
      throw TrainingError(.badArgument, at: "batch size", expected: "at least 1", received: "\(batchSize)")
    }
    return try step.program(batch: batchSize).arenaBytes
  }

  /// The bytes that the programs used so far need for intermediate results.
  public var arenaBytes: Int { step.engine.arena.byteCount }
}
