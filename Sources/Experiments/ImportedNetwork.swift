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
    let network = try ONNXNetwork(try ONNXModel(parsing: bytes, place: path), place: path)
    return try system(network, place: path, dataset: dataset)
  }

  /// The settings for a network of a file; it is refused where the classes are more or fewer than its outputs.
  package static func system(
    _ network: ONNXNetwork, place: String, dataset: String
  ) throws -> TrainingSystem {
    let outputs = try NetworkOutline(network).outputs.elements.last
    let makesProbabilities = outputs?.isSoftmax == true
    let shape = Array(outputs?.shape.dropFirst() ?? [])
    let settings = TrainingSettings(
      epochs: 5, batchSize: 64, loss: makesProbabilities ? .sparseFromProbabilities : .sparseFromScores)
    return TrainingSystem(model: model, dataset: dataset, settings: settings) {
      (_, classes) throws(ModelError) -> any Network in
      guard shape == [classes] else {
        throw ModelError(
          path: place, expected: "\(classes) outputs, one for each class of the data", received: "\(shape)",
          hint: "Choose the data set that the network was made for; two classes need two outputs.")
      }
      return network
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
