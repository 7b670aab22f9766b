import Foundation

extension Callback {
  /// Writes event files that TensorBoard shows: a curve for each figure, training and validation in one.
  ///
  /// The files lie in `train` and `validation` below the folder, as Keras's, and need no TensorFlow. Tags
  /// are `epoch_loss`, `epoch_accuracy`, `epoch_learning_rate` and `epoch_` with each metric's name; steps
  /// are epochs from 1. A resumed training goes on in the same files; one that begins anew begins them anew.
  public static func tensorBoard(_ directory: String) -> Callback {
    Callback(name: TensorBoardLog.name) { TensorBoardLog(directory) }
  }
}

/// Writes the epochs' figures for TensorBoard.
final class TensorBoardLog: PreparedHandler {
  static let name = "tensor_board"
  private static let prefix = "validation_"
  private let training: GrowingFile
  private let validation: GrowingFile
  private var hasValidation = false
  /// The sizes of both files after the last epoch.
  private var sizes = [0, 0]
  /// The time of day when the training began; what follows is measured, because the clock can be set.
  private let startTime = Date().timeIntervalSince1970
  private let start = ContinuousClock.now

  init(_ directory: String) {
    // One name for all, so that a resumed training finds the files again.
    training = GrowingFile(path: "\(directory)/train/events.out.tfevents.0.martlet")
    validation = GrowingFile(path: "\(directory)/validation/events.out.tfevents.0.martlet")
  }

  var state: [String: Double] {
    get { ["training_bytes": Double(sizes[0]), "validation_bytes": Double(sizes[1])] }
    set { sizes = [Int(newValue["training_bytes"] ?? 0), Int(newValue["validation_bytes"] ?? 0)] }
  }

  /// The seconds since 1970 in UTC, which never go back within a training.
  private var time: Double { startTime + (ContinuousClock.now - start).seconds }

  private var files: [GrowingFile] { hasValidation ? [training, validation] : [training] }

  func prepare(_ context: CallbackContext) throws(TrainingError) { hasValidation = context.hasValidation }

  func trainingBegan(_ plan: TrainingPlan, _ control: TrainingControl) throws {
    let time = time
    for (index, file) in files.enumerated() {
      var bytes: [UInt8] = []
      let old = plan.firstEpoch > 1 ? file.contents ?? [] : []
      if !old.isEmpty, old.count >= sizes[index] {
        // Without a checkpoint's size a second `fit` goes on behind what stands there.
        bytes = sizes[index] > 0 ? Array(old.prefix(sizes[index])) : old
      } else {
        bytes = EventFile.version(time: time)
        for record in control.epochs { bytes += events(record, time: time)[index] }
      }
      try file.begin(bytes)
      sizes[index] = bytes.count
    }
  }

  func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws {
    let events = events(record, time: time)
    for (index, file) in files.enumerated() {
      file.append(events[index], control)
      sizes[index] += events[index].count
    }
  }

  /// The records of an epoch for the file of the training and for that of the validation.
  private func events(_ record: EpochRecord, time: Double) -> [[UInt8]] {
    var training = [
      ("loss", record.loss), ("accuracy", record.accuracy), ("learning_rate", record.learningRate),
    ]
    var validation: [(String, Double)] = []
    if let loss = record.validationLoss { validation.append(("loss", loss)) }
    if let accuracy = record.validationAccuracy { validation.append(("accuracy", accuracy)) }
    for (name, value) in record.metrics.sorted(by: { $0.key < $1.key }) {
      if name.hasPrefix(Self.prefix) {
        validation.append((String(name.dropFirst(Self.prefix.count)), value))
      } else {
        training.append((name, value))
      }
    }
    return [training, validation].map { figures in
      figures.flatMap { name, value in
        EventFile.scalar("epoch_\(name)", Float(value), step: record.epoch, time: time)
      }
    }
  }
}
