import ArgumentParser
import Foundation
import MartletExperiments
import MartletRuns
import MartletTensors

/// `martlet compare`: runs beside each other.
struct CompareCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Put runs beside each other: settings, results, significance.",
    discussion: """
      Shows the settings that differ, what the runs reached, and, where runs of equal settings with several \
      seeds are given, whether the differences are more than noise. The first run is what the others are \
      compared with. An experiment's folder stands for all its trials.

      EXAMPLES
        martlet compare runs/first runs/second
        martlet compare runs/adam/seed-* runs/sgd/seed-* --metric "test accuracy"
        martlet compare experiments/learning-rate runs/mine --output comparison
      """)

  @Argument(help: "The run folders or experiment folders.")
  var runs: [String]
  @Option(
    help: ArgumentHelp(
      "By what: \(ExperimentMetric.allCases.map(\.name).joined(separator: ", ")).", valueName: "name"))
  var metric: String?
  @Option(
    help: ArgumentHelp("Write tables as CSV, results.json and figures into this folder.", valueName: "dir"))
  var output: String?
  @OptionGroup var common: CommonOptions

  func perform() throws {
    let chosen = try metric.map { name in
      guard let metric = ExperimentMetric.allCases.first(where: { $0.name == name || $0.rawValue == name })
      else { throw Failure.unknown("--metric", name, among: ExperimentMetric.allCases.map(\.name)) }
      return metric
    }
    let record = try RunComparison(runs, metric: chosen).record
    var files: ExperimentRecord.Files?
    if let output {
      do {
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      } catch {
        throw Failure(
          .cannotWrite, at: "--output", expected: "a folder that can be written", received: output,
          hint: "choose another folder")
      }
      files = try record.write(to: output)
    }
    if common.json {
      return Output.json(.object([.init("event", "result")] + (record.json.members ?? [])))
    }
    Output.write(record.text(width: Output.isTerminal ? Output.width - 1 : nil))
    if let output, let files {
      Output.line("\nTables: \(output)")
      for figure in files.figures { Output.line("Figure: \(figure)") }
      Output.line("Report: \(files.report)")
    }
  }
}
