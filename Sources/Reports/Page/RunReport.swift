import Foundation
import MartletRuns
import MartletTensors

/// The page of a run, made of what its folder holds.
package struct RunReport: Sendable {
  package var record: RunRecord
  package var material: ReportMaterial
  /// What the parts of the network do; a page without them has no such section.
  package var explanations: [Explanation]

  package init(record: RunRecord, material: ReportMaterial, explanations: [Explanation] = []) {
    self.record = record
    self.material = material
    self.explanations = explanations
  }

  /// Reads the folder of a run, finished or not.
  ///
  /// - Parameter onProblem: Hears of files that cannot be read and are left out.
  package static func load(_ path: String, onProblem: (String) -> Void) throws(FileError) -> RunReport {
    let record = try RunRecord.load(path)
    return RunReport(record: record, material: record.material(onProblem: onProblem))
  }

  package var page: Page {
    let sections =
      [curves, confusion, pictures, classes, robustness, filters, attention, maps, time, network, parts]
      .compactMap(\.self)
    return Page(
      title: title, kicker: "Martlet · run report", subtitle: subtitle, summary: summary,
      sections: sections + [settings], footer: footer)
  }

  /// Writes the page whole or not at all.
  package func write(to path: String) throws(FileError) {
    try AtomicFile.write(Array(page.html.utf8), to: path)
  }

  /// The folder's own name: where it lies may change.
  var folderName: String { (record.path as NSString).lastPathComponent }

  /// The names of the classes, as far as they are known.
  var classNames: [String] {
    (record.configuration["class_names"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  func className(_ index: Int) -> String {
    classNames.indices.contains(index) ? classNames[index] : "class \(index)"
  }

  private var title: String {
    let model = record.configuration["system"]?.stringValue ?? record.configuration["model"]?.stringValue
    let dataset = record.configuration["dataset"]?.stringValue
    return [model ?? "Run", dataset].compactMap(\.self).joined(separator: " on ")
  }

  private var subtitle: HTML {
    var parts: [String] = []
    if let started = record.environment?.started {
      parts.append(started.replacing("T", with: " ").replacing("Z", with: " UTC"))
    }
    parts.append(folderName)
    if let seed = record.configuration["seed"]?.intValue { parts.append("seed \(seed)") }
    return "\(parts.filter { !$0.isEmpty }.joined(separator: " · "))"
  }

  private var parts: Page.Section? {
    guard !explanations.isEmpty else { return nil }
    return Page.Section(
      id: "parts", title: "What the parts do", label: "Explanations", body: explanations.map(\.html).joined())
  }

  /// What the folder does not hold, so that the reader does not look for it.
  private var footer: HTML {
    var missing: [String] = []
    if record.result != nil {
      if material.predictions == nil { missing.append("images (no predictions.safetensors)") }
      if material.views == nil { missing.append("views into the network (no views.safetensors)") }
      if material.details == nil { missing.append("the network's drawing and times (no details.json)") }
    }
    let left: HTML =
      missing.isEmpty
      ? "" : "<p>Left out, because the run folder does not hold it: \(missing.joined(separator: ", ")).</p>"
    let version = record.environment.map { "Trained with Martlet \($0.martletVersion), " } ?? ""
    return "\(left)<p>\(version)page by Martlet \(martletVersion). This file needs no network.</p>"
  }
}
