import Foundation
import MartletDatasets
import MartletExperiments
import MartletReports
import MartletRuns
import MartletTensors
import MartletTraining

/// What the user hears of a training: lines, a bar, or one JSON object a line.
struct TrainingVoice {
  let isJSON: Bool
  let isQuiet: Bool

  /// Prints the shapes and the settings.
  func describe(
    _ configuration: RunConfiguration, title: String, _ train: ImageDataset, _ test: ImageDataset,
    _ trainer: Trainer
  ) {
    guard !isJSON, !isQuiet else { return }
    let shape = configuration.imageShape.map(String.init).joined(separator: ", ")
    let settings = configuration.system.settings
    var extras: [String] = []
    if settings.sampling != .none { extras.append("sample \(settings.sampling.text)") }
    if settings.penalties != .none { extras.append("penalty \(settings.penalties.text)") }
    if settings.clipping != .none { extras.append("clipping \(settings.clipping.text)") }
    if let augmentation = settings.augmentation { extras.append("augmentation \(augmentation)") }
    if settings.balancesClasses { extras.append("balanced classes") }
    if settings.exact != false { extras.append("exact \(settings.exact.text)") }
    if let plateau = settings.plateau { extras.append("a tenth of the rate after \(plateau) epochs") }
    if let patience = settings.patience { extras.append("early stopping after \(patience) epochs") }
    if let loss = settings.stopLoss { extras.append("until the loss is \(loss)") }
    Output.line(
      """
      \(title): training images [\(train.count), \(shape)], test images [\(test.count), \(shape)], \
      \(configuration.classNames.count) classes
      \(trainer.network.name ?? configuration.system.model): \(Table.grouped(trainer.parameters.count)) parameters
      \(settings.optimizer.text), rate \(settings.learningRate), schedule \(settings.schedule.text), \
      batch \(settings.batchSize), validation \(settings.validation.text), seed \(settings.seed), \
      \(trainer.threads) threads
      """)
    if !extras.isEmpty { Output.line(extras.joined(separator: ", ")) }
  }

  /// Turns the events of a training into lines or a bar.
  func progress() -> (TrainingEvent) -> Void {
    let bar = TerminalProgress(isTerminal: Output.isTerminal, width: Output.width) { Output.write($0) }
    return { event in
      switch event {
      case .warning(let text): Output.warn(text)
      case .epoch(let record) where isJSON: Output.json(EpochEvent(record).json)
      case .began, .step, .epoch, .ended: if !isJSON, !isQuiet { bar.report(event) }
      }
    }
  }

  /// Tells the mean loss of some batches.
  func runningLoss() -> @Sendable (_ epoch: Int, _ batch: Int, _ loss: Double) -> Void {
    let (isJSON, isQuiet) = (isJSON, isQuiet)
    return { epoch, batch, loss in
      if isJSON {
        Output.json([
          "event": "running_loss", "epoch": .integer(epoch), "batch": .integer(batch), "loss": .number(loss),
        ])
      } else if !isQuiet {
        // A bar that is being redrawn is wiped from the line first.
        let wipe = Output.isTerminal ? "\r\u{1B}[K" : ""
        Output.line(wipe + String(format: "Epoch %d, Batch %d, Loss: %.4f", epoch, batch, loss))
      }
    }
  }
}

extension TrainingJob {
  /// A job that is interrupted by signals and tells what it does.
  init(_ configuration: RunConfiguration, threads: Int, run: String?, resume: Bool, voice: TrainingVoice) {
    self.init(configuration, threads: threads)
    self.run = run
    self.resume = resume
    stopToken = Interruption.token
    warn = Output.warn
    progress = voice.progress()
    runningLoss = voice.runningLoss()
  }

  /// Trains and evaluates; a signal stops it at the next boundary between two steps.
  func performTelling(_ data: SystemData, _ voice: TrainingVoice) throws -> Outcome {
    try configuration.preparation.require(data.preparation)
    let (train, test) = try configuration.system.prepared(data)
    try check(train)
    let trainer = try configuration.trainer(threads: threads, stopToken: stopToken, training: train)
    voice.describe(configuration, title: data.title, train, test, trainer)
    let outcome: Outcome
    do {
      outcome = try Interruption.duringTraining { try perform(trainer, train, test) }
    } catch let error as TrainingError where error.kind == .notFinite {
      throw Failure(
        .notFinite,
        "\(error.finding); begin a new run with a smaller learning rate, or with clipped gradients")
    }
    guard outcome.isFinished else {
      if voice.isJSON { Output.json(outcome.result.json) }
      throw Failure(
        Interruption.signal == SIGTERM ? .terminated : .interrupted,
        "stopped, everything is saved; go on with: martlet train --run \(outcome.folder) --resume")
    }
    return outcome
  }
}

extension TrainingError {
  /// The message without its advice, which a program can follow and a run, which keeps its settings, cannot.
  fileprivate var finding: Substring { description.prefix { $0 != ";" } }
}
