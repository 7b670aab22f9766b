import MartletNetworks

extension Evaluation: CustomStringConvertible {
  /// Loss and accuracy, then a table with a line for each class and the means below it.
  public var description: String {
    let names = perClass.map(\.name) + ["weighted mean", "macro mean"]
    let width = names.reduce(0) { max($0, $1.count) }
    func line(_ name: String, _ cells: [String]) -> String {
      let padded = cells.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }
      return name + String(repeating: " ", count: width - name.count) + padded.joined()
    }
    func scores(_ numbers: Double..., images: Int) -> [String] {
      numbers.map { TerminalProgress.fixed($0, 4) } + [Summary.grouped(images)]
    }
    let loss = TerminalProgress.fixed(loss, 4)
    var lines = [
      "loss \(loss)  accuracy \(TerminalProgress.fixed(accuracy, 4))  (\(Summary.grouped(count)) images)"
    ]
    lines.append(line("", ["precision", "recall", "F1", "images"]))
    for score in perClass {
      lines.append(
        line(score.name, scores(score.precision, score.recall, score.f1, images: score.support)))
    }
    for (name, mean) in [("weighted mean", weighted), ("macro mean", macro)] {
      lines.append(line(name, scores(mean.precision, mean.recall, mean.f1, images: count)))
    }
    return lines.joined(separator: "\n")
  }
}
