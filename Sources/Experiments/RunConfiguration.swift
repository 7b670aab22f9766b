import MartletDatasets
import MartletImages
import MartletNetworks
import MartletRuns
import MartletTensors
import MartletTraining

/// How a run was configured: what `configuration.json` holds.
package struct RunConfiguration: Sendable {
  package var system: TrainingSystem
  /// How the training images were prepared: others must be like them.
  package let preparation: DataPreparation
  /// The digest of the images; nil where the network was not trained on them, or by an earlier version.
  package let imagesDigest: String?

  package init(system: TrainingSystem, preparation: DataPreparation, imagesDigest: String? = nil) {
    self.system = system
    self.preparation = preparation
    self.imagesDigest = imagesDigest
  }

  /// The configuration of a training on these images.
  package init(system: TrainingSystem, data: SystemData) {
    self.init(system: system, preparation: data.preparation, imagesDigest: data.digest)
  }

  package init(system: TrainingSystem, card: DatasetCard) {
    self.init(
      system: system,
      preparation: DataPreparation(
        dataset: card.title, imageShape: card.imageShape, classNames: card.classNames))
  }

  /// The shape `[H, W, C]` of an image.
  package var imageShape: [Int] { preparation.imageShape }
  /// The name of each class.
  package var classNames: [String] { preparation.classNames }

  /// What becomes of pictures that the network is given: what became of the training's, whose published
  /// images were never resized.
  ///
  /// - Parameter place: What errors name.
  package func conversion(at place: String) throws -> ImageConversion {
    try preparation.resizing.map { try ImageConversion(parsing: $0) }
      ?? Self.conversion(to: imageShape, at: place)
  }

  /// What makes images `[H, W, C]` of pictures.
  package static func conversion(to shape: [Int], at place: String) throws -> ImageConversion {
    guard let channels = ImageCoder.Channels(count: shape[2]) else {
      throw SettingError(
        at: place, expected: "a network for images of 1 or 3 channels", received: "\(shape[2])",
        hint: "pictures cannot be given to it", isInFile: true)
    }
    return try ImageConversion(height: shape[0], width: shape[1], channels: channels)
  }

  /// Refuses images other than the training's: those held out of others may have been training images.
  package func requireImages(of data: SystemData, at place: String) throws {
    guard let imagesDigest, imagesDigest != data.digest else { return }
    throw SettingError(
      at: place, expected: "the images of the training", received: "others in \(data.title)",
      hint: "bring the old ones back, or measure the network on others with 'martlet evaluate' and --dataset",
      isInFile: true)
  }

  /// The network, which needs no data set to be made.
  package func network() throws -> any Network {
    try system.network(imageShape: imageShape, classes: classNames.count)
  }

  private static let format = 2

  package var json: JSON {
    let system = system.configuration.members ?? []
    let data: [JSON.Member] = [
      .init("image_shape", .array(imageShape.map(JSON.integer))),
      .init("class_names", .array(classNames.map(JSON.string))),
      .init("resizing", preparation.resizing.map(JSON.string) ?? .null),
      .init("images_sha256", imagesDigest.map(JSON.string) ?? .null),
    ]
    let place = (system.firstIndex { $0.key == "image_size" } ?? -1) + 1
    return .object(
      [.init("format", .integer(Self.format)), .init("martlet_version", .string(martletVersion))]
        + system[..<place] + data + system[place...])
  }

  /// Reads the configuration of a run.
  package init(_ json: JSON, run: String) throws {
    let reader = ConfigurationReader(json: json, place: "\(run)/configuration.json")
    guard json["format"]?.intValue == Self.format else { throw reader.mistake("format", "\(Self.format)") }
    system = try TrainingSystem(configuration: json, in: run, file: "configuration.json")
    let shape = json["image_shape"]?.arrayValue?.compactMap(\.intValue) ?? []
    guard shape.count == 3, shape.allSatisfy({ $0 > 0 && $0 <= 1 << 16 }) else {
      throw reader.mistake("image_shape", "[height, width, channels]")
    }
    let names = json["class_names"]?.arrayValue?.compactMap(\.stringValue) ?? []
    guard names.count > 1 else { throw reader.mistake("class_names", "the names of the classes") }
    let resizing = json["resizing"]?.stringValue
    if let resizing, (try? ImageConversion(parsing: resizing))?.shape != shape {
      throw reader.mistake("resizing", "null or a conversion to images \(shape)")
    }
    preparation = DataPreparation(
      dataset: system.dataset, imageShape: shape, classNames: names, resizing: resizing)
    imagesDigest = json["images_sha256"]?.stringValue
  }

  /// The configuration and what else is known of the run at a path.
  package static func load(run: String) throws -> (configuration: RunConfiguration, record: RunRecord) {
    guard RunFolder.exists(at: run) else {
      throw SettingError(
        at: run, expected: "the folder of a run", received: "no configuration.json in it",
        hint: "check the path; 'martlet train' tells it at its end", isInFile: true)
    }
    let record = try RunRecord.load(run)
    return (try RunConfiguration(record.configuration, run: run), record)
  }
}

extension TrainingSystem {
  /// All that a `configuration.json` says of the system; the data themselves say how they are prepared.
  package var configuration: JSON {
    [
      "system": id.map(JSON.string) ?? .null,
      "model": .string(model),
      "dataset": .string(dataset),
      "sampling": .string(settings.sampling.text),
      "image_size": settings.imageSize.map { .string($0.text) } ?? .null,
      "corrupt_images": .string(settings.corruptImages.rawValue),
      "loss": .string(settings.loss.rawValue),
      "penalty": .string(settings.penalties.text),
      "optimizer": .string(settings.optimizer.text),
      "learning_rate": .number(settings.learningRate),
      "schedule": .string(settings.schedule.text),
      "clipping": .string(settings.clipping.text),
      "epochs": .integer(settings.epochs),
      "batch_size": .integer(settings.batchSize),
      "validation": .string(settings.validation.text),
      "augmentation": .string(settings.augmentation?.description ?? "none"),
      "class_weights": .string(settings.balancesClasses ? "balanced" : "none"),
      "plateau": settings.plateau.map(JSON.integer) ?? .null,
      "patience": settings.patience.map(JSON.integer) ?? .null,
      "stop_loss": settings.stopLoss.map(JSON.number) ?? .null,
      "running_loss": settings.runningLoss.map(JSON.integer) ?? .null,
      "gradient_norm": .bool(settings.notesGradientNorm),
      "exact": settings.exact.json,
      "limit": settings.limit.map(JSON.integer) ?? .null,
      "seed": .integer(settings.seed),
    ]
  }

  /// Reads what `configuration` wrote into a file of a folder.
  package init(configuration json: JSON, in folder: String, file: String) throws {
    let reader = ConfigurationReader(json: json, place: "\(folder)/\(file)")
    do {
      if let id = json["system"]?.stringValue {
        self = try .named(id)
      } else if json["model"]?.stringValue == ImportedNetwork.model {
        self = try ImportedNetwork.system(run: folder, dataset: try reader.text("dataset"))
      } else {
        self = try .named(model: try reader.text("model"), dataset: try reader.text("dataset"))
      }
      settings = try reader.settings()
    } catch let error as SettingError {
      // What was wrong usage as an option is bad data in a file.
      throw error.isInFile ? error : SettingError("\(reader.place): \(error)", isInFile: true)
    }
  }
}

/// Reads the settings of a `configuration.json`, naming the key that is wrong.
private struct ConfigurationReader {
  let json: JSON
  let place: String

  func mistake(_ key: String, _ expected: String) -> SettingError {
    SettingError(
      at: place, expected: "\(expected) for \"\(key)\"", received: json[key]?.text ?? "nothing",
      hint: "the run was made by another program or has been edited", isInFile: true)
  }

  func text(_ key: String) throws -> String {
    guard let value = json[key]?.stringValue else { throw mistake(key, "a text") }
    return value
  }

  func count(_ key: String, in range: ClosedRange<Int> = 1...SettingLimit.count) throws -> Int {
    guard let value = json[key]?.intValue, range ~= value else {
      throw mistake(key, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A number above 0 that may be missing.
  func optional<Number>(_ key: String, _ read: (JSON) -> Number?) throws -> Number?
  where Number: Comparable & ExpressibleByIntegerLiteral {
    guard let value = json[key], value != .null else { return nil }
    guard let number = read(value), number > 0 else { throw mistake(key, "a number above 0, or null") }
    return number
  }

  func settings() throws -> TrainingSettings {
    guard let loss = TrainingSettings.LossKind(rawValue: try text("loss")) else {
      throw mistake("loss", "a known loss")
    }
    guard let rate = json["learning_rate"]?.doubleValue, rate > 0 else {
      throw mistake("learning_rate", "a rate")
    }
    let epochs = try count("epochs")
    var settings = TrainingSettings(epochs: epochs, batchSize: try count("batch_size"), loss: loss)
    settings.optimizer = try OptimizerSetting(parsing: try text("optimizer"))
    settings.learningRate = rate
    settings.schedule = try ScheduleSetting(parsing: try text("schedule"), epochs: epochs)
    settings.validation = try ValidationSetting(parsing: try text("validation"))
    settings.sampling = try SamplingSetting(parsing: try text("sampling"))
    settings.penalties = try PenaltySetting(parsing: try text("penalty"))
    settings.clipping = try ClippingSetting(parsing: try text("clipping"))
    let augmentation = try Augmentation(parsing: try text("augmentation"))
    settings.augmentation = augmentation.steps.isEmpty ? nil : augmentation
    settings.balancesClasses = try text("class_weights") == "balanced"
    guard let exact = ExactLayers(json["exact"] ?? false) else {
      throw mistake("exact", "true, false or layers joined by commas")
    }
    settings.exact = exact
    settings.plateau = try optional("plateau", \.intValue)
    settings.patience = try optional("patience", \.intValue)
    settings.stopLoss = try optional("stop_loss", \.doubleValue)
    settings.runningLoss = try optional("running_loss", \.intValue)
    settings.imageSize = try json["image_size"]?.stringValue.map { try FolderSize(parsing: $0) }
    settings.notesGradientNorm = json["gradient_norm"] == true
    // Runs of earlier versions left them out.
    if let word = json["corrupt_images"]?.stringValue {
      settings.corruptImages = try ImageFolder.CorruptImages(parsing: word)
    }
    settings.limit = try optional("limit", \.intValue)
    settings.seed = try count("seed", in: 0...Int.max)
    return settings
  }
}
