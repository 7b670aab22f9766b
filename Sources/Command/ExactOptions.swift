import ArgumentParser
import MartletExperiments
import MartletTraining

/// Which convolutions keep to direct sums, as given by two options.
struct ExactOptions: ParsableArguments {
  @Flag(help: "Keep to direct sums where a faster algorithm rounds otherwise.")
  var exact = false
  @Option(
    help: ArgumentHelp(
      "Keep to them in these convolutions alone, such as conv2d_1,conv2d_3; 'martlet inspect' shows all.",
      valueName: "layer,..."))
  var exactLayers: String?

  /// Refuses both at once.
  func check() throws {
    guard exact, exactLayers != nil else { return }
    throw Failure(
      .usage, at: "--exact-layers", expected: "no --exact besides", received: "both",
      hint: "leave out --exact, which means all layers")
  }

  /// The text of the setting; nil where neither option is given.
  var text: String? { exactLayers ?? (exact ? "yes" : nil) }

  /// The layers.
  func layers() throws -> ExactLayers {
    try check()
    return try ExactLayers(setting: text ?? "no")
  }
}
