import Foundation
import MartletGraphs
import MartletInterchange
import MartletNetworks
import MartletRuns
import MartletTensors
import MartletTraining

/// A run whose network comes from an ONNX file that lies in its folder.
package enum ImportedNetwork {
  /// The model's name in the run's configuration.
  package static let model = "onnx"
  private static let fileName = "network.onnx"

  /// The network and settings of such a run.
  package static func system(run: String, dataset: String) throws -> TrainingSystem {
    let path = "\(run)/\(fileName)"
    let bytes = try InputFile.contents(of: path, limit: ONNXModel.maximumBytes)
    return try system(
      try ONNXNetwork(try ONNXModel(parsing: bytes, place: path), place: path), dataset: dataset)
  }

  /// The settings for a network of a file.
  package static func system(_ network: ONNXNetwork, dataset: String) throws -> TrainingSystem {
    let outline = try NetworkOutline(network)
    let makesProbabilities = outline.outputs.elements.last?.isSoftmax == true
    let settings = TrainingSettings(
      epochs: 5, batchSize: 64, loss: makesProbabilities ? .sparseFromProbabilities : .sparseFromScores)
    return TrainingSystem(model: model, dataset: dataset, settings: settings) {
      (_, _) throws(ModelError) -> any Network in network
    }
  }

  /// Begins a run with weights that were made elsewhere; where they cannot be written, nothing is left of it.
  ///
  /// - Parameter onnx: The file that the network comes from; nil where the model is Martlet's own.
  package static func createRun(
    at path: String, _ configuration: RunConfiguration, _ parameters: Parameters, onnx: ONNXModel?,
    onProblem: @escaping (String) -> Void
  ) throws {
    var isOurs = false
    do {
      _ = try RunFolder.create(
        at: path, configuration: configuration.json, environment: .current(),
        contents: { (path) throws(FileError) in
          // The folder was new or empty: all in it is of this import.
          isOurs = true
          if let onnx { try AtomicFile.write(onnx.encoded, to: "\(path)/\(fileName)") }
          try parameters.tensorFile(metadata: [:]).write(to: "\(path)/\(RunFile.weights)")
        },
        onProblem: onProblem)
    } catch {
      if isOurs { try? FileManager.default.removeItem(atPath: path) }
      throw error
    }
  }
}
