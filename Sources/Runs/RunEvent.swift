import MartletTensors

/// A line of a run's event log and of the command's machine output.
package enum RunEvent: Equatable, Sendable {
  case epoch(EpochEvent)
  case result(ResultEvent)

  /// The event as one JSON object.
  package var json: JSON {
    switch self {
    case .epoch(let event): event.json
    case .result(let event): event.json
    }
  }

  /// Reads an event, nil where the object is none of those known here.
  package init?(_ json: JSON) {
    switch json["event"]?.stringValue {
    case "epoch":
      guard let event = EpochEvent(json) else { return nil }
      self = .epoch(event)
    case "result":
      guard let event = ResultEvent(json) else { return nil }
      self = .result(event)
    default: return nil
    }
  }
}

/// What one pass over the training data gave.
package struct EpochEvent: Equatable, Sendable {
  /// Counted from 1.
  package var epoch: Int
  package var loss: Double
  package var accuracy: Double?
  package var validationLoss: Double?
  package var validationAccuracy: Double?
  package var learningRate: Double
  package var seconds: Double
  /// The loss of the epoch's last step.
  package var lastLoss: Double?
  /// Figures of the user's choice by name.
  package var metrics: [String: Double]

  package init(
    epoch: Int, loss: Double, accuracy: Double? = nil, validationLoss: Double? = nil,
    validationAccuracy: Double? = nil, learningRate: Double, seconds: Double, lastLoss: Double? = nil,
    metrics: [String: Double] = [:]
  ) {
    self.epoch = epoch
    self.loss = loss
    self.accuracy = accuracy
    self.validationLoss = validationLoss
    self.validationAccuracy = validationAccuracy
    self.learningRate = learningRate
    self.seconds = seconds
    self.lastLoss = lastLoss
    self.metrics = metrics
  }

  package var json: JSON {
    // Only where there are some, so that the line of a plain training stays as it is.
    let figures = metrics.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .number($0.value)) }
    let last = lastLoss.map { [JSON.Member("last_loss", .number($0))] } ?? []
    return .object(
      (plainJSON.members ?? []) + last + (figures.isEmpty ? [] : [JSON.Member("metrics", .object(figures))]))
  }

  private var plainJSON: JSON {
    [
      "event": "epoch",
      "epoch": .integer(epoch),
      "loss": .number(loss),
      "accuracy": .optional(accuracy),
      "validation_loss": .optional(validationLoss),
      "validation_accuracy": .optional(validationAccuracy),
      "learning_rate": .number(learningRate),
      "seconds": .number(seconds),
    ]
  }

  package init?(_ json: JSON) {
    guard let epoch = json["epoch"]?.intValue else { return nil }
    self.init(
      epoch: epoch,
      // A loss that is not finite is written as null.
      loss: json["loss"]?.doubleValue ?? .nan,
      accuracy: json["accuracy"]?.doubleValue,
      validationLoss: json["validation_loss"]?.doubleValue,
      validationAccuracy: json["validation_accuracy"]?.doubleValue,
      learningRate: json["learning_rate"]?.doubleValue ?? .nan,
      seconds: json["seconds"]?.doubleValue ?? .nan,
      lastLoss: json["last_loss"]?.doubleValue,
      metrics: Dictionary(
        (json["metrics"]?.members ?? []).map { ($0.key, $0.value.doubleValue ?? .nan) },
        uniquingKeysWith: { first, _ in first }))
  }
}

extension JSON {
  /// The number, or null where there is none.
  static func optional(_ value: Double?) -> JSON { value.map(JSON.number) ?? .null }
  /// The number, or null where there is none.
  static func optional(_ value: Int?) -> JSON { value.map(JSON.integer) ?? .null }
  /// The text, or null where there is none.
  static func optional(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
}
