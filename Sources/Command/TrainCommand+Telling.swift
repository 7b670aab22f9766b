import Foundation
import MartletDatasets
import MartletReports
import MartletRuns
import MartletTraining

extension TrainCommand {
  /// Prints the shapes and the settings.
  func describe(
    _ configuration: RunConfiguration, _ card: DatasetCard, _ train: ImageDataset, _ test: ImageDataset,
    _ trainer: Trainer
  ) {
    let system = configuration.system
    for note in system.notes { Output.warn(note) }
    guard !common.json, !quiet else { return }
    let shape = card.imageShape.map(String.init).joined(separator: ", ")
    let settings = system.settings
    Output.line(
      """
      \(card.title): training images [\(train.count), \(shape)], test images [\(test.count), \(shape)], \
      \(card.classNames.count) classes
      \(trainer.network.name ?? system.model): \(Table.grouped(trainer.parameters.count)) parameters
      \(settings.optimizer.rawValue), rate \(settings.learningRate), schedule \(settings.schedule.text), \
      batch \(settings.batchSize), validation \(settings.validation.text), seed \(settings.seed), \
      \(trainer.threads) threads
      """)
  }

  /// Turns the events of the training into lines or a bar.
  func progress() -> (TrainingEvent) -> Void {
    let bar = TerminalProgress(isTerminal: Output.isTerminal, width: Output.width) { Output.write($0) }
    let (isJSON, isQuiet) = (common.json, quiet)
    return { event in
      switch event {
      case .warning(let text): Output.warn(text)
      case .epoch(let record) where isJSON: Output.json(EpochEvent(record).json)
      case .began, .step, .epoch, .ended: if !isJSON, !isQuiet { bar.report(event) }
      }
    }
  }
}
