import ArgumentParser
import MartletExperiments
import MartletReports
import MartletTensors

/// `martlet systems`: what can be reproduced.
struct SystemsCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "systems",
    abstract: "List the systems with their settings and reference figures.",
    discussion: """
      The reference is the test accuracy that the system's publication prints; the floor is what must be \
      reached where it prints none.

      EXAMPLES
        martlet systems
        martlet systems --json
        martlet reproduce conv5x5-mnist
      """)

  @OptionGroup var common: CommonOptions

  func perform() throws {
    if common.json {
      for system in TrainingSystem.all { Output.json(system.json) }
      return Output.json(["event": "result", "systems": .integer(TrainingSystem.all.count)])
    }
    var table = Table([
      .init("Id"), .init("Data set"), .init("Epochs", isNumeric: true), .init("Batch", isNumeric: true),
      .init("Reference", isNumeric: true), .init("Floor", isNumeric: true), .init("What it is"),
    ])
    for system in TrainingSystem.all {
      let reference = system.reference
      table.append([
        system.id ?? "", system.dataset, "\(system.settings.epochs)", "\(system.settings.batchSize)",
        reference.testAccuracies.isEmpty
          ? "-" : reference.testAccuracies.map { Table.percent($0) }.joined(separator: ", "),
        Table.percent(reference.floor), system.title,
      ])
    }
    Output.write(table.text)
  }
}

extension TrainingSystem {
  fileprivate var json: JSON {
    [
      "event": "system", "id": id.map(JSON.string) ?? .null, "title": .string(title), "model": .string(model),
      "dataset": .string(dataset), "epochs": .integer(settings.epochs),
      "batch_size": .integer(settings.batchSize),
      "reference_test_accuracy": .array(reference.testAccuracies.map(JSON.number)),
      "floor": reference.floor.map(JSON.number) ?? .null,
    ]
  }
}
