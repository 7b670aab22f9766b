import ArgumentParser
import Foundation
import MartletExperiments
import MartletReports
import MartletRuns
import MartletTensors

/// `martlet experiment`: several settings, several seeds, statistics, figures.
struct ExperimentCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "experiment",
    abstract: "Try several settings with several seeds, and say what differs.",
    discussion: """
      Trains every setting with every seed, each in a process of its own, and leaves tables, figures and \
      conclusions that are computed from what was measured. Interrupted or killed, it goes on where it stopped \
      when the same command is given again. Without a name it lists the published experiments.

      A file names what all settings share and what varies:

        title: Rates and batch sizes of the convnet
        base:
          model: convnet
          dataset: mnist
          epochs: 3
          validation: last:0.1
        vary:
          learning-rate: [0.001, 0.01]
          batch-size: {from: 32, to: 128, factor: 2}
        seeds: 3
        metric: validation accuracy

      Below base and vary stand the options of 'martlet train' without their dashes, and model.NAME for a \
      model's own settings. 'variants' lists settings that change together; 'search: {trials: 20, seed: 0}' \
      draws points from ranges instead of walking through all.

      EXAMPLES
        martlet experiment
        martlet experiment learning-rate --limit 2000 --epochs 2
        martlet experiment regularization --full --seeds 5 --jobs 2
        martlet experiment dense-or-conv --dataset cifar100-coarse --batch-size 1000
        martlet experiment grid.yaml --dry-run
        martlet experiment study-attention --output runs/attention
      """)

  @Argument(help: "The name of a published experiment or study, or a file ending in .yaml.")
  var name: String?
  @Option(
    help: ArgumentHelp(
      "The folder of the experiment; experiments/NAME if not given.", valueName: "dir"))
  var output: String?
  @Option(help: ArgumentHelp("How many seeds each setting is trained with.", valueName: "n"))
  var seeds: Int?
  @Option(help: ArgumentHelp("How many times all images are seen, in all settings.", valueName: "n"))
  var epochs: Int?
  @Option(help: ArgumentHelp("The images of a step, in all settings.", valueName: "n"))
  var batchSize: Int?
  @Option(help: ArgumentHelp("Use only the first images of the training part.", valueName: "n"))
  var limit: Int?
  @Option(help: ArgumentHelp("Another data set, where the experiment has but one.", valueName: "name"))
  var dataset: String?
  @Flag(help: "Train the published experiments as long as their publication recommends, not as it ran them.")
  var full = false
  @Option(help: ArgumentHelp("How many trials run at a time; they share the threads.", valueName: "n"))
  var jobs = 1
  @Flag(help: "List the trials with their steps and train nothing.")
  var dryRun = false
  @Flag(help: "Write only the results.")
  var quiet = false
  @OptionGroup var common: CommonOptions

  func perform() throws {
    for (value, option) in [
      (epochs, "--epochs"), (batchSize, "--batch-size"), (limit, "--limit"), (jobs, "--jobs"),
    ] { try requirePositive(value, option) }
    try requirePositive(seeds, "--seeds", atMost: SettingLimit.trials)
    guard let name else { return list() }
    if Study.ids.contains(name) {
      var study = try Study.attention(options)
      study.parts = try study.parts.map { try withSeeds($0) }
      return try perform(study)
    }
    let experiment = try withSeeds(try chosen(name))
    try experiment.check()
    if dryRun { return try tellPlan([experiment]) }
    let path = output ?? "experiments/\(experiment.name)"
    let (record, files, failures) = try train(experiment, at: path)
    tell(record, files)
    try end(with: failures)
  }

  // MARK: What is tried

  private var options: Experiment.Options {
    var changes: [SettingChange] = []
    if let dataset { changes.append(.init(.dataset, dataset)) }
    if let epochs { changes.append(.init(.epochs, "\(epochs)")) }
    if let batchSize { changes.append(.init(.batchSize, "\(batchSize)")) }
    if let limit { changes.append(.init(.limit, "\(limit)")) }
    return Experiment.Options(isFull: full, changes: changes)
  }

  private func chosen(_ name: String) throws -> Experiment {
    guard [".yaml", ".yml"].contains(where: name.hasSuffix) else { return try .named(name, options) }
    guard !full else {
      throw Failure(
        .usage, at: "--full", expected: "a published experiment", received: "the file \(name)",
        hint: "write the epochs into the file")
    }
    let stem = ((name as NSString).lastPathComponent as NSString).deletingPathExtension
    return try ExperimentReader.experiment(
      try .reading(name), file: name, name: stem, overriding: options.changes)
  }

  /// The experiment with the seeds that were asked for.
  private func withSeeds(_ experiment: Experiment) throws -> Experiment {
    var experiment = experiment
    if seeds != nil || common.seed != nil {
      experiment.seeds = Array(
        try common.seeds(seeds ?? experiment.seeds.count, from: experiment.seeds[0]))
    }
    return experiment
  }

  // MARK: Training

  /// Trains what is not finished, and puts the results together.
  ///
  /// - Returns: Also the failures of trials that could not be trained.
  private func train(
    _ experiment: Experiment, at path: String
  ) throws -> (ExperimentRecord, ExperimentRecord.Files, [Failure]) {
    let folder = try ExperimentFolder(
      at: path, definition: experiment.definition, growing: ["seeds"])
    let voice = ExperimentVoice(isJSON: common.json, isQuiet: quiet)
    if !common.json, !quiet {
      Output.line("\(experiment.title): \(experiment.trials.count) trials in \(path)")
    }
    if experiment.presentation.showsCosts, jobs > 1 {
      Output.warn("trials that run at the same time slow each other down; their times are too long")
    }
    var run = ExperimentRun(experiment, at: path)
    run.jobs = jobs
    run.threads = common.threadCount
    run.stop = Interruption.token
    run.tell = { voice.hear($0) }
    let runner = ProcessTrialRunner(data: common.data.map(absolute)) { voice.warn($0) }
    defer { voice.finish() }
    let outcome = try Interruption.duringTraining { try run.perform(runner) }
    voice.finish()
    guard !outcome.isInterrupted else { throw interrupted(experiment, run) }
    let record = experiment.record(at: path, failures: outcome.failures)
    return (record, try record.write(to: folder.path), runner.failures)
  }

  private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }

  private func interrupted(_ experiment: Experiment, _ run: ExperimentRun) -> Failure {
    let trials = experiment.trials
    let finished = trials.count { (try? run.isFinished($0)) == true }
    let words = CommandLine.arguments.dropFirst().map { word in
      word.allSatisfy { $0.isLetter || $0.isNumber || "-_./:,=".contains($0) } ? word : "'\(word)'"
    }
    return Failure(
      Interruption.signal == SIGTERM ? .terminated : .interrupted,
      "stopped, everything is saved, \(finished) of \(trials.count) trials are finished; go on with: martlet "
        + words.joined(separator: " "))
  }

  private func perform(_ study: Study) throws {
    for part in study.parts { try part.check() }
    if dryRun { return try tellPlan(study.parts) }
    let path = output ?? "experiments/\(study.id)"
    let folder = try ExperimentFolder(at: path, definition: study.definition)
    var records: [ExperimentRecord] = []
    var failures: [Failure] = []
    for part in study.parts {
      let (record, files, failed) = try train(part, at: "\(path)/\(part.name)")
      if !common.json, !quiet {
        Output.line("")
        tell(record, files)
        Output.line("")
      }
      records.append(record)
      failures += failed
    }
    let summary = study.record(at: path, records)
    tell(summary, try summary.write(to: folder.path))
    try end(with: failures)
  }

  /// Ends with the first failure of trials that could not be trained, after the results of the others.
  private func end(with failures: [Failure]) throws {
    guard let first = failures.first else { return }
    let more = failures.count > 1 ? " (\(failures.count - 1) more failed, see above)" : ""
    throw Failure(first.status, first.text + more)
  }

  // MARK: Telling

  private func tell(_ record: ExperimentRecord, _ files: ExperimentRecord.Files) {
    if common.json {
      let members = record.json.members ?? []
      return Output.json(
        .object([.init("event", "result"), .init("experiment", .string(record.path))] + members))
    }
    Output.write(record.text(width: Output.isTerminal ? Output.width - 1 : nil))
    Output.line("\nExperiment folder: \(record.path)")
    for figure in files.figures { Output.line("Figure:            \(figure)") }
    Output.line("Report:            \(files.report)")
  }

  private func list() {
    if common.json {
      for entry in Experiment.all {
        Output.json(["event": "experiment", "id": .string(entry.id), "title": .string(entry.title)])
      }
      for id in Study.ids { Output.json(["event": "study", "id": .string(id)]) }
      return Output.json([
        "event": "result", "experiments": .integer(Experiment.all.count),
        "studies": .integer(Study.ids.count),
      ])
    }
    var table = Table([.init("Id"), .init("What it compares")])
    for entry in Experiment.all { table.append([entry.id, entry.title]) }
    table.append(["study-attention", "The last four, the final training and a summary"])
    Output.write(table.text)
  }

  /// The trials and about how many steps they take.
  private func tellPlan(_ experiments: [Experiment]) throws {
    var (trials, total) = (0, 0)
    for experiment in experiments {
      var table = Table([
        .init("Trial"), .init("Epochs", isNumeric: true), .init("Batch", isNumeric: true),
        .init("Steps", isNumeric: true), .init("Changes"),
      ])
      for trial in experiment.trials {
        let steps = trial.system.plannedSteps
        let variant = experiment.variants[trial.variant]
        let changes = variant.changes.map { "\($0.key.name) \($0.text)" }.joined(separator: ", ")
        trials += 1
        total += steps ?? 0
        let settings = trial.system.settings
        let mayEndSooner = settings.patience != nil || settings.stopLoss != nil
        if common.json {
          Output.json([
            "event": "trial", "experiment": .string(experiment.name), "trial": .string(trial.name),
            "seed": .integer(trial.seed), "epochs": .integer(settings.epochs),
            "batch_size": .integer(settings.batchSize), "steps": steps.map(JSON.integer) ?? .null,
            "changes": .object(variant.changes.map { .init($0.key.name, .string($0.text)) }),
          ])
        }
        table.append([
          trial.title, "\(mayEndSooner ? "up to " : "")\(settings.epochs)", "\(settings.batchSize)",
          steps.map { Table.grouped($0) } ?? "?", changes,
        ])
      }
      if !common.json { Output.write("\(experiment.title)\n\(table.text)\n") }
    }
    if common.json {
      return Output.json([
        "event": "result", "trials": .integer(trials), "steps": .integer(total),
      ])
    }
    Output.line("\(trials) trials, about \(Table.grouped(total)) steps; nothing was trained.")
  }
}
