import ArgumentParser
import MartletCPU
import MartletDatasets
import MartletExperiments
import MartletGraphs
import MartletImages
import MartletInterchange
import MartletNetworks
import MartletTensors
import MartletTraining

/// `martlet import`: makes a run of a network that another program trained.
struct ImportCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a run of weights or of a network from PyTorch, Keras, NumPy or ONNX.",
    discussion: """
      Reads .safetensors, .npz, .weights.h5, .keras and .onnx files. The run can be evaluated, asked for \
      predictions and trained on with 'martlet train --run DIR --resume'. Weights go into a model or system \
      of Martlet; an ONNX file brings its own network unless one is named. Tensors are matched by names, or \
      in their order where names differ; all shapes must fit.

      The pixels of a run are bytes. An ONNX network for other numbers is given --scale (0.00392156862745098 \
      for 1/255), --mean and --deviation, and they become a part of it.

      EXAMPLES
        martlet import model.safetensors --model convnet --dataset mnist --run runs/imported
        martlet import model.keras --system attention-fashion --run runs/imported
        martlet import net.onnx --dataset mnist --scale 0.00392156862745098 --run runs/imported
      """)

  @Argument(help: "The file to read.")
  var file: String
  @Option(help: ArgumentHelp("A ready model: \(SummaryCommand.modelNames).", valueName: "name"))
  var model: String?
  @Option(help: ArgumentHelp("The id of a system, instead of a model and a data set.", valueName: "id"))
  var system: String?
  @Option(help: ArgumentHelp("The data set whose images and classes the network has.", valueName: "name"))
  var dataset: String?
  @Option(
    help: ArgumentHelp(
      "What the pictures of a folder are brought to, as 64 or 48x64; an ONNX network tells it.",
      valueName: "pixels"))
  var imageSize: String?
  @Option(help: ArgumentHelp("The new run folder.", valueName: "dir"))
  var run: String
  @Option(help: ArgumentHelp("The factor of each byte before an ONNX network.", valueName: "x"))
  var scale: Double = 1
  @Option(
    help: ArgumentHelp("Subtracted after scaling, one number or one for each channel.", valueName: "x,..."))
  var mean: String?
  @Option(
    help: ArgumentHelp("What is divided by last, one number or one for each channel.", valueName: "x,..."))
  var deviation: String?
  @OptionGroup var common: CommonOptions

  func perform() throws {
    let isNetwork = ForeignFormat.isONNX(file) && model == nil && system == nil
    let (configuration, onnx, values) = isNetwork ? try network() : try weights()
    let parameters = try Parameters(of: configuration.network())
    for (path, tensor) in values { try parameters.setTensor(path, tensor) }
    try ImportedNetwork.createRun(
      at: run, configuration, parameters, onnx: onnx,
      onProblem: Output.warn)
    let digest = parameters.sha256
    if common.json {
      Output.json([
        "event": "result", "run": .string(run), "file": .string(file), "tensors": .integer(values.count),
        "parameters": .integer(parameters.count), "weights_sha256": .string(digest),
      ])
    } else {
      Output.line("\(run): \(values.count) tensors, \(parameters.count) parameters")
    }
  }

  private typealias Imported = (RunConfiguration, ONNXModel?, WeightValues)

  /// Weights for a model of Martlet.
  private func weights() throws -> Imported {
    guard scale == 1, mean == nil, deviation == nil else {
      throw misuse("--scale, --mean, --deviation", "an ONNX network", "weights for a model of Martlet")
    }
    var system = try chosenSystem()
    system.settings.imageSize = try imageSize.map { try FolderSize(parsing: $0) }
    let configuration = try configuration(system)
    let outline = try NetworkOutline(try configuration.network())
    if ForeignFormat.isONNX(file) {
      let given = try ONNXNetwork(try onnxModel(), place: file).weights
      let tensors = given.sorted { naturalOrder($0.key, $1.key) }.map {
        ForeignTensor($0.key, .float32($0.value))
      }
      let values = try outline.weights(from: tensors, style: .martlet, place: file, onGuess: Output.warn)
      return (configuration, nil, values)
    }
    let (tensors, style) = try ForeignFormat.read(file)
    let values = try outline.weights(from: tensors, style: style, place: file, onGuess: Output.warn)
    return (configuration, nil, values)
  }

  /// The network of an ONNX file.
  private func network() throws -> Imported {
    guard let dataset else {
      throw misuse("--dataset", "the data set whose images and classes the network has", "none")
    }
    let onnx = try onnxModel().readingBytes(
      scale: scale, mean: try numbers(mean, "--mean"), deviation: try numbers(deviation, "--deviation"),
      place: file)
    let network = try ONNXNetwork(onnx, place: file)
    let shape = network.input.shape
    guard imageSize == nil else { throw misuse("--image-size", "none, as an ONNX network tells it", "one") }
    var system = try ImportedNetwork.system(network, place: file, dataset: dataset)
    var conversion: ImageConversion?
    if SystemData.isFolder(dataset), shape.count == 3 {
      conversion = try RunConfiguration.conversion(to: shape, at: file)
      system.settings.imageSize = FolderSize(height: shape[0], width: shape[1])
    }
    let configuration = try configuration(system, conversion)
    guard network.input.shape == configuration.imageShape else {
      throw Failure(
        .badData, at: file, expected: "images \(configuration.imageShape), as in \(dataset)",
        received: "\(network.input.shape)", hint: "choose the data set that the network was made for")
    }
    return (configuration, onnx, network.weights)
  }

  private func onnxModel() throws -> ONNXModel {
    let bytes = try InputFile.contents(of: file, limit: ONNXModel.maximumBytes)
    if let other = ForeignFormat.container(bytes) {
      throw InterchangeError(
        at: file, offset: 0, expected: "an ONNX file", received: other.rawValue,
        hint: "give it the ending of what it is")
    }
    return try ONNXModel(parsing: bytes, place: file)
  }

  private func chosenSystem() throws -> TrainingSystem {
    if let system {
      guard model == nil, dataset == nil else {
        throw misuse("import", "--system, or --model and --dataset", "both")
      }
      return try .named(system)
    }
    guard let model else { throw misuse("import", "--system ID, or --model NAME with --dataset", "neither") }
    guard let dataset else { throw misuse("--dataset", "the data set whose classes the network has", "none") }
    return try .named(model: model, dataset: dataset)
  }

  /// A folder of pictures is looked at for its classes; a published data set's are known.
  private func configuration(
    _ system: TrainingSystem, _ conversion: ImageConversion? = nil
  ) throws -> RunConfiguration {
    guard SystemData.isFolder(system.dataset) else {
      return RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
    }
    return RunConfiguration(system: system, preparation: try common.load(system, as: conversion).preparation)
  }

  private func numbers(_ text: String?, _ option: String) throws -> [Double] {
    guard let text else { return [] }
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { Double($0) }
    guard !numbers.isEmpty,
      numbers.count == text.split(separator: ",", omittingEmptySubsequences: false).count,
      numbers.allSatisfy({ $0.isFinite && (option != "--deviation" || $0 > 0) })
    else { throw misuse(option, "numbers joined by commas, deviations above 0", text) }
    return numbers
  }

  private func misuse(_ option: String, _ expected: String, _ received: String) -> Failure {
    Failure(.usage, at: option, expected: expected, received: received, hint: "see 'martlet import --help'")
  }
}
