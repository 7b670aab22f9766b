import MartletTensors

/// Named arrays as NumPy's `.npz` files hold them.
package enum NumpyArchive {
  private static let suffix = ".npy"

  /// Reads every array of an archive, in its order; a member that is no array is refused.
  package static func tensors(
    parsing bytes: [UInt8], place: String
  ) throws(InterchangeError) -> [ForeignTensor] {
    var tensors: [ForeignTensor] = []
    for (name, contents) in try ZipArchive(parsing: bytes, place: place).members {
      guard name.hasSuffix(suffix) else {
        throw InterchangeError(at: place, expected: "members named NAME\(suffix)", received: "\"\(name)\"")
      }
      let value = try NumpyFile.tensor(parsing: contents[...], place: "\(place): \(name)")
      tensors.append(ForeignTensor(String(name.dropLast(suffix.count)), value))
    }
    return tensors
  }

  /// The bytes of an archive; equal tensors give equal bytes.
  package static func encoding(_ tensors: [ForeignTensor]) -> [UInt8] {
    ZipArchive.encoding(tensors.map { ($0.name + suffix, NumpyFile.encoding($0.value)) })
  }
}
