import Foundation
import MartletTensors

extension RunRecord {
  /// The weights that a run was made of, by another program's training; nil where there are none.
  package func importedWeights() throws(FileError) -> TensorFile? {
    let file = path + "/" + RunFile.weights
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    let weights = try TensorFile(reading: file, requiringDigest: true)
    // Those that a training here ended with have their digest in their notes.
    return weights.metadata["weights_sha256"] == nil ? weights : nil
  }
}
