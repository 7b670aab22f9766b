import MartletInterchange
import MartletTensors

/// Keras 3's files: `.weights.h5`, and `.keras`, a zip archive with the weights and the configuration.
package enum KerasFile {
  private static let weightsMember = "model.weights.h5"
  private static let configurationMember = "config.json"
  private static let metadataMember = "metadata.json"

  /// The weights of either kind of file; a configuration is data here and never run.
  package static func tensors(
    parsing bytes: [UInt8], place: String
  ) throws(InterchangeError) -> [ForeignTensor] {
    guard bytes.starts(with: [0x50, 0x4b]) else {
      return try HDF5File.tensors(parsing: bytes, place: place)
    }
    let archive = try ZipArchive(parsing: bytes, place: place)
    guard let weights = archive[weightsMember] else {
      let names = archive.members.map(\.name).joined(separator: ", ")
      throw InterchangeError(
        at: place, expected: "a member \"\(weightsMember)\"", received: names,
        hint: "only files of Keras 3 with unsharded weights are read")
    }
    return try HDF5File.tensors(parsing: weights, place: "\(place): \(weightsMember)")
  }

  /// The bytes of a `.weights.h5` file.
  package static func weights(_ tensors: [ForeignTensor]) -> [UInt8] { HDF5File.encoding(tensors) }

  /// The bytes of a `.keras` file.
  ///
  /// - Parameters:
  ///   - configuration: The model as Keras serializes it.
  ///   - version: The version of Keras that is named.
  package static func archive(
    configuration: JSON, _ tensors: [ForeignTensor], version: String = "3.0.0"
  ) -> [UInt8] {
    let metadata: JSON = ["keras_version": .string(version), "date_saved": "1980-01-01@00:00:00"]
    return ZipArchive.encoding([
      (metadataMember, Array(metadata.text.utf8)),
      (configurationMember, Array(configuration.text.utf8)),
      (weightsMember, HDF5File.encoding(tensors)),
    ])
  }
}
