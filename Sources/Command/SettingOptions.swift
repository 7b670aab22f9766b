import ArgumentParser

/// The options that change a training's settings.
struct SettingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many times all images are seen.", valueName: "n"))
  var epochs: Int?
  @Option(help: ArgumentHelp("The images of a step.", valueName: "n"))
  var batchSize: Int?
  @Option(help: ArgumentHelp("The rate before any schedule; 0.001 for adam, 0.01 for sgd.", valueName: "x"))
  var learningRate: Double?
  @Option(help: ArgumentHelp("adam or sgd.", valueName: "name"))
  var optimizer: String?
  @Option(
    help: ArgumentHelp(
      "constant, cosine[:epochs], linear[:epochs] or step:epoch,epoch,...", valueName: "text"))
  var schedule: String?
  @Option(
    help: ArgumentHelp(
      "Held out of the training images: none, first:AMOUNT, last:AMOUNT or random:AMOUNT[:SEED], with a count or a fraction.",
      valueName: "text"))
  var validation: String?
  @Option(help: ArgumentHelp("Use only the first images of the training part.", valueName: "n"))
  var limit: Int?

  /// Refuses what is out of range.
  func check() throws {
    try requirePositive(epochs, "--epochs")
    try requirePositive(batchSize, "--batch-size")
    try requirePositive(limit, "--limit")
    guard let learningRate, !(learningRate > 0 && learningRate.isFinite) else { return }
    throw Failure(
      .usage, at: "--learning-rate", expected: "a number above 0", received: "\(learningRate)",
      hint: "0.001 is a good first choice for adam")
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
    system.settings = settings
    return system
  }
}
