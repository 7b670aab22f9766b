import ArgumentParser
import Foundation
import MartletExperiments
import MartletNetworks
import MartletRuns
import MartletTraining

/// `martlet trial`: trains one trial of an experiment; the experiment starts it, nobody else needs it.
struct TrialCommand: Verb {
  static let name = "trial"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Train one trial of an experiment, which starts it itself.",
    discussion: """
      Goes on where the trial stopped. Ends when its standard input is closed, and saves what it has.

      EXAMPLES
        martlet trial experiments/learning-rate constant-seed-0 --json
      """,
    shouldDisplay: false)

  @Argument(help: "The folder of the experiment.")
  var experiment: String
  @Argument(help: "The name of the trial.")
  var trial: String
  @OptionGroup var common: CommonOptions

  func perform() throws {
    Interruption.endWithStandardInput()
    let system = try Experiment.system(ofTrial: trial, in: experiment)
    let data = try common.load(system)
    let run = "\(experiment)/\(ExperimentFile.trials)/\(trial)"
    let voice = TrainingVoice(isJSON: common.json, isQuiet: false)
    var job = TrainingJob(
      RunConfiguration(system: system, data: data), threads: common.threadCount, run: run,
      resume: true, voice: voice)
    let summary = try job.configuration.network().summary()
    let tell = job.progress
    let isJSON = common.json
    var epochs = system.settings.epochs
    var last = ContinuousClock.now
    job.progress = { event in
      switch event {
      case .began(let plan):
        epochs = plan.epochs
        note(plan, summary, in: run)
      case .step(let step) where isJSON && ContinuousClock.now - last > .milliseconds(100):
        last = .now
        Output.json([
          "event": "step", "epoch": .integer(step.epoch), "epochs": .integer(epochs),
          "step": .integer(step.step), "steps": .integer(step.steps), "loss": .number(step.loss),
        ])
      default: break
      }
      tell(event)
    }
    let outcome = try job.performTelling(data, voice)
    if common.json { Output.json(outcome.result.json) }
  }

  /// Leaves the sizes of the training for the experiment's tables.
  private func note(_ plan: TrainingPlan, _ summary: Summary, in run: String) {
    let facts = TrialFacts(
      parameters: summary.parameters, trainableParameters: summary.trainableParameters,
      trainingImages: plan.images, validationImages: plan.validationImages, stepsPerEpoch: plan.steps)
    do { try facts.write(in: run) } catch { Output.warn("\(error)") }
  }
}
