import MartletDatasets
import MartletNetworks
import MartletRuns
import MartletTensors

/// How a run was configured: what `configuration.json` holds.
struct RunConfiguration {
  var system: TrainingSystem
  var imageShape: [Int]
  var classNames: [String]

  init(system: TrainingSystem, card: DatasetCard) {
    self.system = system
    imageShape = card.imageShape
    classNames = card.classNames
  }

  /// The network, which needs no data set to be made.
  func network() throws -> Sequential {
    try system.network(imageShape: imageShape, classes: classNames.count)
  }

  private static let format = 1

  var json: JSON {
    let settings = system.settings
    return [
      "format": .integer(Self.format),
      "martlet_version": .string(RootCommand.version),
      "system": system.id.map(JSON.string) ?? .null,
      "model": .string(system.model),
      "dataset": .string(system.dataset),
      "sampling": system.takesBootstrap ? "bootstrap:0.5:42" : "none",
      "image_shape": .array(imageShape.map(JSON.integer)),
      "class_names": .array(classNames.map(JSON.string)),
      "loss": .string(settings.loss.rawValue),
      "optimizer": .string(settings.optimizer.rawValue),
      "learning_rate": .number(settings.learningRate),
      "schedule": .string(settings.schedule.text),
      "epochs": .integer(settings.epochs),
      "batch_size": .integer(settings.batchSize),
      "validation": .string(settings.validation.text),
      "limit": settings.limit.map(JSON.integer) ?? .null,
      "seed": .integer(settings.seed),
    ]
  }

  /// Reads the configuration of a run.
  init(_ json: JSON, run: String) throws {
    func mistake(_ key: String, _ expected: String) -> Failure {
      Failure(
        .badData, at: "\(run)/configuration.json", expected: "\(expected) for \"\(key)\"",
        received: json[key]?.text ?? "nothing", hint: "the run was made by another program or has been edited"
      )
    }
    func text(_ key: String) throws -> String {
      guard let value = json[key]?.stringValue else { throw mistake(key, "a text") }
      return value
    }
    func count(_ key: String, atLeast least: Int = 1) throws -> Int {
      guard let value = json[key]?.intValue, value >= least else {
        throw mistake(key, "a number from \(least)")
      }
      return value
    }
    guard json["format"]?.intValue == Self.format else { throw mistake("format", "\(Self.format)") }
    guard let loss = TrainingSettings.LossKind(rawValue: try text("loss")) else {
      throw mistake("loss", "a known loss")
    }
    guard let rate = json["learning_rate"]?.doubleValue, rate > 0 else {
      throw mistake("learning_rate", "a rate")
    }
    let shape = json["image_shape"]?.arrayValue?.compactMap(\.intValue) ?? []
    guard shape.count == 3, shape.allSatisfy({ $0 > 0 && $0 <= 1 << 16 }) else {
      throw mistake("image_shape", "[height, width, channels]")
    }
    let names = json["class_names"]?.arrayValue?.compactMap(\.stringValue) ?? []
    guard names.count > 1 else { throw mistake("class_names", "the names of the classes") }
    do {
      if let id = json["system"]?.stringValue {
        system = try .named(id)
      } else {
        system = try .named(model: try text("model"), dataset: try text("dataset"))
      }
      let epochs = try count("epochs")
      system.settings = TrainingSettings(
        epochs: epochs, batchSize: try count("batch_size"), loss: loss,
        optimizer: try OptimizerSetting(parsing: try text("optimizer")), learningRate: rate,
        schedule: try ScheduleSetting(parsing: try text("schedule"), epochs: epochs),
        validation: try ValidationSetting(parsing: try text("validation")),
        seed: try count("seed", atLeast: 0),
        limit: json["limit"]?.intValue)
    } catch {
      // What was wrong usage as an option is bad data in a file.
      throw Failure(.badData, "\(run)/configuration.json: \(Failure(error).text)")
    }
    imageShape = shape
    classNames = names
  }

  /// The configuration and what else is known of the run at a path.
  static func load(run: String) throws -> (configuration: RunConfiguration, record: RunRecord) {
    guard RunFolder.exists(at: run) else {
      throw Failure(
        .badData, at: run, expected: "the folder of a run", received: "no configuration.json in it",
        hint: "check the path; 'martlet train' tells it at its end")
    }
    let record = try RunRecord.load(run)
    return (try RunConfiguration(record.configuration, run: run), record)
  }
}

extension TrainingSystem {
  /// The training and test images as the system uses them.
  func data(_ common: CommonOptions) throws -> TrainTest {
    let card = try DatasetCatalog.card(dataset)
    var (train, test) = try common.load(card)
    if takesBootstrap {
      train = try train.sampled(.bootstrap(fraction: 0.5, seed: 42))
      test = try test.sampled(.bootstrap(fraction: 0.5, seed: 42))
    }
    if let limit = settings.limit { train = train.prefix(limit) }
    return (train, test)
  }
}
