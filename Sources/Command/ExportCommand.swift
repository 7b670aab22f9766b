import ArgumentParser
import MartletExperiments
import MartletInterchange
import MartletKerasFiles
import MartletNetworks
import MartletRuns
import MartletTensors
import MartletTraining

/// `martlet export`: writes a run's network for another program.
struct ExportCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the network of a run for PyTorch, Keras, NumPy or ONNX.",
    discussion: """
      pytorch      a state dictionary as safetensors: kernels [out, in, rows, columns], dense weights [out, in]
      keras        FILE.weights.h5, or FILE.keras with the network as a functional model of built-in layers
      npz          arrays by Martlet's paths and in its layouts
      onnx         the whole network with its preprocessing, images [N, C, H, W] of bytes
      safetensors  tensors by Martlet's paths and in its layouts

      With --like, names are those of a file that the other program wrote for the same network. Without it \
      PyTorch's names are the layers' paths with dots, or with --sequential their numbers in a \
      torch.nn.Sequential whose activations are modules of their own.

      EXAMPLES
        martlet export runs/first --format onnx --output first.onnx
        martlet export runs/first --format pytorch --output first.safetensors --sequential
        martlet export runs/first --format keras --output first.weights.h5
      """)

  @Argument(help: "The run folder.")
  var run: String
  @Option(help: ArgumentHelp("pytorch, keras, npz, onnx or safetensors.", valueName: "name"))
  var format: ForeignFormat
  @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String
  @Option(
    help: ArgumentHelp("A file of the other program whose names are taken over.", valueName: "file"))
  var like: String?
  @Flag(help: "Name layers by their numbers in a torch.nn.Sequential.")
  var sequential = false
  @OptionGroup var common: CommonOptions

  func perform() throws {
    let (configuration, record) = try RunConfiguration.load(run: run)
    let network = try configuration.network()
    let parameters = try Parameters(of: network)
    try parameters.load(try record.weights(onProblem: Output.warn), from: run)
    let outline = try NetworkOutline(network)
    let values = parameters.weightValues
    let count = try write(outline, values)
    if common.json {
      Output.json([
        "event": "result", "run": .string(run), "file": .string(output), "format": .string(format.rawValue),
        "tensors": .integer(count),
      ])
    } else {
      Output.line("\(output): \(count) tensors for \(format.rawValue)")
    }
  }

  /// Writes the file; the number of its tensors.
  private func write(_ outline: NetworkOutline, _ values: WeightValues) throws -> Int {
    guard !format.contradicts(output) else {
      throw misuse(
        "--output", "a name for \(format.rawValue) that ends in \(format.suffixes.joined(separator: " or "))",
        output)
    }
    switch format {
    case .onnx:
      guard like == nil else { throw misuse("--like", "weights alone", "ONNX, which names its own") }
      let model = try outline.onnx(values)
      try AtomicFile.write(model.encoded, to: output)
      return model.graph.initializers.count
    case .pytorch:
      let tensors =
        try template(outline, values, .pytorch) ?? outline.stateDictionary(values, sequential: sequential)
      try StateDictionary.write(tensors, to: output)
      return tensors.count
    case .keras: return try writeKeras(outline, values)
    case .npz, .safetensors:
      let tensors = try template(outline, values, .martlet) ?? outline.ownTensors(values)
      if format == .npz {
        try AtomicFile.write(NumpyArchive.encoding(tensors), to: output)
      } else {
        try TensorFile(tensors: tensors.map { ($0.name, $0.value) }).write(to: output)
      }
      return tensors.count
    }
  }

  private func writeKeras(_ outline: NetworkOutline, _ values: WeightValues) throws -> Int {
    guard output.hasSuffix(".keras") || output.hasSuffix(".weights.h5") else {
      throw misuse("--output", "a name that ends in .weights.h5 or .keras, as Keras asks", output)
    }
    let named = try template(outline, values, .keras)
    guard output.hasSuffix(".keras") else {
      let tensors = named ?? outline.kerasVariables(values)
      try AtomicFile.write(KerasFile.weights(tensors), to: output)
      return tensors.count
    }
    guard let like, let named else {
      let graph = try KerasGraph(outline, values)
      try AtomicFile.write(KerasFile.archive(graph), to: output)
      return graph.tensors.count
    }
    guard like.hasSuffix(".keras") else {
      throw misuse("--like", "a .keras file, whose configuration is taken over", like)
    }
    let original = try InputFile.contents(of: like, limit: StateDictionary.maximumBytes)
    try AtomicFile.write(try KerasFile.archive(like: original, named, place: like), to: output)
    return named.count
  }

  /// The tensors under the names of the file in --like.
  private func template(
    _ outline: NetworkOutline, _ values: WeightValues, _ style: WeightStyle
  ) throws -> [ForeignTensor]? {
    guard let like else { return nil }
    let (tensors, found) = try ForeignFormat.read(like)
    return try outline.tensors(
      values, like: tensors, style: style == .martlet ? found : style, place: like, onGuess: Output.warn)
  }

  private func misuse(_ option: String, _ expected: String, _ received: String) -> Failure {
    Failure(.usage, at: option, expected: expected, received: received, hint: "see 'martlet export --help'")
  }
}
