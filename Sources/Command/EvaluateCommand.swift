import ArgumentParser
import MartletDatasets
import MartletExperiments
import MartletRuns
import MartletTensors
import MartletTraining

/// `martlet evaluate`: measures a run's weights.
struct EvaluateCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the network of a run on its test and training images.",
    discussion: """
      An unfinished run is measured with its newest checkpoint. Preprocessing is a part of the network, so \
      that it cannot differ from the training's; published images of another size and images with other \
      classes are refused. Of another data set the test images are measured, of a folder without such all.

      With --robustness the test images are changed too: noise, shift, rotation, blur, contrast, brightness, \
      a covering square, each in five strengths that --seed decides. The run folder gets robustness.json and \
      figures. Several runs are measured on the same images; of two kinds (runs that differ in nothing but \
      their seed are one kind) it is said which withstands what better, with a confidence interval.

      EXAMPLES
        martlet evaluate runs/first
        martlet evaluate runs/flowers --dataset folder:more-flowers --json
        martlet evaluate runs/plain runs/regularized --robustness
      """)

  @Argument(help: "The run folder; several with --robustness.")
  var runs: [String]
  @Option(
    help: ArgumentHelp("Another data set with the same classes, or folder:DIR.", valueName: "name"))
  var dataset: String?
  @Flag(help: "Measure the accuracy on changed test images too.")
  var robustness = false
  @OptionGroup var common: CommonOptions

  func perform() throws {
    guard !robustness else {
      return try RobustnessVoice(common: common).measure(try runs.map { try measured($0) })
    }
    guard runs.count == 1, let run = runs.first else {
      throw Failure(
        .usage, at: "evaluate", expected: "one run folder", received: "\(runs.count)",
        hint: "add --robustness to compare what they make of changed images")
    }
    let result = try measured(run).result
    if common.json { Output.json(result.json) } else { Output.line(result.scoreText) }
  }

  /// A run's network with its weights, and what it makes of its images.
  private func measured(_ run: String) throws -> MeasuredRun {
    var (configuration, record) = try RunConfiguration.load(run: run)
    if let dataset {
      configuration.system.dataset = dataset
      // The size is that of the training's folder; published images have their own.
      if !SystemData.isFolder(dataset) { configuration.system.settings.imageSize = nil }
    }
    let data = try common.load(for: configuration)
    try configuration.preparation.require(data.preparation)
    if dataset == nil { try configuration.requireImages(of: data, at: run) }
    let training = dataset == nil ? try configuration.system.prepared(data) : nil
    let (train, test) = (training?.train, training?.test ?? data.unseen)
    let trainer = try configuration.trainer(threads: common.threadCount)
    try trainer.parameters.load(try record.weights(onProblem: Output.warn), from: run)
    var result = record.result ?? ResultEvent()
    result.run = run
    result.note(test: try trainer.evaluate(test), train: try train.map { try trainer.evaluate($0) })
    result.epochs = record.epochs.count
    result.arenaBytes = trainer.arenaBytes
    result.datasetBytes = (train?.storedBytes ?? 0) + test.storedBytes
    result.peakMemoryBytes = ProcessMeter.anonymousBytes
    result.weightsSHA256 = trainer.parameters.sha256
    result.seed = configuration.system.settings.seed
    result.threads = trainer.threads
    return MeasuredRun(
      subject: .init(
        run: run, configuration: configuration, trainer: trainer, trainAccuracy: result.trainAccuracy),
      test: test, result: result)
  }
}

/// A run whose weights were measured.
struct MeasuredRun {
  let subject: RobustnessTest.Subject
  let test: ImageDataset
  let result: ResultEvent
}
