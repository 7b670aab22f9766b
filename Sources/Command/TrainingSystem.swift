import MartletDatasets
import MartletGraphs
import MartletNetworks

/// A network on a data set with all settings: what `train`, `summary`, `inspect` and `benchmark` take.
struct TrainingSystem: Sendable {
  /// The id, or nil where model and data set were named one by one.
  var id: String?
  /// The model's name in messages and files.
  var model: String
  var dataset: String
  var settings: TrainingSettings
  /// Draws half of both parts with replacement, with seed 42.
  var takesBootstrap = false
  /// What differs from the published training.
  var notes: [String] = []
  /// Makes the network; nil for the ready model of the name.
  var build: (@Sendable (InputSpec, Int) throws(ModelError) -> Sequential)?

  /// The network for the images and classes of a data set.
  func network(imageShape: [Int], classes: Int) throws -> Sequential {
    let input = InputSpec.image(imageShape[0], imageShape[1], imageShape[2])
    if let build { return try build(input, classes) }
    return try ReadyModel.named(model).make(input: input, classes: classes)
  }

  /// Whether the last layer puts out scores instead of probabilities.
  static func putsOutScores(_ model: String) -> Bool {
    model.hasPrefix("convnet") || model.hasPrefix("conv5x5")
  }

  /// A model and a data set by name, with the settings of a first try.
  static func named(model: String, dataset: String) throws -> TrainingSystem {
    let names = ReadyModel.all.map(\.name)
    guard names.contains(model) else { throw Failure.unknown("model", model, among: names) }
    let card = try DatasetCatalog.card(dataset)
    return TrainingSystem(
      model: model, dataset: card.id,
      settings: TrainingSettings(
        epochs: 5, batchSize: 64,
        loss: putsOutScores(model) ? .sparseFromScores : .sparseFromProbabilities))
  }

  /// The system of an id.
  static func named(_ id: String) throws -> TrainingSystem {
    if let system = all.first(where: { $0.id == id }) { return system }
    throw Failure.unknown(
      "system", id, among: all.compactMap(\.id), hint: "or give --model and --dataset")
  }

  /// The system of an id or of a model's name.
  static func named(idOrModel name: String, dataset: String?) throws -> TrainingSystem {
    let ids = all.compactMap(\.id)
    if ids.contains(name) {
      guard let dataset else { return try named(name) }
      throw Failure(
        .usage, at: "--dataset", expected: "none beside the system \(name), which has its own",
        received: dataset,
        hint: "leave it out, or give a model's name instead of the system's id")
    }
    let models = ReadyModel.all.map(\.name)
    guard models.contains(name) else { throw Failure.unknown("system or model", name, among: ids + models) }
    return try named(model: name, dataset: dataset ?? defaultDataset)
  }

  /// What is trained where nothing is named.
  static let defaultModel = "convnet"
  static let defaultDataset = "fashion-mnist"
}

/// The settings of a training.
struct TrainingSettings: Sendable {
  /// The losses there are, by what the labels and the network's outputs are.
  enum LossKind: String, Sendable {
    case sparseFromScores = "sparse_categorical_crossentropy_from_logits"
    case sparseFromProbabilities = "sparse_categorical_crossentropy"
    case rowsFromScores = "categorical_crossentropy_from_logits"
    case rowsFromProbabilities = "categorical_crossentropy"

    var loss: Loss {
      switch self {
      case .sparseFromScores: .sparseCategoricalCrossEntropy(fromLogits: true)
      case .sparseFromProbabilities: .sparseCategoricalCrossEntropy()
      case .rowsFromScores: .categoricalCrossEntropy(fromLogits: true)
      case .rowsFromProbabilities: .categoricalCrossEntropy()
      }
    }
  }

  var epochs: Int
  var batchSize: Int
  var loss: LossKind
  var optimizer = OptimizerSetting.adam
  var learningRate = 0.001
  var schedule = ScheduleSetting.constant
  var validation = ValidationSetting.none
  var seed = 0
  var limit: Int?
}
