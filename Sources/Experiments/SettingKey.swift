import MartletDatasets
import MartletNetworks
import MartletTraining

/// One setting of a training by the name that options and experiment files use.
///
/// The order is that in which several are applied: a schedule may span the epochs, a rate follows the
/// optimizer.
package enum SettingKey: Hashable, Sendable {
  case model, dataset, imageSize, corruptImages, sample, limit, validation, epochs, batchSize
  case optimizer, learningRate
  case schedule, penalty, clip, augment, balanceClasses, exact, earlyStopping, plateau, stopLoss
  case gradientNorm
  /// A setting of the model's own, such as `model.dropout`.
  case modelSetting(String)

  /// All but the models' own settings, in the order in which they are applied.
  package static let plain: [SettingKey] = [
    .model, .dataset, .imageSize, .corruptImages, .sample, .limit, .validation, .epochs, .batchSize,
    .optimizer, .learningRate, .schedule, .penalty, .clip, .augment, .balanceClasses, .exact, .earlyStopping,
    .plateau, .stopLoss, .gradientNorm,
  ]

  private static let modelPrefix = "model."

  /// The name, such as `batch-size`.
  package var name: String {
    switch self {
    case .model: "model"
    case .dataset: "dataset"
    case .imageSize: "image-size"
    case .corruptImages: "corrupt-images"
    case .gradientNorm: "gradient-norm"
    case .sample: "sample"
    case .limit: "limit"
    case .validation: "validation"
    case .epochs: "epochs"
    case .batchSize: "batch-size"
    case .optimizer: "optimizer"
    case .learningRate: "learning-rate"
    case .schedule: "schedule"
    case .penalty: "penalty"
    case .clip: "clip"
    case .augment: "augment"
    case .balanceClasses: "balance-classes"
    case .exact: "exact"
    case .earlyStopping: "early-stopping"
    case .plateau: "plateau"
    case .stopLoss: "stop-loss"
    case .modelSetting(let key): Self.modelPrefix + key
    }
  }

  /// The key of a name; nil where it is none.
  package init?(name: String) {
    if let key = Self.plain.first(where: { $0.name == name }) {
      self = key
    } else if name.hasPrefix(Self.modelPrefix), name.count > Self.modelPrefix.count {
      self = .modelSetting(String(name.dropFirst(Self.modelPrefix.count)))
    } else {
      return nil
    }
  }

  /// Where it stands among others that are applied together.
  package var order: Int {
    if case .modelSetting = self { return 1 }
    return Self.plain.firstIndex(of: self).map { $0 == 0 ? 0 : $0 + 1 } ?? Self.plain.count
  }

  /// Whether it takes whole numbers, so that a range is rounded.
  package var isWhole: Bool {
    switch self {
    case .limit, .epochs, .batchSize, .earlyStopping, .plateau, .imageSize: true
    case .modelSetting(let key): ["filters", "kernel", "dense"].contains(key)
    default: false
    }
  }
}

extension SettingKey {
  /// Changes the setting of a system to what a text says.
  ///
  /// - Throws: A mistake that names the option.
  package func apply(_ text: String, to system: inout TrainingSystem) throws {
    switch self {
    case .model: try system.use(ModelSetting(parsing: text))
    case .modelSetting(let key):
      var model = try ModelSetting(parsing: system.model)
      try model.set(key, text)
      try system.use(model)
    case .dataset:
      system.dataset = SystemData.isFolder(text) ? text : try DatasetCatalog.card(text).id
      system.id = nil
    case .imageSize: system.settings.imageSize = try FolderSize(parsing: text)
    case .corruptImages: system.settings.corruptImages = try .init(parsing: text)
    case .gradientNorm: system.settings.notesGradientNorm = try answer(text)
    case .sample: system.settings.sampling = try SamplingSetting(parsing: text)
    case .limit: system.limit(to: try count(text))
    case .validation: system.settings.validation = try ValidationSetting(parsing: text)
    case .epochs: system.settings.epochs = try count(text)
    case .batchSize: system.settings.batchSize = try count(text)
    case .optimizer:
      let optimizer = try OptimizerSetting(parsing: text)
      if optimizer != system.settings.optimizer { system.settings.learningRate = optimizer.standardRate }
      system.settings.optimizer = optimizer
    case .learningRate:
      system.settings.learningRate = try positive(text, hint: "0.001 is a good first choice for adam")
    case .schedule:
      system.settings.schedule = try ScheduleSetting(parsing: text, epochs: system.settings.epochs)
    case .penalty: system.settings.penalties = try PenaltySetting(parsing: text)
    case .clip: system.settings.clipping = try ClippingSetting(parsing: text)
    case .augment:
      let augmentation = try Augmentation(parsing: text)
      system.settings.augmentation = augmentation.steps.isEmpty ? nil : augmentation
    case .balanceClasses: system.settings.balancesClasses = try answer(text)
    case .exact: system.settings.exact = try ExactLayers(setting: text)
    case .earlyStopping: system.settings.patience = text == "none" ? nil : try count(text)
    case .plateau: system.settings.plateau = text == "none" ? nil : try count(text)
    case .stopLoss:
      system.settings.stopLoss =
        text == "none" ? nil : try positive(text, hint: "leave it out to train all epochs")
    }
  }

  private func count(_ text: String) throws -> Int { try SettingLimit.count(text, at: "--\(name)") }

  private func positive(_ text: String, hint: String) throws -> Double {
    if let number = Double(text), number > 0, number.isFinite { return number }
    throw SettingError(at: "--\(name)", expected: "a number above 0", received: text, hint: hint)
  }

  private func answer(_ text: String) throws -> Bool {
    switch text {
    case "yes", "true": return true
    case "no", "false": return false
    default:
      throw SettingError(at: "--\(name)", expected: "yes or no", received: text, hint: "write yes or no")
    }
  }
}

extension ExactLayers {
  /// Reads the text of an option or of an experiment's file.
  package init(setting text: String) throws {
    guard let layers = ExactLayers(parsing: text) else {
      throw SettingError(
        at: "--exact-layers", expected: "the paths of convolutions joined by commas", received: text,
        hint: "for instance conv2d_1,conv2d_3; 'martlet inspect' shows them")
    }
    self = layers
  }
}

extension TrainingSystem {
  /// Takes another model, with the loss that fits what it puts out.
  fileprivate mutating func use(_ setting: ModelSetting) throws {
    model = setting.text
    id = nil
    build = nil
    settings.loss = settings.loss.matching(scores: Self.putsOutScores(setting.name))
  }

  /// Uses only the first images; of a number held out as many less, so that it remains the same part.
  fileprivate mutating func limit(to count: Int) {
    let all = settings.limit ?? (try? DatasetCatalog.card(dataset))?.trainCount
    if let all, count < all { settings.validation = settings.validation.scaled(count, of: all) }
    settings.limit = count
  }

  /// Refuses early stopping and plateaus where nothing is held out for them.
  package func requireValidation() throws {
    guard settings.patience ?? settings.plateau != nil, settings.validation == .none else { return }
    throw SettingError(
      at: settings.patience != nil ? "--early-stopping" : "--plateau",
      expected: "a part held out with --validation", received: "none",
      hint: "for instance --validation last:0.1")
  }
}

extension TrainingSettings.LossKind {
  /// The same loss for a network that puts out scores, or probabilities.
  fileprivate func matching(scores: Bool) -> Self {
    switch self {
    case .sparseFromScores, .sparseFromProbabilities: scores ? .sparseFromScores : .sparseFromProbabilities
    case .rowsFromScores, .rowsFromProbabilities: scores ? .rowsFromScores : .rowsFromProbabilities
    }
  }
}
