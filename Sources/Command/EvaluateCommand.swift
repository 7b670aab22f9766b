import ArgumentParser
import MartletDatasets
import MartletExperiments
import MartletRuns
import MartletTraining

/// `martlet evaluate`: measures a run's weights.
struct EvaluateCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the network of a run on its test and training images.",
    discussion: """
      An unfinished run is measured with its newest checkpoint. Preprocessing is a part of the network, so \
      that it cannot differ from the training's; images of another size or with other classes are refused.

      EXAMPLES
        martlet evaluate runs/first
        martlet evaluate runs/flowers --dataset folder:more-flowers --json
      """)

  @Argument(help: "The run folder.")
  var run: String
  @Option(
    help: ArgumentHelp("Another data set with images and classes of the same shape.", valueName: "name"))
  var dataset: String?
  @OptionGroup var common: CommonOptions

  func perform() throws {
    var (configuration, record) = try RunConfiguration.load(run: run)
    if let dataset { configuration.system.dataset = dataset }
    let data = try common.load(configuration.system)
    try configuration.preparation.require(data.preparation)
    let (train, test) = try configuration.system.prepared(data)
    let trainer = try configuration.trainer(threads: common.threadCount)
    try trainer.parameters.load(try record.weights(onProblem: Output.warn), from: run)
    var result = record.result ?? ResultEvent()
    result.run = run
    result.note(test: try trainer.evaluate(test), train: try trainer.evaluate(train))
    result.epochs = record.epochs.count
    result.arenaBytes = trainer.arenaBytes
    result.datasetBytes = train.storedBytes + test.storedBytes
    result.peakMemoryBytes = ProcessMeter.anonymousBytes
    result.weightsSHA256 = trainer.parameters.sha256
    result.seed = configuration.system.settings.seed
    result.threads = trainer.threads
    if common.json { Output.json(result.json) } else { Output.line(result.scoreText) }
  }
}
