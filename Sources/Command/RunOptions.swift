import ArgumentParser
import MartletExperiments
import MartletRuns
import MartletTensors

/// Where a training leaves its run, and whether it goes on with one.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The run folder; a new one below runs/ if not given.", valueName: "dir"))
  var run: String?
  @Flag(help: "Go on with the run in --run from its newest checkpoint; begin it where there is none.")
  var resume = false
  @Flag(help: "Write only the results.")
  var quiet = false

  /// The folder to go on with; nil where a training begins.
  func runToResume() throws -> String? {
    guard resume else { return nil }
    guard let run else {
      throw Failure(
        .usage, at: "--resume", expected: "a run folder in --run", received: "none",
        hint: "give the folder that the interrupted training told")
    }
    return RunFolder.exists(at: run) ? run : nil
  }
}

extension SettingOptions {
  /// The saved configuration; options that contradict it are refused, more epochs are welcome.
  func resumed(
    _ saved: RunConfiguration, as system: TrainingSystem, seed: Int?
  ) throws -> RunConfiguration {
    var (saved, wanted) = (saved, saved)
    wanted.system = try applied(to: system, seed: seed)
    saved.system.settings.epochs = wanted.system.settings.epochs
    let pairs = zip(saved.json.members ?? [], wanted.json.members ?? [])
    guard let (old, new) = pairs.first(where: { $0.0 != $0.1 }) else { return saved }
    throw Failure(
      .usage, at: "--resume", expected: "the run's own \(old.key), \(Self.text(old.value))",
      received: Self.text(new.value), hint: "leave the option out, or begin a new run in another folder")
  }

  private static func text(_ setting: JSON) -> String { setting == .null ? "none" : setting.text }
}
