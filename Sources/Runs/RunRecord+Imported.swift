import Foundation
import MartletTensors

extension RunRecord {
  /// The weights that a run was made of, by another program's training; nil where there are none.
  package func importedWeights() throws(FileError) -> TensorFile? {
    try Self.finalWeights(of: path).flatMap { $0.isTrained ? nil : $0.file }
  }

  /// The run's file of weights, and whether a training here ended with them: those have their digest in their notes.
  static func finalWeights(of path: String) throws(FileError) -> (file: TensorFile, isTrained: Bool)? {
    let place = path + "/" + RunFile.weights
    guard FileManager.default.fileExists(atPath: place) else { return nil }
    let file = try TensorFile(reading: place, requiringDigest: true)
    return (file, file.metadata["weights_sha256"] != nil)
  }
}
