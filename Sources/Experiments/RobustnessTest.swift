import Foundation
import MartletDatasets
import MartletRuns
import MartletTensors
import MartletTraining

/// Classifies changed test images with one or several networks.
package struct RobustnessTest {
  /// A network with its weights, and the name of its run.
  package struct Subject {
    package let run: String
    package let configuration: RunConfiguration
    package let trainer: Trainer
    /// The accuracy on its training images, where it was measured.
    package let trainAccuracy: Double?

    package init(
      run: String, configuration: RunConfiguration, trainer: Trainer, trainAccuracy: Double?
    ) {
      self.run = run
      self.configuration = configuration
      self.trainer = trainer
      self.trainAccuracy = trainAccuracy
    }
  }

  package let images: ImageDataset
  package var seed: UInt64
  package var threads: Int
  /// Hears which change comes next.
  package var progress: (String) -> Void = { _ in }

  package init(images: ImageDataset, seed: UInt64, threads: Int) {
    self.images = images
    self.seed = seed
    self.threads = threads
  }

  /// Measures all subjects on the same changed images.
  package func measure(_ subjects: [Subject]) throws -> [RobustnessMeasurement] {
    let clean = try subjects.map { try isRight($0, images) }
    var rows = subjects.map { _ in [RobustnessMeasurement.Row]() }
    for change in ImageChange.allCases {
      progress(change.title)
      for strength in change.strengths {
        let changed = try images.changed(change, strength: strength, seed: seed, threads: threads)
        for (place, subject) in subjects.enumerated() {
          rows[place].append(
            .init(change: change, strength: strength, isRight: try isRight(subject, changed)))
        }
      }
    }
    let names = RobustnessMeasurement.names(ofRuns: subjects.map(\.run))
    return subjects.indices.map {
      RobustnessMeasurement(
        run: subjects[$0].run, name: names[$0], configuration: subjects[$0].configuration.json, seed: seed,
        trainAccuracy: subjects[$0].trainAccuracy, clean: clean[$0], rows: rows[$0])
    }
  }

  /// Whether each image was classified rightly.
  private func isRight(_ subject: Subject, _ images: ImageDataset) throws -> [Bool] {
    zip(try subject.trainer.evaluate(images).predictions, images.labels).map { $0 == Int($1) }
  }
}

/// What a network makes of changed test images, image by image.
package struct RobustnessMeasurement: Sendable {
  /// A change at one strength.
  package struct Row: Sendable {
    package let change: ImageChange
    package let strength: Double
    /// Whether each image was classified rightly.
    package let isRight: [Bool]

    package init(change: ImageChange, strength: Double, isRight: [Bool]) {
      self.change = change
      self.strength = strength
      self.isRight = isRight
    }

    package var accuracy: Double { isRight.share }
  }

  /// The path of the run folder.
  package let run: String
  /// What it is called among those measured with it.
  package let name: String
  package let configuration: JSON
  /// What decided the changes.
  package let seed: UInt64
  /// The accuracy on the training images, where it was measured.
  package let trainAccuracy: Double?
  /// Whether each unchanged image was classified rightly.
  package let clean: [Bool]
  package let rows: [Row]

  package init(
    run: String, name: String, configuration: JSON, seed: UInt64, trainAccuracy: Double?, clean: [Bool],
    rows: [Row]
  ) {
    self.run = run
    self.name = name
    self.configuration = configuration
    self.seed = seed
    self.trainAccuracy = trainAccuracy
    self.clean = clean
    self.rows = rows
  }

  /// Names of runs: those of their folders, with the folder above where that leaves two alike, or the whole path.
  package static func names(ofRuns runs: [String]) -> [String] {
    let parts = runs.map { URL(fileURLWithPath: $0).pathComponents }
    return runs.indices.map { place in
      let name = (1...2).lazy.map { length in parts.map { $0.suffix(length) } }
        .first { tails in tails.count { $0 == tails[place] } == 1 }
      return name?[place].joined(separator: "/") ?? runs[place]
    }
  }

  /// The rows of a change, rising in strength.
  package func rows(_ change: ImageChange) -> [Row] { rows.filter { $0.change == change } }

  /// The mean accuracy over the strengths of a change.
  package func meanAccuracy(_ change: ImageChange) -> Double { Sample(rows(change).map(\.accuracy)).mean }

  /// Training accuracy minus test accuracy, in shares of 1.
  package var gap: Double? { trainAccuracy.map { $0 - clean.share } }

  /// What `robustness.json` holds.
  package var record: RobustnessRecord {
    RobustnessRecord(
      accuracy: clean.share, images: clean.count,
      rows: rows.map {
        .init(
          change: $0.change.title, strength: $0.strength, unit: $0.change.unit, accuracy: $0.accuracy)
      })
  }

  /// The record with what else is known, as written into the run folder.
  package var json: JSON {
    .object(
      (record.json.members ?? []) + [
        .init("training_accuracy", trainAccuracy.map(JSON.number) ?? .null),
        .init("gap", gap.map(JSON.number) ?? .null),
        .init("seed", .integer(Int(seed))),
      ])
  }
}

extension [Bool] {
  /// The part that is true.
  fileprivate var share: Double { Double(count { $0 }) / Double(count) }
}
