import MartletDatasets
import MartletGraphs
import MartletNetworks

/// A network on a data set with all settings: what every verb takes by its id.
package struct TrainingSystem: Sendable {
  /// The id, or nil where model and data set were named one by one.
  package var id: String?
  /// One line on what it is.
  package var title = ""
  /// The model with its settings (`ModelSetting`), in messages and files.
  package var model: String
  package var dataset: String
  package var settings: TrainingSettings
  /// What was published for it, and what peers reach.
  package var reference = ReferenceFigures()
  /// Makes the network; nil for the ready model of the name.
  package var build: (@Sendable (InputSpec, Int) throws(ModelError) -> any Network)?

  /// The data set's name for people; of a folder of pictures its own.
  var datasetTitle: String {
    get throws {
      guard let path = SystemData.folder(dataset) else { return try DatasetCatalog.card(dataset).title }
      return path.split(separator: "/").last.map(String.init) ?? path
    }
  }

  /// The network for the images and classes of a data set.
  package func network(imageShape: [Int], classes: Int) throws -> any Network {
    let input = InputSpec.image(imageShape[0], imageShape[1], imageShape[2])
    if let build { return try build(input, classes) }
    return try ModelSetting(parsing: model).network(input, classes)
  }

  /// Whether the last layer puts out scores instead of probabilities.
  static func putsOutScores(_ model: String) -> Bool {
    model.hasPrefix("convnet") || model.hasPrefix("conv5x5")
  }

  /// A model and a data set by name, with the settings of a first try.
  package static func named(model: String, dataset: String) throws -> TrainingSystem {
    let model = try ModelSetting(parsing: model).text
    let id = SystemData.isFolder(dataset) ? dataset : try DatasetCatalog.card(dataset).id
    return TrainingSystem(
      model: model, dataset: id,
      settings: TrainingSettings(
        epochs: 5, batchSize: 64,
        loss: putsOutScores(model) ? .sparseFromScores : .sparseFromProbabilities))
  }

  /// The ids of all systems.
  package static let ids = all.compactMap(\.id)

  /// The system of an id.
  package static func named(_ id: String) throws -> TrainingSystem {
    if let system = all.first(where: { $0.id == id }) { return system }
    throw SettingError.unknown("system", id, among: ids, hint: "see 'martlet systems'")
  }

  /// The system of an id or of a model's name.
  package static func named(idOrModel name: String, dataset: String?) throws -> TrainingSystem {
    if ids.contains(name) {
      guard let dataset else { return try named(name) }
      throw SettingError(
        at: "--dataset", expected: "none beside the system \(name), which has its own",
        received: dataset,
        hint: "leave it out, or give a model's name instead of the system's id")
    }
    let models = ReadyModel.all.map(\.name)
    guard models.contains(String(name.prefix { $0 != ":" })) else {
      throw SettingError.unknown("system or model", name, among: ids + models)
    }
    return try named(model: name, dataset: dataset ?? defaultDataset)
  }

  /// What is trained where nothing is named.
  package static let defaultModel = "convnet"
  package static let defaultDataset = "fashion-mnist"
}
