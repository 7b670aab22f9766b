import ArgumentParser
import MartletDatasets
import MartletExperiments
import MartletImages

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
  @OptionGroup var exact: ExactOptions
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
  @Option(
    help: ArgumentHelp(
      "What becomes of pictures of a folder that cannot be decoded: \(ImageFolder.CorruptImages.help) (skip if not given).",
      valueName: "word"))
  var corruptImages: String?
  @Flag(help: "Note the mean norm of each epoch's gradients among its figures.")
  var gradientNorm = false
  @Option(help: ArgumentHelp("Use only the first images of the training part.", valueName: "n"))
  var limit: Int?

  /// Refuses what is out of range.
  func check() throws {
    try exact.check()
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

  /// The options given, in the order of the help.
  private var given: [SettingChange] {
    let options: [(SettingKey, String?)] = [
      (.epochs, epochs.map { "\($0)" }), (.batchSize, batchSize.map { "\($0)" }),
      (.learningRate, learningRate.map { "\($0)" }), (.optimizer, optimizer), (.schedule, schedule),
      (.validation, validation), (.sample, sample), (.penalty, penalty), (.augment, augment),
      (.balanceClasses, balanceClasses ? "yes" : nil), (.exact, exact.text), (.clip, clip),
      (.earlyStopping, earlyStopping.map { "\($0)" }), (.plateau, plateau.map { "\($0)" }),
      (.stopLoss, stopLoss.map { "\($0)" }), (.imageSize, imageSize),
      (.corruptImages, corruptImages), (.gradientNorm, gradientNorm ? "yes" : nil),
      (.limit, limit.map { "\($0)" }),
    ]
    return options.compactMap { key, text in text.map { SettingChange(key, $0) } }
  }

  /// The system with the settings that were given.
  func applied(to system: TrainingSystem, seed: Int?) throws -> TrainingSystem {
    var system = try system.changed(given)
    system.settings.seed = seed ?? system.settings.seed
    try system.requireValidation()
    return system
  }

  /// The options given, as words; nil where none is.
  var changes: String? {
    let words = given.map { change in
      // Only flags are answered with yes.
      if change.text == "yes" { return "--\(change.key.name)" }
      return "--\(change.key == .exact ? "exact-layers" : change.key.name) \(change.text)"
    }
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }
}
