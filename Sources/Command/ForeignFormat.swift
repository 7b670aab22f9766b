import ArgumentParser
import MartletInterchange
import MartletKerasFiles
import MartletTensors

/// The files of other programs that networks and weights are moved through.
enum ForeignFormat: String, CaseIterable, ExpressibleByArgument {
  case pytorch, keras, npz, onnx, safetensors

  /// Reads a file's tensors and says whose names and layouts they have; ONNX files hold a network besides.
  static func read(_ path: String) throws -> (tensors: [ForeignTensor], style: WeightStyle) {
    let bytes = try InputFile.contents(of: path, limit: StateDictionary.maximumBytes)
    let isKeras =
      bytes.starts(with: HDF5File.signature) || bytes.starts(with: [0x50, 0x4b]) && path.hasSuffix(".keras")
    if isKeras { return (try KerasFile.tensors(parsing: bytes, place: path), .keras) }
    let tensors =
      bytes.starts(with: [0x50, 0x4b])
      ? try NumpyArchive.tensors(parsing: bytes, place: path)
      : try StateDictionary.tensors(parsing: bytes, place: path)
    return (tensors, tensors.contains { $0.name.contains("/") } ? .martlet : .pytorch)
  }

  /// Whether a file is ONNX's: it has no first bytes of its own, only a name.
  static func isONNX(_ path: String) -> Bool { path.hasSuffix(".onnx") }
}
