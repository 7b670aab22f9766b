import Foundation
import MartletReports
import MartletRuns

extension ResultEvent {
  /// The scores as lines: test, training, and a row for each class where they are few.
  var scoreText: String {
    func line(_ name: String, _ accuracy: Double?, _ loss: Double?) -> String {
      "\(name) accuracy \(Table.percent(accuracy))  loss \(loss.map { String(format: "%.4f", $0) } ?? "-")"
    }
    var lines = [line("Test:    ", testAccuracy, testLoss)]
    if trainAccuracy != nil { lines.append(line("Training:", trainAccuracy, trainLoss)) }
    lines.append(
      "Weighted: precision \(Table.percent(precision))  recall \(Table.percent(recall))  F1 \(Table.percent(f1))"
    )
    if let perClass, perClass.count <= 20 {
      var table = Table([
        .init("Class"), .init("Precision", isNumeric: true), .init("Recall", isNumeric: true),
        .init("F1", isNumeric: true), .init("Images", isNumeric: true),
      ])
      for score in perClass {
        table.append([
          score.name, Table.percent(score.precision), Table.percent(score.recall), Table.percent(score.f1),
          Table.grouped(score.support),
        ])
      }
      lines += ["", table.text]
    }
    return lines.joined(separator: "\n")
  }

  /// The cost of the training in a line; empty where nothing was trained.
  var costText: String {
    var parts: [String] = []
    if let millisecondsPerStep {
      parts.append(String(format: "%.2f ms a step (median)", millisecondsPerStep))
    }
    if let secondsToFirstStep { parts.append(String(format: "first step after %.2f s", secondsToFirstStep)) }
    if let peakMemoryBytes { parts.append("peak memory \(megabytes(peakMemoryBytes))") }
    return parts.joined(separator: ", ")
  }
}

/// Bytes as megabytes with one decimal.
func megabytes(_ bytes: Int) -> String { String(format: "%.1f MB", Double(bytes) / 1_048_576) }
