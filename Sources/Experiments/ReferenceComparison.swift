import Foundation
import MartletReports
import MartletRuns

/// A system's figures beside those published and those of a peer.
package struct ReferenceComparison {
  package let system: TrainingSystem
  /// The results of one or several seeds.
  package let results: [ResultEvent]
  /// The loss of each run's last epoch, penalties included.
  private let lastLosses: [Double]

  /// - Parameter system: As it was trained, with what options changed.
  package init(_ system: TrainingSystem, _ results: [ResultEvent], lastLosses: [Double] = []) {
    self.system = system
    self.results = results
    self.lastLosses = lastLosses
  }

  private var reference: ReferenceFigures { system.reference }

  /// Our test accuracies.
  package var testAccuracies: Sample { Sample(results.compactMap(\.testAccuracy)) }

  /// Whether the accuracy that must be reached is, in the mean; nil where none must.
  package var reachesFloor: Bool? {
    reference.floor.map { testAccuracies.count > 0 && testAccuracies.mean >= $0 }
  }

  /// The figures in rows: ours, published, the peer's.
  package var table: Table {
    let peerName = reference.peer?.name ?? "Peer"
    var table = Table([
      .init("Figure"), .init("Ours", isNumeric: true), .init("Published", isNumeric: true),
      .init(peerName, isNumeric: true),
    ])
    table.append([
      "Test accuracy", Self.percent(testAccuracies),
      reference.testAccuracies.isEmpty
        ? "-" : reference.testAccuracies.map { Self.percent($0) }.joined(separator: ", "),
      reference.peer.map { Self.percent(Sample($0.testAccuracies)) } ?? "-",
    ])
    table.append(["Test loss", Self.number(results.map(\.testLoss)), Self.number(reference.testLoss), "-"])
    table.append([
      "Training accuracy", Self.percent(Sample(results.compactMap(\.trainAccuracy))),
      Self.percent(reference.trainAccuracy), "-",
    ])
    table.append([
      "Training loss", Self.number(results.map(\.trainLoss)), Self.number(reference.trainLoss), "-",
    ])
    table.append([
      "Epochs", results.compactMap(\.epochs).map { "\($0)" }.joined(separator: ", "), "-", "-",
    ])
    return table
  }

  /// What follows from the figures, in sentences.
  package var conclusions: [String] {
    var lines: [String] = []
    if let floor = reference.floor, let reached = reachesFloor {
      lines.append(
        "The test accuracy \(reached ? "reaches" : "misses") the \(Self.percent(floor)) that must be reached."
      )
    }
    if let peer = reference.peer {
      lines.append(
        Self.verdict(testAccuracies, Sample(peer.testAccuracies), name: peer.name, what: "test accuracy"))
    }
    if let stopLoss = system.settings.stopLoss { lines.append(approach(to: stopLoss)) }
    if let note = reference.note { lines.append("Note: \(note).") }
    return lines
  }

  /// Whether the loss that ends the training was reached, and what was where it was not.
  private func approach(to stopLoss: Double) -> String {
    let missed = results.count { $0.stopReason != "threshold" }
    let epochs = system.settings.epochs
    let span = "within \(epochs) epoch\(epochs == 1 ? "" : "s")"
    guard missed > 0 else { return "A loss of \(stopLoss) was reached \(span)." }
    let runs = results.count == 1 ? "" : " in \(missed) of \(results.count) runs"
    let losses = lastLosses.map { Self.number($0) }.joined(separator: ", ")
    let end =
      lastLosses.isEmpty
      ? "" : "; the last epoch\(lastLosses.count == 1 ? "'s loss was" : "s' losses were") \(losses)"
    return "A loss of \(stopLoss) was not reached\(runs) \(span)\(end)."
  }

  /// The published curves with ours beside them, for the first seed; nil where none was published.
  package func curves(_ epochs: [EpochEvent]) -> Table? {
    let known: [(key: String, title: String, isShare: Bool, value: (EpochEvent) -> Double?)] = [
      ("loss", "Loss", false, { $0.loss }), ("last_loss", "Last step's loss", false, { $0.lastLoss }),
      ("accuracy", "Accuracy", true, { $0.accuracy }),
      ("validation_loss", "Val. loss", false, { $0.validationLoss }),
      ("validation_accuracy", "Val. accuracy", true, { $0.validationAccuracy }),
    ]
    let shown = known.filter { reference.curves[$0.key] != nil }
    guard !shown.isEmpty else { return nil }
    var table = Table(
      [.init("Epoch", isNumeric: true)]
        + shown.flatMap { [.init($0.title, isNumeric: true), .init("published", isNumeric: true)] })
    for epoch in epochs {
      let cells = shown.flatMap { entry -> [String] in
        let published = reference.curves[entry.key] ?? []
        let theirs = epoch.epoch <= published.count ? published[epoch.epoch - 1] : nil
        return [entry.value(epoch), theirs].map { entry.isShare ? Self.percent($0) : Self.number($0) }
      }
      table.append(["\(epoch.epoch)"] + cells)
    }
    return table
  }

  /// Whether two samples differ, as a sentence.
  static func verdict(_ ours: Sample, _ theirs: Sample, name: String, what: String) -> String {
    let gap = ours.count > 0 && theirs.count > 0 ? ours.mean - theirs.mean : .nan
    guard let interval = ours.difference(from: theirs) else {
      let note =
        min(ours.count, theirs.count) > 1
        ? "the runs are alike, which shows no noise" : "one run shows no noise, give --seeds 3"
      return "Our \(what) is \(points(gap)) from \(name)'s; \(note)."
    }
    let range = "[\(points(interval.lowerBound)), \(points(interval.upperBound))]"
    if interval.contains(0) {
      return "No difference from \(name)'s \(what) is shown: \(points(gap)) \(range) at 95 %."
    }
    return "Our \(what) differs from \(name)'s by \(points(gap)) \(range) at 95 %."
  }

  private static func points(_ share: Double) -> String { String(format: "%+.2f points", share * 100) }

  private static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.2f%%", $0 * 100) } ?? "-"
  }

  private static func percent(_ sample: Sample) -> String {
    guard sample.count > 0 else { return "-" }
    guard let deviation = sample.deviation else { return percent(sample.mean) }
    return String(format: "%.2f%% ± %.2f (%d)", sample.mean * 100, deviation * 100, sample.count)
  }

  private static func number(_ value: Double?) -> String {
    value.map { String(format: "%.4f", $0) } ?? "-"
  }

  private static func number(_ values: [Double?]) -> String {
    let sample = Sample(values.compactMap(\.self))
    return sample.count > 0 ? number(sample.mean) : "-"
  }
}
