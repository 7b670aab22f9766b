import MartletDatasets
import MartletExperiments
import MartletRuns
import MartletTensors
import Testing

/// Settings are read from texts and written as the same texts.
@Suite struct SettingTests {
  @Test(arguments: [
    "adam", "adamw:decay=0.01", "sgd", "sgd:momentum=0.9,nesterov", "rmsprop:momentum=0.5", "adagrad", "lion",
  ])
  func optimizers(text: String) throws {
    let setting = try OptimizerSetting(parsing: text)
    #expect(setting.text == text)
    let rule = setting.optimizer(learningRate: 0.25)
    #expect(rule.learningRate == 0.25)
    #expect(rule.name == setting.rule.rawValue)
  }

  @Test(arguments: [
    "adm", "adam:momentum=0.9", "sgd:nesterov", "sgd:momentum=1", "sgd:momentum", "adamw:decay=-1", "sgd:",
  ])
  func wrongOptimizersAreRefused(text: String) {
    #expect(throws: SettingError.self) { try OptimizerSetting(parsing: text) }
  }

  @Test(arguments: [
    ("constant", "constant"), ("cosine", "cosine:20"), ("cosine:50", "cosine:50"), ("linear:3", "linear:3"),
    ("step:15,30,45", "step:15,30,45"), ("exponential:0.95", "exponential:0.95"),
    ("warm-up:5", "warm-up:5,20"), ("warm-up:5,50", "warm-up:5,50"), ("restarts:10", "restarts:10,1"),
    ("restarts:10,2", "restarts:10,2"), ("one-cycle", "one-cycle:20"),
  ])
  func schedules(text: String, written: String) throws {
    let setting = try ScheduleSetting(parsing: text, epochs: 20)
    #expect(setting.text == written)
    #expect(try ScheduleSetting(parsing: setting.text, epochs: 7) == setting)
  }

  @Test(arguments: [
    "constant:1", "cosine:0", "step", "step:0", "exponential:2", "warm-up:20", "restarts:1,2,3", "plateau",
    "cosine:2147483648", "step:5,9223372036854775807", "warm-up:1,9223372036854775807",
    "one-cycle:9223372036854775807", "restarts:1,9223372036854775807",
  ])
  func wrongSchedulesAreRefused(text: String) {
    #expect(throws: SettingError.self) { try ScheduleSetting(parsing: text, epochs: 20) }
  }

  @Test(arguments: ["none", "l1:0.001", "l1:0.001,l2-norm:0.001", "l2:0.0001"])
  func penalties(text: String) throws {
    let setting = try PenaltySetting(parsing: text)
    #expect(setting.text == text)
    #expect(setting.penalties.count == setting.terms.count)
  }

  @Test(arguments: ["none", "norm:1.0", "value:0.5"])
  func clipping(text: String) throws { #expect(try ClippingSetting(parsing: text).text == text) }

  @Test(arguments: ["none", "bootstrap:0.5:42", "stratified:0.2:7"])
  func sampling(text: String) throws { #expect(try SamplingSetting(parsing: text).text == text) }

  @Test(arguments: ["none", "first:4000", "last:0.2", "random:10000:42", "stratified:0.2:1"])
  func validation(text: String) throws { #expect(try ValidationSetting(parsing: text).text == text) }

  @Test func wrongTextsAreRefused() {
    #expect(throws: SettingError.self) { try ValidationSetting(parsing: "stratified:100") }
    #expect(throws: SettingError.self) { try FolderSize(parsing: "0x4") }
    #expect(throws: SettingError.self) { try PenaltySetting(parsing: "l3:1") }
    #expect(throws: SettingError.self) { try PenaltySetting(parsing: "l1:0") }
    #expect(throws: SettingError.self) { try ClippingSetting(parsing: "norm:0") }
    #expect(throws: SettingError.self) { try SamplingSetting(parsing: "bootstrap:2") }
  }

  /// What a run folder holds gives the same training again, for every system.
  @Test(arguments: TrainingSystem.ids)
  func configurationsAreReadAsTheyWereWritten(id: String) throws {
    let system = try TrainingSystem.named(id)
    let configuration = RunConfiguration(system: system, card: try DatasetCatalog.card(system.dataset))
    let read = try RunConfiguration(configuration.json, run: "run")
    #expect(read.system.settings == system.settings)
    #expect(read.json == configuration.json)
  }

  /// The pictures of a folder were brought to the shape that the network takes.
  @Test func resizingIsReadWhereItMakesTheImagesOfTheRun() throws {
    let system = try TrainingSystem.named(model: "dense", dataset: "folder:pets")
    let preparation = DataPreparation(
      dataset: "pets", imageShape: [14, 28, 3], classNames: ["cat", "dog"],
      resizing: "14x28x3 automatic stretch")
    let json = RunConfiguration(system: system, preparation: preparation).json
    #expect(try RunConfiguration(json, run: "run").preparation.resizing == preparation.resizing)
  }

  @Test func anEditedConfigurationIsRefusedByKey() throws {
    let system = try TrainingSystem.named("conv5x5-mnist")
    let json = RunConfiguration(system: system, card: try DatasetCatalog.card("mnist")).json
    for (key, value) in [
      ("epochs", JSON.integer(0)), ("loss", "other"), ("optimizer", "adm"), ("patience", .integer(-1)),
      ("image_shape", .array([])), ("format", .integer(99)), ("epochs", .integer(.max)),
      ("batch_size", .integer(1 << 31)), ("resizing", "14x28x1 automatic stretch"),
      ("resizing", "0x0x1 area pad"), ("resizing", "as it was"),
    ] {
      let edited = JSON.object((json.members ?? []).map { $0.key == key ? JSON.Member(key, value) : $0 })
      let error = #expect(throws: SettingError.self) { try RunConfiguration(edited, run: "run") }
      #expect(error?.isInFile == true)
      #expect(error?.description.contains("run/configuration.json") == true)
    }
  }
}
