import Foundation
import MartletTensors

/// What a finished run leaves for its report besides results; each part is missing in the folders of
/// versions that did not write it.
package struct ReportMaterial: Sendable {
  package var details: RunDetails?
  package var predictions: PredictionRecord?
  package var views: NetworkViews?
  package var robustness: RobustnessRecord?

  package init(
    details: RunDetails? = nil, predictions: PredictionRecord? = nil, views: NetworkViews? = nil,
    robustness: RobustnessRecord? = nil
  ) {
    self.details = details
    self.predictions = predictions
    self.views = views
    self.robustness = robustness
  }
}

extension ReportMaterial {
  /// Writes the parts there are into a run folder, each whole or not at all.
  package func write(to run: String) throws(FileError) {
    if let details {
      // In one line: its lists are long, and nobody edits it.
      try AtomicFile.write(Array(details.json.text.utf8), to: run + "/" + RunFile.details)
    }
    if let predictions { try predictions.file.write(to: run + "/" + RunFile.predictions) }
    if let views { try views.file.write(to: run + "/" + RunFile.views) }
    if let robustness {
      try AtomicFile.write(Array(robustness.json.indentedText.utf8), to: run + "/" + RunFile.robustness)
    }
  }

  /// Removes from a run folder the parts that every training leaves at its end.
  static func remove(from run: String) {
    for name in [RunFile.details, RunFile.predictions, RunFile.views] {
      unlink(run + "/" + name)
    }
  }
}

extension RunRecord {
  /// Reads what the folder holds for a report.
  ///
  /// - Parameter onProblem: Hears of a file that is there and cannot be read; the others are read all the
  ///   same.
  package func material(onProblem: (String) -> Void) -> ReportMaterial {
    func read<Part>(_ name: String, _ part: (String) throws(FileError) -> Part?) -> Part? {
      let path = path + "/" + name
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      do throws(FileError) {
        if let found = try part(path) { return found }
        onProblem("\(path): it is not of the form that Martlet writes; its part of the report is left out")
      } catch {
        onProblem("\(error.description); its part of the report is left out")
      }
      return nil
    }
    return ReportMaterial(
      details: read(RunFile.details) { (path) throws(FileError) in RunDetails(try Self.json(at: path)) },
      predictions: read(RunFile.predictions) { (path) throws(FileError) in
        PredictionRecord(try TensorFile(reading: path, requiringDigest: true))
      },
      views: read(RunFile.views) { (path) throws(FileError) in
        NetworkViews(try TensorFile(reading: path, requiringDigest: true))
      },
      robustness: read(RunFile.robustness) { (path) throws(FileError) in
        RobustnessRecord(try Self.json(at: path))
      })
  }
}
