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
  /// How the learning rate changes from epoch to epoch.
  public let schedule: RateSchedule
  /// Decides initial weights, orders and what is dropped.
  public let seed: UInt64
  /// Stops a training at the next boundary between two steps.
  public let stopToken: StopToken
  /// The number of whole epochs trained.
  public internal(set) var completedEpochs = 0
  package let step: TrainingStep
  let evaluation: InferenceProgram
  let prediction: InferenceProgram
  let events: ((TrainingEvent) -> Void)?

  /// Creates a trainer with initial weights and checks network and loss by tracing them.
  ///
  /// - Parameters:
  ///   - network: What is trained; puts out one score for each class.
  ///   - optimizer: The rule of the update.
  ///   - loss: What is made small.
  ///   - schedule: How the learning rate changes from epoch to epoch.
  ///   - seed: Decides initial weights, orders and what is dropped.
  ///   - threads: The number of threads; nil takes the processors that may be used.
  ///   - parameters: A store to train; nil makes one with initial values.
  ///   - frozen: Paths of layers or parameters that are left alone.
  ///   - stopToken: Stops a training at the next boundary between two steps.
  ///   - events: Hears what happens, for every call of `fit`.
  /// - Throws: The first mistake of network or loss, with its layer's path and place.
  public init(
    _ network: some Network, optimizer: some Optimizer = Adam(), loss: Loss,
    schedule: RateSchedule = .constant, seed: UInt64 = 0, threads: Int? = nil,
    parameters: Parameters? = nil, frozen: Set<String> = [], stopToken: StopToken = StopToken(),
    events: ((TrainingEvent) -> Void)? = nil
  ) throws {
    guard try BatchInput(network).classes != nil else {
      throw ModelError(
        path: "outputs", expected: "one score for each class, [batch, classes]", received: "another rank",
        hint: "End the network with Flatten() and Dense(classes), or write a TrainingStep of your own.")
    }
    let engine = try Engine(threads: threads)
    let resolved = optimizer.resolved(for: network.preset)
    self.network = network
    self.optimizer = resolved
    self.loss = loss
    self.schedule = schedule
    self.seed = seed
    self.stopToken = stopToken
    self.events = events
    step = try TrainingStep(
      StepRecipe(
        network: network, optimizer: resolved, frozen: frozen, gradients: nil,
        loss: { try Self.loss($0, $1, $2, loss) }),
      seed: seed, parameters: parameters, engine: engine)
    evaluation = InferenceProgram(network, .evaluation(loss), step.parameters, step.input, engine)
    prediction = InferenceProgram(network, .probabilities, step.parameters, step.input, engine)
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

  /// The mean loss of a batch; reports how many images were classified rightly.
  private static func loss(
    _ network: TracedNetwork, _ images: Value, _ labels: Value, _ loss: Loss
  ) throws -> Value {
    let outputs = network(images)
    network.graph.scopes.enter("loss", location: "")
    defer { network.graph.scopes.leave() }
    let mean = try loss.mean(outputs, labels)
    network.report(correctName, correctCount(outputs, labels))
    return mean
  }

  static let correctName = "correct"
}

extension Loss {
  /// The mean over a batch, a scalar; labels `[N]` become rows where the loss wants rows.
  func mean(_ outputs: Value, _ labels: Value) throws(ModelError) -> Value {
    guard outputs.isValid, outputs.rank == 2 else { return outputs }
    let graph = outputs.graph
    let targets =
      targets == .dense
      ? graph.apply(.classification(.oneHot(classes: outputs.shape[1])), [labels]) : labels
    let losses = self(outputs, targets)
    guard losses.isValid else { return losses }
    guard losses.shape == [outputs.shape[0]] else {
      throw ModelError(
        path: "loss", expected: "one number for each sample, shape [\(outputs.shape[0])]",
        received: "shape \(losses.shape)", hint: "The loss \(name) must not take the mean over samples.")
    }
    return losses.mean()
  }
}
