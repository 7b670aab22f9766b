extension Callback {
  /// Writes a table with a line for each epoch; a resumed training adds to it.
  ///
  /// Columns: epoch, loss, accuracy, then those of the validation where there is one, learning rate,
  /// seconds, metrics. On resuming, lines after the checkpoint are dropped and missing ones added, so that
  /// each epoch has one line. A training that begins anew begins the file anew.
  public static func csv(_ path: String) -> Callback {
    Callback(name: CSVLog.name) { CSVLog(GrowingFile(path: path)) }
  }
}

/// Writes the table of the epochs.
final class CSVLog: PreparedHandler {
  static let name = "csv"
  private let file: GrowingFile
  private var columns: [(name: String, value: (EpochRecord) -> String)] = []

  init(_ file: GrowingFile) { self.file = file }

  func prepare(_ context: CallbackContext) throws(TrainingError) {
    let validation: [Monitor] = context.hasValidation ? [.validationLoss, .validationAccuracy] : []
    func column(_ monitor: Monitor) -> (name: String, value: (EpochRecord) -> String) {
      (Self.quoted(monitor.name), { record in record.value(of: monitor).map { "\($0)" } ?? "" })
    }
    columns = [("epoch", { "\($0.epoch)" })]
    columns += ([.loss, .accuracy] + validation).map(column)
    columns += [("learning_rate", { "\($0.learningRate)" }), ("seconds", { "\($0.seconds)" })]
    columns += context.metricNames.map { column(.metric($0)) }
  }

  func trainingBegan(_ plan: TrainingPlan, _ control: TrainingControl) throws {
    let header = columns.map(\.name).joined(separator: ",")
    var lines = [header]
    // Lines that stand already stay as they are; the history of a second `fit` does not know them.
    let old = plan.firstEpoch > 1 ? file.contents.map { String(decoding: $0, as: UTF8.self) } ?? "" : ""
    let oldLines = old.split(separator: "\n")
    var known: [Int: String] = [:]
    for record in control.epochs { known[record.epoch] = line(record) }
    if oldLines.first.map({ $0 == header }) ?? false {
      for line in oldLines.dropFirst() {
        if let epoch = line.split(separator: ",").first.flatMap({ Int($0) }) { known[epoch] = String(line) }
      }
    }
    lines += known.filter { $0.key < plan.firstEpoch }.sorted { $0.key < $1.key }.map(\.value)
    try file.begin(Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  func epochEnded(_ record: EpochRecord, _ control: TrainingControl) throws {
    file.append(Array((line(record) + "\n").utf8), control)
  }

  private func line(_ record: EpochRecord) -> String {
    columns.map { $0.value(record) }.joined(separator: ",")
  }

  /// A cell as RFC 4180 wants it where it holds a comma, a quote or a line's end.
  private static func quoted(_ cell: String) -> String {
    guard cell.contains(where: { ",\"\r\n".contains($0) }) else { return cell }
    let parts = cell.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + parts.joined(separator: "\"\"") + "\""
  }
}
