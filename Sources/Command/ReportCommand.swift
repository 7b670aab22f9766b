import ArgumentParser
import Foundation
import MartletExperiments
import MartletReports
import MartletRuns
import MartletTensors

/// `martlet report`: the page of a run.
struct ReportCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make the page of a run or an experiment: curves, confusions, images, filters, times.",
    discussion: """
      The page is one HTML file that needs no network. It is made from the folder alone: what an older \
      version did not leave there is left out, and the page says so. An unfinished run gives a page of what \
      there is. Trainings and experiments write the page too, at their end.

      EXAMPLES
        martlet report runs/first
        martlet report runs/first --open
        martlet report runs/first --output first.html
        martlet report runs/*
      """)

  @Argument(help: "The folders of runs or experiments.")
  var runs: [String]
  @Option(
    help: ArgumentHelp(
      "The page to write, for one run; report.html in its folder if not given.", valueName: "file"))
  var output: String?
  @Flag(help: "Show the page in the browser.")
  var open = false
  @OptionGroup var common: CommonOptions

  func perform() throws {
    if output != nil, runs.count > 1 {
      throw Failure(
        .usage, at: "--output", expected: "one run", received: "\(runs.count) runs",
        hint: "leave it out; each page then goes into its run's folder")
    }
    // All are checked before a page is written, so that a wrong path leaves no half result.
    for run in runs where !RunFolder.exists(at: run) && !ExperimentFolder.exists(at: run) {
      throw Failure(
        .badData, at: run, expected: "the folder of a run or an experiment",
        received: "no configuration.json in it",
        hint: "check the path; 'martlet train' tells it at its end")
    }
    for run in runs {
      let path = output ?? "\(run)/\(RunFile.report)"
      let isFinished = try write(run, to: path)
      if common.json {
        Output.json([
          "event": "report", "run": .string(run), "file": .string(path), "finished": .bool(isFinished),
        ])
      } else {
        if !isFinished { Output.remark("\(run): the run is not finished; the page says so") }
        Output.line("Report: \(path)")
      }
      if open { show(path) }
    }
    if common.json { Output.json(["event": "result", "reports": .integer(runs.count)]) }
  }

  /// Writes the page of a run or of an experiment.
  ///
  /// - Returns: Whether it has come to its end.
  private func write(_ folder: String, to path: String) throws -> Bool {
    if ExperimentFolder.exists(at: folder) {
      try ExperimentReport.load(parts: try ExperimentRecord.load(folder)).write(to: path)
      return true
    }
    let report = try RunReport.load(folder, onProblem: Output.warn).explained()
    try report.write(to: path)
    return report.record.result != nil
  }

  /// Gives the page to the system's browser; that there is none takes nothing from the page.
  private func show(_ path: String) {
    #if os(macOS)
      let opener = "open"
    #else
      let opener = "xdg-open"
    #endif
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [opener, path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
      process.waitUntilExit()
    } catch {
      Output.warn("\(opener) could not be started; open \(path) in a browser")
      return
    }
    if process.terminationStatus != 0 {
      Output.warn("\(opener) found no browser; open \(path) in one")
    }
  }
}
