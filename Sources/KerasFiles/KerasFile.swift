import MartletInterchange
import MartletTensors

/// Keras 3's files: `.weights.h5`, and `.keras`, a zip archive with the weights and the configuration.
package enum KerasFile {
  private static let weightsMember = "model.weights.h5"
  private static let configurationMember = "config.json"

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
  ///
  /// - Throws: The name that HDF5 does not take, as a file in `--like` may have it.
  package static func weights(_ tensors: [ForeignTensor]) throws(InterchangeError) -> [UInt8] {
    try HDF5File.encoding(tensors, place: weightsMember)
  }

  /// The bytes of a `.keras` file with a network of built-in layers.
  package static func archive(_ graph: KerasGraph) throws(InterchangeError) -> [UInt8] {
    let metadata: JSON = ["keras_version": "3.0.0", "date_saved": "1980-01-01@00:00:00"]
    return ZipArchive.encoding([
      ("metadata.json", Array(metadata.text.utf8)),
      (configurationMember, Array(graph.configuration.text.utf8)),
      (weightsMember, try weights(graph.tensors)),
    ])
  }

  /// The bytes of a `.keras` file with the configuration of another one and these weights.
  package static func archive(
    like original: [UInt8], _ tensors: [ForeignTensor], place: String
  ) throws(InterchangeError) -> [UInt8] {
    let archive = try ZipArchive(parsing: original, place: place)
    guard archive[weightsMember] != nil, archive[configurationMember] != nil else {
      let names = archive.members.map(\.name).joined(separator: ", ")
      throw InterchangeError(at: place, expected: "a .keras file of Keras 3", received: names)
    }
    let weights = try HDF5File.encoding(tensors, place: place)
    return ZipArchive.encoding(
      archive.members.map { ($0.name, $0.name == weightsMember ? weights : $0.bytes) })
  }
}
