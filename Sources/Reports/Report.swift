import MartletDatasets
import MartletRuns
import MartletTensors
import MartletTraining

/// A page that explains a training: its result, curves, mistakes, what the network sees, where the time goes.
///
/// ```swift
/// let history = try trainer.fit(train, epochs: 5, validation: .last(0.2))
/// try Report(trainer, history, train: train, test: test).write(to: "report.html")
/// ```
///
/// The page is one file of HTML that needs no network.
public struct Report: Sendable {
  private let report: RunReport

  /// Classifies all images, looks into the network and times a training step on weights of its own.
  ///
  /// A loop of one's own gives its trained tensors to a trainer, `Trainer(model, loss: loss, parameters:
  /// step.parameters)`, and makes the history of its epochs, `History(epochs: records)`.
  ///
  /// - Parameters:
  ///   - trainer: What was trained; it stays as it is.
  ///   - history: What `fit` returned.
  ///   - train: The images it was trained on, which are classified for comparison.
  ///   - test: The images whose classification the page shows.
  ///   - name: What the network is called in the title; nil takes its own name.
  ///   - batchSize: The images of the step that is timed; nil takes that of `fit`, else 32.
  /// - Throws: `TrainingError` where the images do not fit the network, `DatasetError` where they are prepared otherwise
  ///   than those it was trained on.
  public init(
    _ trainer: Trainer, _ history: History, train: ImageDataset, test: ImageDataset, name: String? = nil,
    batchSize: Int? = nil
  ) throws {
    let batchSize = batchSize ?? history.batchSize ?? 32
    let evaluation = try trainer.evaluate(test)
    var result = ResultEvent()
    result.note(history)
    result.note(test: evaluation, train: try trainer.evaluate(train))
    result.weightsSHA256 = trainer.parameters.sha256
    result.datasetBytes = train.storedBytes + test.storedBytes
    if !history.isOfLoop {
      result.arenaBytes = trainer.arenaBytes
      result.threads = trainer.threads
    }
    let material = try RunMaterial(trainer, train: train, test: test, batchSize: batchSize).gathered(
      evaluation)
    let model = name ?? material.details?.network.withLargeFirstLetter ?? "Network"
    report = RunReport(
      record: RunRecord(
        path: "", configuration: trainer.configuration(history, of: train, name: model),
        environment: .current(started: history.began),
        epochs: history.epochs.map { EpochEvent($0) }, result: result),
      material: material)
  }

  /// The page as text.
  public var html: String { report.page.html }

  /// Writes the page, whole or not at all.
  public func write(to path: String) throws(FileError) { try report.write(to: path) }
}
