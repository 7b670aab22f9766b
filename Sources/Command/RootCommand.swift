import ArgumentParser
import Foundation
import MartletRuns

/// The command `martlet`: its verbs, and how it ends.
@main
struct RootCommand: ParsableCommand {

  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "Trains convolutional image classifiers on the processor.",
    discussion: """
      EXAMPLES
        martlet train                           the convnet on Fashion-MNIST
        martlet train --model attention         another model
        martlet reproduce convnet-mnist-type    a system, beside its reference figures
        martlet experiment learning-rate        several settings and seeds, compared
        martlet evaluate runs/NAME              a run, measured again
        martlet predict runs/NAME picture.png   what a picture shows
        martlet report runs/NAME --open         a run as a page

      EXIT CODES
        0    done
        64   wrong usage
        65   bad data or configuration
        69   could not fetch
        70   our fault
        73   cannot write
        75   numbers no longer finite
        130, 143   interrupted; the run can be resumed
      """,
    version: martletVersion,
    subcommands: [
      TrainCommand.self, ReproduceCommand.self, ExperimentCommand.self, CompareCommand.self,
      SystemsCommand.self, EvaluateCommand.self, TrialCommand.self,
      PredictCommand.self, ReportCommand.self, ExplainCommand.self, ExportCommand.self,
      ImportCommand.self, SummaryCommand.self, InspectCommand.self, DatasetsCommand.self,
      BenchmarkCommand.self,
    ])

  static func main() {
    Interruption.install()
    do {
      try refuseUnknownVerb(CommandLine.arguments)
      var command = try parseAsRoot()
      try command.run()
      try Output.requireWritten()
    } catch {
      end(with: error)
    }
  }

  /// The parser itself calls an unknown verb an unexpected argument.
  private static func refuseUnknownVerb(_ arguments: [String]) throws {
    try refuseUnknown("verb", in: Self.self, arguments.dropFirst())
    if arguments.count > 2, arguments[1] == "datasets" {
      try refuseUnknown("verb of datasets", in: DatasetsCommand.self, arguments.dropFirst(2))
    }
  }

  private static func refuseUnknown(
    _ kind: String, in command: any ParsableCommand.Type, _ arguments: ArraySlice<String>
  ) throws {
    let verbs = command.configuration.subcommands.map { $0.configuration }
    guard let name = arguments.first, !name.hasPrefix("-"), name != "help",
      !verbs.contains(where: { $0.commandName == name })
    else { return }
    // What an experiment alone calls is nobody's guess.
    let names = verbs.filter(\.shouldDisplay).compactMap(\.commandName)
    throw Failure.unknown(kind, name, among: names, hint: "see 'martlet --help'")
  }

  private static func end(with error: any Error) -> Never {
    let code = exitCode(for: error)
    if code == .success {
      Output.line(fullMessage(for: error))
      Foundation.exit(ExitStatus.done.rawValue)
    }
    let failure = code == .validationFailure ? misuse(error) : Failure(error)
    Output.remark(failure.text)
    Foundation.exit(failure.status.rawValue)
  }

  /// The parser's own words in one line, and where to read more.
  private static func misuse(_ error: any Error) -> Failure {
    let words = message(for: error).split(separator: "\n").first.map { String($0) } ?? "wrong usage"
    let text = words.hasSuffix(".") ? String(words.dropLast()) : words
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard let verb = CommandLine.arguments.dropFirst().first(where: { names.contains($0) }) else {
      return Failure(.usage, "\(text); see 'martlet --help'")
    }
    return Failure(.usage, "\(verb): \(text); see 'martlet \(verb) --help'")
  }
}

/// A verb of the command.
protocol Verb: ParsableCommand {
  var common: CommonOptions { get }
  /// Does what the verb says.
  func perform() throws
}

extension Verb {
  func run() throws {
    #if DEBUG
      Output.warn("this is a debug build, which is many times slower; build with -c release")
    #endif
    try common.check()
    try perform()
  }
}
