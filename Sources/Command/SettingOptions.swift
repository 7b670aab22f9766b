import ArgumentParser
import MartletDatasets
import MartletExperiments

/// The options that change a training's settings.
struct SettingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many times all images are seen.", valueName: "n"))
  var epochs: Int?
  @Option(help: ArgumentHelp("The images of a step.", valueName: "n"))
  var batchSize: Int?
  @Option(
    help: ArgumentHelp("The rate before any schedule; the optimizer's own if not given.", valueName: "x"))
  var learningRate: Double?
  @Option(help: ArgumentHelp(OptimizerSetting.help, valueName: "text"))
  var optimizer: String?
  @Option(
    help: ArgumentHelp(ScheduleSetting.help, valueName: "text"))
  var schedule: String?
  @Option(
    help: ArgumentHelp(
      "Held out of the training images: \(ValidationSetting.help), with a count or a fraction.",
      valueName: "text"))
  var validation: String?
  @Option(
    help: ArgumentHelp(
      "Images drawn from both parts: none, bootstrap:FRACTION[:SEED] or stratified:FRACTION[:SEED].",
      valueName: "text"))
  var sample: String?
  @Option(
    help: ArgumentHelp(
      "Added to the loss for all trained tensors: none, or l1:X, l2:X, l2-norm:X joined by commas.",
      valueName: "text"))
  var penalty: String?
  @Option(
    help: ArgumentHelp(
      "Random changes to the training images: none, or steps such as flip,crop:4,rotate:10,erase:0.25.",
      valueName: "text"))
  var augment: String?
  @Flag(help: "Let all classes count alike in the loss, however many images each has.")
  var balanceClasses = false
  @Flag(help: "Keep to direct sums where a faster algorithm rounds otherwise.")
  var exact = false
  @Option(help: ArgumentHelp("Gradients are cut to none, norm:LIMIT or value:LIMIT.", valueName: "text"))
  var clip: String?
  @Option(
    help: ArgumentHelp(
      "Stop after so many epochs without a better validation loss and keep the best weights.",
      valueName: "epochs"))
  var earlyStopping: Int?
  @Option(
    help: ArgumentHelp(
      "Cut the rate to a tenth after so many epochs without a better validation loss.", valueName: "epochs"))
  var plateau: Int?
  @Option(help: ArgumentHelp("Stop when an epoch's loss is at most this.", valueName: "x"))
  var stopLoss: Double?
  @Option(
    help: ArgumentHelp(
      "What the pictures of a folder are brought to, as 64 or 48x64 (rows, columns).", valueName: "pixels"))
  var imageSize: String?
  @Option(help: ArgumentHelp("Use only the first images of the training part.", valueName: "n"))
  var limit: Int?

  /// Refuses what is out of range.
  func check() throws {
    try requirePositive(epochs, "--epochs")
    try requirePositive(batchSize, "--batch-size")
    try requirePositive(limit, "--limit")
    try requirePositive(earlyStopping, "--early-stopping")
    try requirePositive(plateau, "--plateau")
    for (value, option, hint) in [
      (learningRate, "--learning-rate", "0.001 is a good first choice for adam"),
      (stopLoss, "--stop-loss", "leave it out to train all epochs"),
    ] {
      guard let value, !(value > 0 && value.isFinite) else { continue }
      throw Failure(.usage, at: option, expected: "a number above 0", received: "\(value)", hint: hint)
    }
  }

  /// The system with the settings that were given.
  func applied(to system: TrainingSystem, seed: Int?) throws -> TrainingSystem {
    var system = system
    var settings = system.settings
    settings.epochs = epochs ?? settings.epochs
    settings.batchSize = batchSize ?? settings.batchSize
    settings.limit = limit ?? settings.limit
    settings.seed = seed ?? settings.seed
    if let optimizer {
      settings.optimizer = try OptimizerSetting(parsing: optimizer)
      if settings.optimizer != system.settings.optimizer {
        settings.learningRate = settings.optimizer.standardRate
      }
    }
    settings.learningRate = learningRate ?? settings.learningRate
    if let schedule { settings.schedule = try ScheduleSetting(parsing: schedule, epochs: settings.epochs) }
    if let validation { settings.validation = try ValidationSetting(parsing: validation) }
    if let sample { settings.sampling = try SamplingSetting(parsing: sample) }
    if let penalty { settings.penalties = try PenaltySetting(parsing: penalty) }
    if let clip { settings.clipping = try ClippingSetting(parsing: clip) }
    if let augment {
      let augmentation = try Augmentation(parsing: augment)
      settings.augmentation = augmentation.steps.isEmpty ? nil : augmentation
    }
    settings.balancesClasses = balanceClasses || settings.balancesClasses
    settings.isExact = exact || settings.isExact
    settings.plateau = plateau ?? settings.plateau
    if let imageSize { settings.imageSize = try FolderSize(parsing: imageSize) }
    settings.patience = earlyStopping ?? settings.patience
    settings.stopLoss = stopLoss ?? settings.stopLoss
    if settings.patience ?? settings.plateau != nil, settings.validation == .none {
      throw Failure(
        .usage, at: settings.patience != nil ? "--early-stopping" : "--plateau",
        expected: "a part held out with --validation", received: "none",
        hint: "for instance --validation last:0.1")
    }
    system.settings = settings
    return system
  }

  /// The options given, as words; nil where none is.
  var changes: String? {
    let given: [(String, String?)] = [
      ("--epochs", epochs.map { "\($0)" }), ("--batch-size", batchSize.map { "\($0)" }),
      ("--learning-rate", learningRate.map { "\($0)" }), ("--optimizer", optimizer),
      ("--schedule", schedule), ("--validation", validation), ("--sample", sample), ("--penalty", penalty),
      ("--clip", clip), ("--augment", augment), ("--plateau", plateau.map { "\($0)" }),
      ("--early-stopping", earlyStopping.map { "\($0)" }),
      ("--stop-loss", stopLoss.map { "\($0)" }), ("--limit", limit.map { "\($0)" }),
    ]
    let flags = [("--balance-classes", balanceClasses), ("--exact", exact)].filter(\.1).map(\.0)
    let words = given.compactMap { name, value in value.map { "\(name) \($0)" } } + flags
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }
}
