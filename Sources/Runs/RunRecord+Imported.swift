import Foundation
import MartletTensors

extension RunRecord {
  /// The weights of a run that was never trained here; nil where there are none.
  package func importedWeights() throws(FileError) -> TensorFile? {
    let file = path + "/" + RunFile.weights
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    return try TensorFile(reading: file, requiringDigest: true)
  }
}
