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
    let tensors: [ForeignTensor]
    switch container(bytes) {
    case .hdf5: return (try KerasFile.tensors(parsing: bytes, place: path), .keras)
    case .zip where path.hasSuffix(".keras"):
      return (try KerasFile.tensors(parsing: bytes, place: path), .keras)
    case .pickle:
      throw InterchangeError(
        at: path, expected: "a file of tensors", received: "a pickle of PyTorch, which is a program",
        hint: "write it with safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")")
    case .zip: tensors = try NumpyArchive.tensors(parsing: bytes, place: path)
    case nil where !path.hasSuffix(".safetensors"):
      throw InterchangeError(
        at: path, offset: 0, expected: "a safetensors, npz, .weights.h5 or .keras file",
        received: bytes.isEmpty ? "nothing" : "other first bytes", hint: "is it the right file?")
    case .safetensors, nil: tensors = try StateDictionary.tensors(parsing: bytes, place: path)
    }
    return (tensors, tensors.contains { $0.name.contains("/") } ? .martlet : .pytorch)
  }

  /// What a file is by its first bytes.
  enum Container: String {
    case hdf5 = "an HDF5 file"
    case zip = "a zip archive"
    case pickle = "a pickle"
    case safetensors = "a safetensors file"
  }

  /// Nil for files without first bytes of their own.
  static func container(_ bytes: [UInt8]) -> Container? {
    if bytes.starts(with: HDF5File.signature) { return .hdf5 }
    // The length of a header below 4 GB, then its first character; the length's own first bytes can be those
    // of any other file.
    if bytes.dropFirst(4).starts(with: [0, 0, 0, 0, UInt8(ascii: "{")]) { return .safetensors }
    // A pickle of its own, or first in an archive.
    if bytes.starts(with: [0x80, 2]) { return .pickle }
    if bytes.starts(with: [0x50, 0x4b]) {
      return String(decoding: bytes.prefix(256), as: UTF8.self).contains("/data.pkl") ? .pickle : .zip
    }
    return nil
  }

  /// The ends of names that say what a file is.
  var suffixes: [String] {
    switch self {
    case .pytorch, .safetensors: [".safetensors"]
    case .keras: [".weights.h5", ".keras"]
    case .npz: [".npz"]
    case .onnx: [".onnx"]
    }
  }

  /// Whether a name says that its file is something else.
  func contradicts(_ path: String) -> Bool {
    let others = Self.allCases.flatMap(\.suffixes) + [".h5", ".pt", ".pth", ".pkl"]
    return others.contains { path.hasSuffix($0) } && !suffixes.contains { path.hasSuffix($0) }
  }

  /// Whether a file is ONNX's: it has no first bytes of its own, only a name.
  static func isONNX(_ path: String) -> Bool { path.hasSuffix(".onnx") }
}
