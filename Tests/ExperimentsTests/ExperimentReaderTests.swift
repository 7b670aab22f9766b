import MartletExperiments
import Testing

/// What the base of an experiment's file says holds for all its settings, whatever varies.
@Suite struct ExperimentReaderTests {
  /// An experiment of a base and one setting that varies; the base's entries stand on the lines from 2 on.
  private func experiment(
    _ base: [(String, String)], vary: (key: String, values: [String])? = nil,
    overriding changes: [SettingChange] = []
  ) throws -> Experiment {
    func node(_ content: DefinitionNode.Content, _ line: Int) -> DefinitionNode { .init(content, line: line) }
    func entry(_ key: String, _ line: Int, _ value: DefinitionNode.Content) -> DefinitionNode.Entry {
      .init(key: key, line: line, value: node(value, line))
    }
    let shared = base.enumerated().map { entry($1.0, $0 + 2, .text($1.1)) }
    let varied = vary.map { vary in
      entry("vary", 20, .map([entry(vary.key, 21, .list(vary.values.map { node(.text($0), 21) }))]))
    }
    return try ExperimentReader.experiment(
      node(.map([entry("base", 1, .map(shared))] + [varied].compactMap(\.self)), 1), file: "e.yaml",
      name: "e", overriding: changes)
  }

  @Test func aScheduleSpansTheEpochsOfEachSetting() throws {
    let base = [("epochs", "2"), ("schedule", "cosine")]
    let varied = try experiment(base, vary: ("epochs", ["2", "4"]))
    #expect(varied.variants.map(\.system.settings.schedule) == [.cosine(epochs: 2), .cosine(epochs: 4)])
    let longer = try experiment(base, overriding: [.init(.epochs, "6")])
    #expect(longer.variants.map(\.system.settings.schedule) == [.cosine(epochs: 6)])
    // What a setting replaces need not suit it.
    let constant = try experiment(
      [("epochs", "9"), ("schedule", "warm-up:5")], vary: ("schedule", ["constant"]),
      overriding: [.init(.epochs, "3")])
    #expect(constant.variants.map(\.system.settings.schedule) == [.constant])
  }

  @Test func aRateHoldsForEveryOptimizer() throws {
    let named = try experiment([("learning-rate", "0.05")], vary: ("optimizer", ["adam", "sgd", "rmsprop"]))
    #expect(named.variants.map(\.system.settings.learningRate) == [0.05, 0.05, 0.05])
    let own = try experiment([("optimizer", "sgd")], vary: ("optimizer", ["adam", "sgd"]))
    #expect(own.variants.map(\.system.settings.learningRate) == [0.001, 0.01])
  }

  @Test func aModelsSettingsHoldForAllModelsThatHaveThem() throws {
    let base = [("model", "custom-cnn"), ("model.dropout", "0.5")]
    let models = ["custom-cnn", "custom-cnn:dropout=0.2", "custom-cnn:dense=64", "dense"]
    #expect(
      try experiment(base, vary: ("model", models)).variants.map(\.system.model) == [
        "custom-cnn:dropout=0.5", "custom-cnn:dropout=0.2", "custom-cnn:dropout=0.5,dense=64", "dense",
      ])
    let varied = try experiment(base, vary: ("model.dropout", ["0.1", "0.2"]))
    #expect(varied.variants.map(\.system.model) == ["custom-cnn:dropout=0.1", "custom-cnn:dropout=0.2"])
    // One that no model has is a mistake in the base.
    let error = #expect(throws: SettingError.self) {
      try experiment([("model", "custom-cnn"), ("model.dropot", "0.5")], vary: ("model", ["dense", "conv"]))
    }
    #expect(error?.description.hasPrefix("e.yaml:3: model.dropot: ") == true)
  }

  /// A number held out of the base's images shrinks with them.
  @Test func aLimitScalesWhatTheBaseHoldsOut() throws {
    let base = [("limit", "1000"), ("validation", "last:200")]
    let held = try experiment(base, vary: ("limit", ["500", "1000"]))
    #expect(held.variants.map(\.system.settings.validation) == [.last(.count(100)), .last(.count(200))])
    let look = try experiment([("validation", "last:6000")], overriding: [.init(.limit, "500")])
    #expect(look.variants.map(\.system.settings.validation) == [.last(.count(50))])
  }
}
