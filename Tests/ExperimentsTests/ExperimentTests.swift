import MartletDatasets
import MartletExperiments
import MartletNetworks
import MartletRuns
import MartletTensors
import MartletTestSupport
import Testing

/// The published experiments have the settings of their publication.
@Suite struct ExperimentTests {
  private func settings(_ id: String, full: Bool = false) throws -> [TrainingSystem] {
    try Experiment.named(id, .init(isFull: full)).variants.map(\.system)
  }

  @Test(arguments: Experiment.all.map(\.id)) func allCanBeMade(id: String) throws {
    let experiment = try Experiment.named(id)
    try experiment.check()
    #expect(experiment.seeds == [0, 1, 2])
    #expect(experiment.trials.count == 3 * experiment.variants.count)
    #expect(Set(experiment.trials.map(\.name)).count == experiment.trials.count)
    #expect(
      try Experiment.named(String(id.dropFirst("experiment-".count))).definition == experiment.definition)
  }

  @Test func learningRates() throws {
    let systems = try settings("experiment-learning-rate")
    #expect(
      systems.map(\.settings.schedule) == [
        .constant, .step(epochs: [15, 30, 45]), .cosine(epochs: 50), .linear(epochs: 50),
      ])
    #expect(
      systems.allSatisfy {
        $0.settings.epochs == 5 && $0.settings.batchSize == 64 && $0.settings.patience == nil
      })
    #expect(
      systems.allSatisfy {
        $0.settings.learningRate == 0.001 && $0.settings.validation == .random(.count(10_000), seed: 42)
      })
    #expect(try settings("experiment-learning-rate", full: true).allSatisfy { $0.settings.epochs == 50 })
  }

  @Test func batchSizes() throws {
    let experiment = try Experiment.named("experiment-batch-size")
    #expect(experiment.variants.map(\.system.settings.batchSize) == [16, 32, 64, 128, 256])
    #expect(experiment.variants.allSatisfy { $0.system.settings.epochs == 3 })
    #expect(experiment.baseline == "64")
  }

  /// The published parameter counts tell whether the networks are those of the publication.
  @Test(arguments: [
    ("experiment-attention", [176_362, 176_942, 176_461, 177_041]),
    ("experiment-regularization", [177_041, 177_041, 177_041, 177_041]),
    ("experiment-dense-or-conv", [12_786, 74_514]),
  ])
  func parameters(id: String, expected: [Int]) throws {
    let counts = try settings(id).map { system in
      let card = try DatasetCatalog.card(system.dataset)
      return try system.network(imageShape: card.imageShape, classes: card.classNames.count).summary()
        .parameters
    }
    #expect(counts == expected)
  }

  @Test func regularizationVariesDropoutAndL2() throws {
    let models = try settings("experiment-regularization").map(\.model)
    #expect(
      models == [
        "attention:dropout=no", "attention", "attention:dropout=no,l2=0.0001", "attention:l2=0.0001",
      ])
    #expect(try settings("experiment-regularization", full: true).allSatisfy { $0.settings.epochs == 20 })
  }

  @Test func customNetworksAreAGridOnTwoDataSets() throws {
    let experiment = try Experiment.named("custom-cnn")
    #expect(
      experiment.variants.compactMap(\.group) == [
        "MNIST", "MNIST", "MNIST", "CIFAR-10", "CIFAR-10", "CIFAR-10",
      ])
    #expect(experiment.variants[0].name == "Dropout:0.5, Dense:128, Kernel:(3, 3)")
    #expect(experiment.variants[2].system.model == "custom-cnn:kernel=5,dropout=0.7,dense=64")
    #expect(
      experiment.variants.allSatisfy {
        $0.system.settings.epochs == 20 && $0.system.settings.sampling == .bootstrap(fraction: 0.5, seed: 42)
      })
    // The grid's first setting is the system that was published.
    let published = try TrainingSystem.named("custom-cnn-mnist")
    #expect(experiment.variants[0].system.settings == published.settings)
  }

  @Test func optionsChangeWhatIsNotVaried() throws {
    let options = Experiment.Options(changes: [.init(.epochs, "2"), .init(.limit, "600")])
    let systems = try Experiment.named("learning-rate", options).variants.map(\.system)
    #expect(systems.allSatisfy { $0.settings.epochs == 2 && $0.settings.limit == 600 })
    // A number held out shrinks with the images.
    #expect(systems.allSatisfy { $0.settings.validation == .random(.count(100), seed: 42) })
    #expect(throws: SettingError.self) {
      try Experiment.named("batch-size", .init(changes: [.init(.batchSize, "2")]))
    }
    let equal = try Experiment.named("dense-or-conv", .init(changes: [.init(.batchSize, "500")]))
    #expect(equal.variants.map(\.system.settings.batchSize) == [500, 500])
    let error = #expect(throws: SettingError.self) { try Experiment.named("lerning-rate") }
    #expect(error?.description.contains("did you mean learning-rate?") == true)
  }

  @Test func settingsWithoutALetterHaveFoldersToo() throws {
    var experiment = try Experiment.named("attention")
    experiment.variants[0].name = "+"
    #expect(experiment.trials[0].name == "setting-seed-0")
    try experiment.check()
    experiment.variants[1].name = "-"
    let error = #expect(throws: SettingError.self) { try experiment.check() }
    #expect(error?.description.contains("received +, seed 0 and -, seed 0") == true)
  }

  @Test func aTrialIsFoundInTheDefinition() throws {
    try withTemporaryFolder { path in
      let experiment = try Experiment.named("attention")
      let folder = try ExperimentFolder(at: path + "/e", definition: experiment.definition)
      for trial in experiment.trials {
        let system = try Experiment.system(ofTrial: trial.name, in: folder.path)
        #expect(system.configuration == trial.system.configuration)
      }
      #expect(throws: SettingError.self) { try Experiment.system(ofTrial: "none-seed-0", in: folder.path) }
    }
  }

  @Test func anotherDefinitionIsRefusedByItsDifference() throws {
    try withTemporaryFolder { path in
      let experiment = try Experiment.named("learning-rate")
      func open(_ experiment: Experiment) throws {
        _ = try ExperimentFolder(at: path + "/e", definition: experiment.definition, growing: ["seeds"])
      }
      try open(experiment)
      try open(experiment)
      let longer = try Experiment.named("learning-rate", .init(isFull: true))
      let error = #expect(throws: FileError.self) { try open(longer) }
      #expect(
        error?.description.contains("settings[Constant].configuration.epochs is 5 there, 50 now") == true)
      var more = experiment
      more.seeds = [0, 1, 2, 3]
      try open(more)
      // Fewer would throw away what was trained.
      let fewer = #expect(throws: FileError.self) { try open(experiment) }
      #expect(fewer?.description.contains("seeds") == true)
    }
  }

  @Test(arguments: [
    "attention:channel=no,spatial=no", "attention:l2=0.0001",
    "custom-cnn:filters=8,kernel=5,dropout=0.5,dense=64,activation=relu",
    "conv5x5:dropout=0.2", "dense",
  ])
  func modelsAreReadAsTheyWereWritten(text: String) throws {
    let setting = try ModelSetting(parsing: text)
    #expect(setting.text == text)
    _ = try setting.network(.image(28, 28, 1), 10)
  }

  @Test(arguments: [
    "atention", "dense:width=3", "custom-cnn:dropout=1", "custom-cnn:kernel=0", "attention:channel=perhaps",
    "attention:l2", "custom-cnn:activation=rely",
  ])
  func wrongModelsAreRefused(text: String) {
    #expect(throws: SettingError.self) { try ModelSetting(parsing: text) }
  }

  /// Every setting is read from the text that stands for it.
  @Test func keysChangeTheirSettings() throws {
    var system = try TrainingSystem.named("attention-fashion")
    for (key, text) in [
      ("batch-size", "8"), ("optimizer", "sgd:momentum=0.9"), ("learning-rate", "0.05"),
      ("schedule", "cosine"),
      ("penalty", "l2:0.1"), ("clip", "norm:1.0"), ("augment", "flip"), ("balance-classes", "yes"),
      ("exact", "yes"), ("early-stopping", "none"), ("stop-loss", "0.3"), ("model.l2", "0.001"),
      ("corrupt-images", "refuse"), ("gradient-norm", "yes"),
    ] { try #require(SettingKey(name: key)).apply(text, to: &system) }
    let settings = system.settings
    #expect(
      settings.batchSize == 8 && settings.learningRate == 0.05 && settings.schedule == .cosine(epochs: 30))
    #expect(settings.optimizer.text == "sgd:momentum=0.9" && settings.penalties.text == "l2:0.1")
    #expect(settings.clipping == .norm(1) && settings.augmentation?.description == "flip")
    #expect(
      settings.balancesClasses && settings.exact == true && settings.patience == nil
        && settings.stopLoss == 0.3)
    #expect(settings.corruptImages == .refuse && settings.notesGradientNorm)
    #expect(system.model == "attention:l2=0.001" && system.id == nil)
    #expect(SettingKey(name: "epochen") == nil)
    let scores = try system.changed([.init(.model, "convnet")])
    #expect(scores.settings.loss == .rowsFromScores)
  }
}
