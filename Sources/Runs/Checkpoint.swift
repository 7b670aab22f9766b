import Foundation
import MartletTensors

/// The state of a training at the end of an epoch, or where it was stopped within the next one.
package struct Checkpoint: Sendable {
  /// The whole epochs done; 0 where it was stopped within the first one.
  package let epoch: Int
  package let file: TensorFile

  package init(epoch: Int, file: TensorFile) {
    self.epoch = epoch
    self.file = file
  }

  /// The beginning of the names under which a checkpoint holds weights that did better than its own.
  package static let bestPrefix = "martlet.best/"

  static func name(epoch: Int) -> String {
    let digits = String(epoch)
    return "epoch-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).safetensors"
  }

  /// The epochs that a run has checkpoints of, in rising order.
  static func epochs(in run: String) throws(FileError) -> [Int] {
    let folder = run + "/" + RunFile.checkpoints
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    return try RunFolder.names(in: folder).compactMap { name in
      let digits = name.split(separator: "-").last?.prefix { $0 != "." }
      return digits.flatMap { Int($0) }.flatMap { Checkpoint.name(epoch: $0) == name ? $0 : nil }
    }.sorted()
  }

  /// The newest checkpoint whose digest is right; damaged newer ones are told to `onProblem`.
  static func latest(in run: String, onProblem: (String) -> Void) throws(FileError) -> Checkpoint? {
    for epoch in try epochs(in: run).reversed() {
      let path = "\(run)/\(RunFile.checkpoints)/\(name(epoch: epoch))"
      do {
        return Checkpoint(epoch: epoch, file: try TensorFile(reading: path, requiringDigest: true))
      } catch {
        guard error.kind == .badData else { throw error }
        onProblem("\(error); falling back to the checkpoint before it")
      }
    }
    return nil
  }
}

extension RunFolder {
  /// Saves the state after so many whole epochs, then removes all but the newest `keep` checkpoints.
  ///
  /// At least two are kept, so that there is one to fall back to.
  package func saveCheckpoint(_ file: TensorFile, epoch: Int, keep: Int = 2) throws(FileError) {
    precondition(epoch >= 0 && keep >= 2, "checkpoint of epoch \(epoch), keeping \(keep)")
    // Measured of other weights; a training that is taken up with nothing left to do keeps it.
    unlink("\(path)/\(RunFile.robustness)")
    // Events first: a checkpoint must never know of an epoch that the log has lost.
    syncEvents()
    try file.write(to: "\(path)/\(RunFile.checkpoints)/\(Checkpoint.name(epoch: epoch))")
    let kept = try Checkpoint.epochs(in: path).suffix(keep)
    removeCheckpoints { !kept.contains($0) }
  }

  /// Where the weights that did best are saved; they outlive the rotation of checkpoints.
  package var bestPath: String { path + "/" + RunFile.best }

  /// The folder of the checkpoints.
  package var checkpointsPath: String { path + "/" + RunFile.checkpoints }

  /// Saves the weights that did best so far; they outlive the rotation of checkpoints.
  package func saveBest(_ file: TensorFile) throws(FileError) {
    try file.write(to: bestPath)
  }

  /// The weights that did best, nil where none were saved.
  package func best() throws(FileError) -> TensorFile? {
    let file = path + "/" + RunFile.best
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    return try TensorFile(reading: file, requiringDigest: true)
  }

  /// Saves the weights the training ended with.
  package func saveWeights(_ file: TensorFile) throws(FileError) {
    syncEvents()
    try file.write(to: path + "/" + RunFile.weights)
  }

  func removeCheckpoints(where isUnwanted: (Int) -> Bool) {
    for epoch in (try? Checkpoint.epochs(in: path)) ?? [] where isUnwanted(epoch) {
      let file = "\(path)/\(RunFile.checkpoints)/\(Checkpoint.name(epoch: epoch))"
      if unlink(file) != 0 {
        onProblem("cannot remove \(file): \(String(cString: strerror(errno))); it only takes space")
      }
    }
  }
}
