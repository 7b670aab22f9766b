import MartletTensors

/// Safetensors bytes in memory, for tensors of other programs.
package enum StateDictionary {
  /// The largest file read.
  package static let maximumBytes = 1 << 32

  /// Reads every tensor of a file in memory.
  package static func tensors(
    parsing bytes: [UInt8], place: String
  ) throws(FileError) -> [ForeignTensor] {
    try TensorFile(parsing: bytes, place: place).tensors.map { ForeignTensor($0.name, $0.value) }
  }

  /// Writes the tensors whole or not at all.
  package static func write(_ tensors: [ForeignTensor], to path: String) throws(FileError) {
    // "format": "pt" is what PyTorch's own tools write and ask for.
    try TensorFile(tensors: tensors.map { ($0.name, $0.value) }, metadata: ["format": "pt"]).write(to: path)
  }
}
