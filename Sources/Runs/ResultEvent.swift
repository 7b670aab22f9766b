import MartletTensors

/// The last line of a run: what it reached and what it cost.
///
/// What was not measured is nil.
package struct ResultEvent: Equatable, Sendable {
  /// The scores of one class.
  package struct ClassScore: Equatable, Sendable {
    package var name: String
    package var precision: Double
    package var recall: Double
    package var f1: Double
    /// The number of images of the class.
    package var support: Int

    package init(name: String, precision: Double, recall: Double, f1: Double, support: Int) {
      self.name = name
      self.precision = precision
      self.recall = recall
      self.f1 = f1
      self.support = support
    }
  }

  /// The path of the run folder.
  package var run: String?
  package var testAccuracy: Double?
  package var testLoss: Double?
  package var trainAccuracy: Double?
  package var trainLoss: Double?
  /// Precision, recall and F1 are means over the classes, weighted by their images.
  package var precision: Double?
  package var recall: Double?
  package var f1: Double?
  package var perClass: [ClassScore]?
  /// Images by true class (row) and predicted class (column).
  package var confusion: [[Int]]?
  package var stopReason: String?
  package var epochs: Int?
  package var secondsPerEpoch: Double?
  package var millisecondsPerStep: Double?
  package var secondsToFirstStep: Double?
  package var peakMemoryBytes: Int?
  package var datasetBytes: Int?
  package var arenaBytes: Int?
  package var weightsSHA256: String?
  package var seed: Int?
  package var threads: Int?

  package init() {}

  /// The greatest resident memory in megabytes of 1,048,576 bytes.
  package var peakMegabytes: Double? { Self.megabytes(peakMemoryBytes) }
  /// The memory planned for the network's values, in the same unit.
  package var arenaMegabytes: Double? { Self.megabytes(arenaBytes) }

  private static func megabytes(_ bytes: Int?) -> Double? { bytes.map { Double($0) / 1_048_576 } }

  package var json: JSON {
    [
      "event": "result",
      "run": .optional(run),
      "test_accuracy": .optional(testAccuracy),
      "test_loss": .optional(testLoss),
      "train_accuracy": .optional(trainAccuracy),
      "train_loss": .optional(trainLoss),
      "precision": .optional(precision),
      "recall": .optional(recall),
      "f1": .optional(f1),
      "per_class": perClass.map { .array($0.map(\.json)) } ?? .null,
      "confusion": confusion.map { .array($0.map { .array($0.map(JSON.integer)) }) } ?? .null,
      "stop_reason": .optional(stopReason),
      "epochs": .optional(epochs),
      "seconds_per_epoch": .optional(secondsPerEpoch),
      "milliseconds_per_step": .optional(millisecondsPerStep),
      "seconds_to_first_step": .optional(secondsToFirstStep),
      "peak_memory_bytes": .optional(peakMemoryBytes),
      "dataset_bytes": .optional(datasetBytes),
      "arena_bytes": .optional(arenaBytes),
      "weights_sha256": .optional(weightsSHA256),
      "seed": .optional(seed),
      "threads": .optional(threads),
    ]
  }

  package init?(_ json: JSON) {
    guard json["event"] == "result" else { return nil }
    run = json["run"]?.stringValue
    testAccuracy = json["test_accuracy"]?.doubleValue
    testLoss = json["test_loss"]?.doubleValue
    trainAccuracy = json["train_accuracy"]?.doubleValue
    trainLoss = json["train_loss"]?.doubleValue
    precision = json["precision"]?.doubleValue
    recall = json["recall"]?.doubleValue
    f1 = json["f1"]?.doubleValue
    perClass = json["per_class"]?.arrayValue?.compactMap { ClassScore($0) }
    confusion = json["confusion"]?.arrayValue?.map { ($0.arrayValue ?? []).compactMap(\.intValue) }
    stopReason = json["stop_reason"]?.stringValue
    epochs = json["epochs"]?.intValue
    secondsPerEpoch = json["seconds_per_epoch"]?.doubleValue
    millisecondsPerStep = json["milliseconds_per_step"]?.doubleValue
    secondsToFirstStep = json["seconds_to_first_step"]?.doubleValue
    peakMemoryBytes = json["peak_memory_bytes"]?.intValue
    datasetBytes = json["dataset_bytes"]?.intValue
    arenaBytes = json["arena_bytes"]?.intValue
    weightsSHA256 = json["weights_sha256"]?.stringValue
    seed = json["seed"]?.intValue
    threads = json["threads"]?.intValue
  }
}

extension ResultEvent.ClassScore {
  var json: JSON {
    [
      "name": .string(name),
      "precision": .number(precision),
      "recall": .number(recall),
      "f1": .number(f1),
      "support": .integer(support),
    ]
  }

  init?(_ json: JSON) {
    guard let name = json["name"]?.stringValue, let support = json["support"]?.intValue else { return nil }
    self.init(
      name: name,
      precision: json["precision"]?.doubleValue ?? .nan,
      recall: json["recall"]?.doubleValue ?? .nan,
      f1: json["f1"]?.doubleValue ?? .nan,
      support: support)
  }
}
