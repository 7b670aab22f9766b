extension Evaluation {
  /// The table that scikit-learn's `classification_report` prints: precision, recall, F1 and images of each
  /// class, then accuracy and means.
  ///
  /// - Parameter digits: The decimals of the scores.
  public func classificationReport(digits: Int = 2) -> String {
    let width = (perClass.map(\.name) + ["weighted avg"]).reduce(0) { max($0, $1.count) }
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func line(_ name: String, _ cells: [String]) -> String {
      right(name, width) + " " + cells.map { " " + right($0, 9) }.joined()
    }
    func scores(_ precision: Double, _ recall: Double, _ f1: Double, _ images: Int) -> [String] {
      [precision, recall, f1].map { TerminalProgress.fixed($0, max(digits, 0)) } + ["\(images)"]
    }
    let head = line("", ["precision", "recall", "f1-score", "support"])
    let classes = perClass.map { line($0.name, scores($0.precision, $0.recall, $0.f1, $0.support)) }
    var accuracyCells = scores(0, 0, accuracy, count)
    accuracyCells.replaceSubrange(0..<2, with: ["", ""])
    let means = [("macro avg", macro), ("weighted avg", weighted)].map { name, mean in
      line(name, scores(mean.precision, mean.recall, mean.f1, count))
    }
    let lines = [head, ""] + classes + ["", line("accuracy", accuracyCells)] + means
    return lines.joined(separator: "\n") + "\n"
  }
}
