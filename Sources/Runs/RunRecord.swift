import Foundation
import MartletTensors

/// What a run folder tells of its run, for reports; reading needs no ownership.
package struct RunRecord: Sendable {
  /// The path of the folder.
  package let path: String
  package let configuration: JSON
  /// Nil where the run was stopped before it was written.
  package let environment: RunEnvironment?
  /// The epochs in order; after a resume each once.
  package let epochs: [EpochEvent]
  /// Nil while the run is not finished.
  package let result: ResultEvent?

  /// A record put together by hand, as for a figure of a training that has no folder.
  package init(
    path: String, configuration: JSON, environment: RunEnvironment? = nil, epochs: [EpochEvent],
    result: ResultEvent? = nil
  ) {
    self.path = path
    self.configuration = configuration
    self.environment = environment
    self.epochs = epochs
    self.result = result
  }

  /// Reads the folder of a run, finished or not.
  package static func load(_ path: String) throws(FileError) -> RunRecord {
    let configuration = try json(at: path + "/" + RunFile.configuration)
    var environment: RunEnvironment?
    if FileManager.default.fileExists(atPath: path + "/" + RunFile.environment) {
      environment = RunEnvironment(try json(at: path + "/" + RunFile.environment))
    }
    var epochs: [EpochEvent] = []
    var result: ResultEvent?
    if FileManager.default.fileExists(atPath: path + "/" + RunFile.events) {
      for event in try EventLog.events(at: path + "/" + RunFile.events) {
        switch event {
        case .epoch(let epoch): epochs.append(epoch)
        case .result(let last): result = last
        }
      }
    }
    return RunRecord(
      path: path, configuration: configuration, environment: environment, epochs: epochs, result: result)
  }

  /// The weights the run ended with; of a run that has not ended its newest intact checkpoint, or those that
  /// it was made of.
  package func weights(onProblem: (String) -> Void) throws(FileError) -> TensorFile {
    let final = try Self.finalWeights(of: path)
    if let final, final.isTrained || result != nil { return final.file }
    if let checkpoint = try Checkpoint.latest(in: path, onProblem: onProblem) { return checkpoint.file }
    guard let final else {
      throw .badData(path, "the run has neither weights nor a checkpoint yet; train it for an epoch")
    }
    return final.file
  }

  /// Refuses to begin anew where that would cost a result or more than an epoch.
  func requireNothingToLose() throws(FileError) {
    // One epoch may stand in the log alone: a kill can fall between its line and its checkpoint.
    guard result != nil || epochs.count > 1 else { return }
    throw .badData(
      path + "/" + RunFile.checkpoints,
      "expected an intact checkpoint to go on from, received none; what the run has stays, remove it or begin "
        + "a new one in another folder")
  }

  /// Reads a JSON file of a run folder.
  static func json(at path: String) throws(FileError) -> JSON {
    let bytes = try InputFile.contents(of: path, limit: 1 << 24)
    do {
      return try JSON(parsing: bytes)
    } catch {
      throw .badData(path, "it is not proper JSON: \(error)")
    }
  }
}
